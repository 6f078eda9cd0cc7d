-- Feeds that articles come in by, as config.toml names them.
CREATE TABLE feeds (
    name          TEXT   COLLATE "C" PRIMARY KEY,
    url           TEXT   NOT NULL, -- as config.toml gives it
    turn          BIGINT NOT NULL, -- counts polls: whoever has the last one may write
    busy_until    BIGINT NOT NULL, -- nobody else polls before then
    due           BIGINT NOT NULL,
    again         BIGINT NOT NULL, -- 1: asked for while it was polled
    primed        BIGINT NOT NULL, -- 1: what stood in it at first is known
    polled_at     BIGINT,
    succeeded_at  BIGINT,
    failures      BIGINT NOT NULL, -- in a row
    stopped       BIGINT NOT NULL, -- 1: gone for good, as its server says
    note          TEXT,             -- Text: what is wrong
    moved_to      TEXT,
    asked_url     TEXT,             -- whose etag and modified they are
    etag          TEXT,
    modified      TEXT,
    hub           TEXT,
    topic         TEXT,
    callback      TEXT   UNIQUE,   -- the last part of our address
    secret        TEXT,
    asked_at      BIGINT,          -- the hub has been asked and has to ask back
    subscribed_until BIGINT
);

-- Every entry that was ever seen in a feed, so that none comes in twice and none that was left comes in unasked.
CREATE TABLE feed_entries (
    feed          TEXT   COLLATE "C" NOT NULL,
    entry         TEXT   COLLATE "C" NOT NULL, -- the article's external id
    title         TEXT   NOT NULL,
    state         TEXT   NOT NULL, -- left, open, taken, refused
    content       TEXT,             -- SHA-256 of what the feed said when it was taken or refused
    published     BIGINT,          -- as the feed said first
    turn          BIGINT NOT NULL, -- of the last poll that saw it
    place         BIGINT NOT NULL, -- there, from the newest
    since         BIGINT NOT NULL,
    note          TEXT,             -- Text: why it was refused
    PRIMARY KEY (feed, entry)
);
