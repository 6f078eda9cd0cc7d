-- What the pages of the ledger ask.
CREATE INDEX decisions_when ON decisions (at, id);
CREATE INDEX decisions_who ON decisions (who, at, id);
CREATE INDEX decisions_channel ON decisions (channel, at, id) WHERE channel IS NOT NULL;

-- Requests of the HTTP API with an Idempotency-Key that change something other than an article, and their answers.
CREATE TABLE requests (
    key           text PRIMARY KEY, -- token name, a space, the client's key
    fingerprint   text    NOT NULL,
    status        bigint,           -- of the answer; empty while it is worked on
    body          text,
    busy_until    bigint  NOT NULL, -- then whoever worked on it is gone
    at            bigint  NOT NULL
);

CREATE INDEX requests_at ON requests (at);
