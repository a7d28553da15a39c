-- Passes that can be revoked, each at a random place in the revocation list. A row outlives its pass by 30 days; then the place
-- may be given to another.
CREATE TABLE passes (
    revocation_index INTEGER NOT NULL PRIMARY KEY,
    account_id       TEXT    NOT NULL,
    issued_at        INTEGER NOT NULL,
    expires_at       INTEGER NOT NULL,
    revoked_at       INTEGER
) STRICT;

CREATE INDEX passes_of_account ON passes (account_id);
CREATE INDEX passes_by_end ON passes (expires_at);
CREATE INDEX passes_revoked ON passes (expires_at) WHERE revoked_at IS NOT NULL;

-- The files that verifiers fetch, each as it was last signed. Their numbers only ever grow, whichever server signs. A source that
-- is not that of what would be signed now says that the file is out of date.
CREATE TABLE signed_files (
    name      TEXT    NOT NULL PRIMARY KEY,
    epoch     INTEGER NOT NULL,
    issued_at INTEGER NOT NULL,
    source    TEXT    NOT NULL,
    content   TEXT    NOT NULL
) STRICT, WITHOUT ROWID;

INSERT INTO signed_files (name, epoch, issued_at, source, content)
VALUES ('revocations', 0, 0, '', ''), ('trust-bundle', 0, 0, '', '');
