-- Times are seconds since 1970. Usernames are case-sensitive.
CREATE TABLE accounts (
    id            TEXT    NOT NULL PRIMARY KEY,
    username      TEXT    NOT NULL UNIQUE,
    password_hash TEXT    NOT NULL,
    display_name  TEXT    NOT NULL,
    bio           TEXT,
    pronouns      TEXT,
    role          TEXT,
    company       TEXT,
    avatar_url    TEXT,
    accent_color  TEXT    NOT NULL,
    created_at    BIGINT   NOT NULL
);

CREATE TABLE links (
    id            TEXT    NOT NULL PRIMARY KEY,
    account_id    TEXT    NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    platform      TEXT    NOT NULL,
    username      TEXT    NOT NULL,
    url           TEXT,
    display_order BIGINT   NOT NULL
);

CREATE INDEX links_of_account ON links (account_id, display_order);

-- The token itself is never stored, only its SHA-256.
CREATE TABLE sessions (
    token_hash    TEXT    NOT NULL PRIMARY KEY,
    id            TEXT    NOT NULL UNIQUE,
    account_id    TEXT    NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    created_at    BIGINT   NOT NULL,
    expires_at    BIGINT   NOT NULL
);

CREATE INDEX sessions_of_account ON sessions (account_id, created_at);
