-- Who makes QR codes together.
CREATE TABLE tenants (
    id         TEXT    NOT NULL PRIMARY KEY,
    name       TEXT    NOT NULL,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE tenant_members (
    tenant_id  TEXT    NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    account_id TEXT    NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    PRIMARY KEY (tenant_id, account_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX tenants_of_account ON tenant_members (account_id);

-- Codes that can be led elsewhere. Numbered, for pages of them in the order in which they were made.
CREATE TABLE qr_codes (
    number     INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    id         TEXT    NOT NULL UNIQUE,
    tenant_id  TEXT    NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    target_url TEXT    NOT NULL,
    style      TEXT,
    created_at INTEGER NOT NULL
) STRICT;

CREATE INDEX qr_codes_of_tenant ON qr_codes (tenant_id, number);

-- How often each was scanned, in all and on each day (UTC, as 2026-01-31). What Redis says of it comes from here.
CREATE TABLE scan_totals (
    qr_id TEXT    NOT NULL PRIMARY KEY REFERENCES qr_codes (id) ON DELETE CASCADE,
    scans INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE scan_days (
    qr_id TEXT    NOT NULL REFERENCES qr_codes (id) ON DELETE CASCADE,
    day   TEXT    NOT NULL,
    scans INTEGER NOT NULL,
    PRIMARY KEY (qr_id, day)
) STRICT, WITHOUT ROWID;

-- The number of the batch of scans that each process has added last: whoever did not hear the answer asks again, and nothing is
-- added twice. Rows are kept for a week after that.
CREATE TABLE scan_writers (
    id         TEXT    NOT NULL PRIMARY KEY,
    number     INTEGER NOT NULL,
    written_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Codes that were removed: they may be printed somewhere, and lead nobody to another tenant.
CREATE TABLE retired_codes (
    id        TEXT NOT NULL PRIMARY KEY,
    tenant_id TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- What happened to codes, for as long as the settings say. Who gets an event twice knows by its id.
CREATE TABLE qr_events (
    id         TEXT NOT NULL PRIMARY KEY,
    -- Where it stood in Redis; nothing if it did not go that way.
    stream_id  TEXT,
    type       TEXT NOT NULL,
    qr_id      TEXT NOT NULL,
    tenant_id  TEXT NOT NULL,
    at         TEXT NOT NULL,
    user_agent TEXT,
    referer    TEXT
) STRICT, WITHOUT ROWID;

CREATE INDEX qr_events_by_time ON qr_events (at);
