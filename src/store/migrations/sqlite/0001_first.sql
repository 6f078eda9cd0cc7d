-- Instants are UTC milliseconds. JSON columns hold the serde form of the Rust type named beside them.

CREATE TABLE articles (
    id            INTEGER PRIMARY KEY,
    source        TEXT    NOT NULL,
    external_id   TEXT    NOT NULL,
    revision      INTEGER NOT NULL,
    withdrawn_at  INTEGER,
    accepted_at   INTEGER NOT NULL,
    UNIQUE (source, external_id)
) STRICT;

CREATE INDEX articles_external_id ON articles (external_id);

CREATE TABLE revisions (
    article_id    INTEGER NOT NULL REFERENCES articles (id),
    revision      INTEGER NOT NULL,
    content       TEXT    NOT NULL, -- Article
    content_hash  TEXT    NOT NULL,
    accepted_at   INTEGER NOT NULL,
    PRIMARY KEY (article_id, revision)
) STRICT, WITHOUT ROWID;

CREATE TABLE deliveries (
    id            INTEGER PRIMARY KEY,
    article_id    INTEGER NOT NULL REFERENCES articles (id),
    channel       TEXT    NOT NULL,
    state         TEXT    NOT NULL, -- the name of the state
    due           INTEGER,          -- when something is to be done next without a person
    urgency       INTEGER NOT NULL, -- 0 urgent, 1 normal, 2 low
    edition       INTEGER,          -- the slot it waits for or is sent in
    after_channel TEXT,             -- the channel it waits for
    wanted        TEXT    NOT NULL, -- Wanted
    live          TEXT    NOT NULL, -- Live
    detail        TEXT    NOT NULL, -- State
    plan          TEXT    NOT NULL, -- Plan
    tries         INTEGER NOT NULL,
    attempt       INTEGER NOT NULL,
    version       INTEGER NOT NULL,
    UNIQUE (article_id, channel)
) STRICT;

CREATE INDEX deliveries_due ON deliveries (channel, state, urgency, due) WHERE due IS NOT NULL;
CREATE INDEX deliveries_state ON deliveries (state, channel) WHERE state <> 'settled';

-- One row per (channel, slot): an edition can be opened once and closed once.
CREATE TABLE editions (
    channel       TEXT    NOT NULL,
    slot          INTEGER NOT NULL,
    opened_at     INTEGER NOT NULL,
    closed_at     INTEGER,
    PRIMARY KEY (channel, slot)
) STRICT, WITHOUT ROWID;

-- The ledger of attempts: a row is opened with the lease and closed once.
CREATE TABLE attempts (
    id            INTEGER PRIMARY KEY,
    delivery_id   INTEGER NOT NULL REFERENCES deliveries (id),
    attempt       INTEGER NOT NULL,
    channel       TEXT    NOT NULL,
    errand        TEXT    NOT NULL, -- create, update, withdraw, look_up
    revision      INTEGER,
    edition       INTEGER,
    node          TEXT    NOT NULL,
    started_at    INTEGER NOT NULL,
    finished_at   INTEGER,
    outcome       TEXT,
    note          TEXT,             -- Text
    payload_hash  TEXT,
    remote_id     TEXT,
    url           TEXT,
    UNIQUE (delivery_id, attempt)
) STRICT;

CREATE INDEX attempts_rate ON attempts (channel, started_at);

-- The ledger of decisions: what people and loa decided outside attempts. Append-only.
CREATE TABLE decisions (
    id            INTEGER PRIMARY KEY,
    at            INTEGER NOT NULL,
    who           TEXT    NOT NULL,
    what          TEXT    NOT NULL,
    article_id    INTEGER,
    delivery_id   INTEGER,
    channel       TEXT,
    note          TEXT              -- Text
) STRICT;

CREATE TABLE pauses (
    channel       TEXT PRIMARY KEY,
    pause         TEXT NOT NULL     -- Pause
) STRICT, WITHOUT ROWID;

-- Which recipients of one job have had their copy.
CREATE TABLE copies (
    channel       TEXT    NOT NULL,
    job_key       TEXT    NOT NULL,
    recipient     TEXT    NOT NULL,
    article_id    INTEGER,
    state         TEXT    NOT NULL, -- begun, sent, refused
    note          TEXT,
    PRIMARY KEY (channel, job_key, recipient)
) STRICT, WITHOUT ROWID;

CREATE INDEX copies_holders ON copies (channel, article_id, state);

-- Idempotency-Key requests of the HTTP API that were taken over, kept with what they led to.
CREATE TABLE request_keys (
    key           TEXT PRIMARY KEY, -- token name, a space, the client's key
    fingerprint   TEXT    NOT NULL,
    article_id    INTEGER NOT NULL,
    revision      INTEGER NOT NULL,
    changed       INTEGER NOT NULL, -- 0 or 1
    deliveries    INTEGER NOT NULL,
    at            INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
