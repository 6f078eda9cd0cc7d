-- Everybody whom a channel has written to, who asked it to, or who asked it not to.
CREATE TABLE recipients (
    channel       TEXT    NOT NULL,
    address       TEXT    NOT NULL, -- lower case
    name          TEXT,
    token         TEXT    NOT NULL UNIQUE, -- in unsubscribe links and bounce addresses
    listed        INTEGER NOT NULL, -- 1: on the channel's own list
    standing      TEXT    NOT NULL, -- active, unsubscribed, bounced, complained
    reason        TEXT,
    soft_bounces  INTEGER NOT NULL, -- days in soft_bounces that count
    since         INTEGER NOT NULL,
    PRIMARY KEY (channel, address)
) STRICT, WITHOUT ROWID;

CREATE INDEX recipients_address ON recipients (address);

-- Keys that only the store knows.
CREATE TABLE keys (
    name          TEXT PRIMARY KEY,
    secret        BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- Jobs with an audience. Once it is complete, nobody is added any more.
CREATE TABLE mailings (
    channel       TEXT    NOT NULL,
    job_key       TEXT    NOT NULL,
    complete_at   INTEGER NOT NULL,
    PRIMARY KEY (channel, job_key)
) STRICT, WITHOUT ROWID;

-- A copy is now a row from the moment its recipient is on the job's list: open, begun, sent, refused, left_out.
ALTER TABLE copies ADD COLUMN due   INTEGER NOT NULL DEFAULT 0; -- open: not before
ALTER TABLE copies ADD COLUMN since INTEGER;                    -- open: of its first try
ALTER TABLE copies ADD COLUMN at    INTEGER NOT NULL DEFAULT 0; -- of the last change

CREATE INDEX copies_open ON copies (channel, job_key, recipient) WHERE state = 'open';
CREATE INDEX copies_recent ON copies (channel, at) WHERE state IN ('begun', 'sent');
CREATE INDEX copies_of ON copies (recipient);

-- Days on which a recipient's mailbox put a letter off for good: one row a day, however many letters there were, and
-- none for a bounce that was counted before.
CREATE TABLE soft_bounces (
    channel       TEXT    NOT NULL,
    address       TEXT    NOT NULL,
    day           INTEGER NOT NULL, -- since 1970, UTC
    message       TEXT    NOT NULL, -- SHA-256 of the bounce
    at            INTEGER NOT NULL,
    PRIMARY KEY (channel, address, day)
) STRICT, WITHOUT ROWID;
