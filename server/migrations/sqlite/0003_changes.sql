-- What has changed, written with each change in one transaction: every server reads it and forgets what it has cached of it. Rows
-- are kept for an hour, the newest always: the numbers never start again.
CREATE TABLE changes (
    id           INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    invalidation TEXT    NOT NULL,
    changed_at   INTEGER NOT NULL
) STRICT;

INSERT INTO changes (invalidation, changed_at) VALUES ('{}', 0);

-- Tells this database's numbers from another's.
CREATE TABLE change_log (
    id TEXT NOT NULL
) STRICT;

INSERT INTO change_log (id) VALUES (lower(hex(randomblob(16))));
