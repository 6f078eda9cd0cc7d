-- What officers are writing, and earlier versions of the files that they change in the console.

CREATE TABLE manuscripts (
    token         TEXT PRIMARY KEY,
    who           TEXT    NOT NULL, -- who wrote it last
    saved_at      INTEGER NOT NULL,
    article_id    INTEGER,          -- the article that it corrects
    base          INTEGER,          -- the revision that was there when the correction was begun
    written       TEXT    NOT NULL, -- Written
    became        INTEGER           -- the article that it became
) STRICT, WITHOUT ROWID;

CREATE INDEX manuscripts_saved ON manuscripts (saved_at);

-- The pictures of manuscripts that were not handed over yet.
CREATE TABLE manuscript_pictures (
    hash          TEXT NOT NULL,
    token         TEXT NOT NULL,
    PRIMARY KEY (hash, token)
) STRICT, WITHOUT ROWID;

CREATE INDEX manuscript_pictures_token ON manuscript_pictures (token);

CREATE TABLE file_versions (
    id            INTEGER PRIMARY KEY,
    file          TEXT    NOT NULL,
    who           TEXT    NOT NULL, -- empty: changed outside the console
    at            INTEGER NOT NULL,
    content       TEXT              -- empty: removed
) STRICT;

CREATE INDEX file_versions_file ON file_versions (file, id);
