-- What the pages of the ledger ask.
CREATE INDEX decisions_when ON decisions (at);
CREATE INDEX decisions_who ON decisions (who, at);
CREATE INDEX decisions_channel ON decisions (channel, at) WHERE channel IS NOT NULL;

-- Requests of the HTTP API with an Idempotency-Key that change something other than an article, and their answers.
CREATE TABLE requests (
    key           TEXT PRIMARY KEY, -- token name, a space, the client's key
    fingerprint   TEXT    NOT NULL,
    status        INTEGER,          -- of the answer; empty while it is worked on
    body          TEXT,
    busy_until    INTEGER NOT NULL, -- then whoever worked on it is gone
    at            INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX requests_at ON requests (at);
