-- Pictures, fetched once at the door and kept by their content.
CREATE TABLE pictures (
    hash          TEXT PRIMARY KEY, -- SHA-256 of the bytes, hexadecimal
    media_type    TEXT    NOT NULL,
    bytes         BLOB    NOT NULL,
    fetched_at    INTEGER NOT NULL
) STRICT;

-- Channels that were told to rest: nothing is leased before then.
CREATE TABLE rests (
    channel       TEXT PRIMARY KEY,
    until         INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
