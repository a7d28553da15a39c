-- What people are shown of their sessions. Who signed in before this has none of it.
ALTER TABLE sessions ADD COLUMN last_activity BIGINT NOT NULL DEFAULT 0;
ALTER TABLE sessions ADD COLUMN ip_address    TEXT;
ALTER TABLE sessions ADD COLUMN user_agent    TEXT;
UPDATE sessions SET last_activity = created_at;
