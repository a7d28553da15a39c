-- Who follows whom where: a link. Links are written anew when they change, so the row does not hang on the link's.
CREATE TABLE follows (
    follower_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    owner_id    TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    link_id     TEXT NOT NULL,
    PRIMARY KEY (follower_id, link_id)
);

CREATE INDEX follows_of_owner ON follows (owner_id, link_id);
