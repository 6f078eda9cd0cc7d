-- What officers look for, and what they approve.

-- Who handed this revision over: a person, or a token's name; empty where it was handed over before this was noted.
ALTER TABLE revisions ADD COLUMN author TEXT;

-- What named persons have approved.
CREATE TABLE approvals (
    id            INTEGER PRIMARY KEY,
    delivery_id   INTEGER NOT NULL REFERENCES deliveries (id),
    revision      INTEGER NOT NULL,
    payload_hash  TEXT    NOT NULL,
    who           TEXT    NOT NULL,
    at            INTEGER NOT NULL
) STRICT;

CREATE INDEX approvals_delivery ON approvals (delivery_id);

-- What the newest revision of an article can be found by: its title, names and topics, folded. The row's number is the
-- article's; beginnings of words are asked for.
CREATE VIRTUAL TABLE article_words USING fts5 (
    words, content = '', contentless_delete = 1, detail = none, prefix = '2 3 4 5'
);

-- How far the words of articles from before this are there.
CREATE TABLE words_begun (
    id            INTEGER PRIMARY KEY, -- 1
    upto          INTEGER NOT NULL,    -- the last article that was done
    done          INTEGER NOT NULL     -- 1: all of them
) STRICT;

INSERT INTO words_begun VALUES (1, 0, 0);

-- Every topic that an article was ever under.
CREATE TABLE topics (
    folded        TEXT PRIMARY KEY,
    name          TEXT    NOT NULL     -- as it was first written
) STRICT, WITHOUT ROWID;

CREATE INDEX articles_accepted ON articles (accepted_at);
CREATE INDEX deliveries_sought ON deliveries (state, article_id) WHERE state IN ('held', 'failed', 'uncertain');
