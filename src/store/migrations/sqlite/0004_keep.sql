-- How long things are kept.

-- When the last thing happened to an article that has come to rest, once its trail is gone; empty while there may be
-- something to do about it.
ALTER TABLE articles ADD COLUMN quiet_since INTEGER;

CREATE INDEX articles_lively ON articles (accepted_at) WHERE quiet_since IS NULL;
CREATE INDEX articles_quiet ON articles (quiet_since) WHERE quiet_since IS NOT NULL;

-- What is left of an article that was forgotten, for ever: handed in again, it must not go out again.
CREATE TABLE forgotten (
    identity      BLOB    PRIMARY KEY, -- the first half of the SHA-256 of its source and external id
    article_id    INTEGER NOT NULL,    -- its number while it was there
    revision      INTEGER NOT NULL,
    content       BLOB    NOT NULL,    -- the first half of its content's hash
    withdrawn     INTEGER NOT NULL     -- 0 or 1
) STRICT, WITHOUT ROWID;

-- Which revisions show a picture.
CREATE TABLE picture_uses (
    article_id    INTEGER NOT NULL,
    revision      INTEGER NOT NULL,
    hash          TEXT    NOT NULL,
    PRIMARY KEY (article_id, revision, hash)
) STRICT, WITHOUT ROWID;

CREATE INDEX picture_uses_hash ON picture_uses (hash);

INSERT INTO picture_uses
SELECT DISTINCT article_id, revision, i.value ->> '$.kept.hash'
FROM revisions, json_each(CASE WHEN json_valid(content) THEN content ELSE '{}' END, '$.images') i
WHERE i.value ->> '$.kept.hash' IS NOT NULL;

CREATE INDEX pictures_fetched ON pictures (fetched_at, hash);
CREATE INDEX attempts_edition ON attempts (channel, edition) WHERE edition IS NOT NULL;
CREATE INDEX request_keys_at ON request_keys (at);
CREATE INDEX decisions_article ON decisions (article_id) WHERE article_id IS NOT NULL;
CREATE INDEX decisions_at ON decisions (at) WHERE article_id IS NULL;

-- Each time the store was put back from a backup. Every channel is paused from then on, also one that comes later, until
-- a person lets it go.
CREATE TABLE restores (
    id            INTEGER PRIMARY KEY,
    at            INTEGER NOT NULL,
    pause         TEXT    NOT NULL     -- Pause
) STRICT;

-- The channels that a person has let go since the last time.
CREATE TABLE let_go (
    channel       TEXT PRIMARY KEY,
    at            INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
