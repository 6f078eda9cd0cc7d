-- The officers who use the console, and the chain that shows that nobody has changed the ledger of decisions.

CREATE TABLE accounts (
    id            INTEGER PRIMARY KEY,
    name          TEXT    NOT NULL UNIQUE, -- to sign in with, lower case
    display       TEXT    NOT NULL,        -- as people call them, and as the ledger does
    role          TEXT    NOT NULL,        -- viewer, editor, approver, administrator
    password      TEXT    NOT NULL,        -- Argon2id, PHC string
    totp          TEXT,                    -- base32: the secret of the second step
    totp_step     INTEGER NOT NULL,        -- the last code that was used
    language      TEXT,                    -- vi, en; empty: the office's
    created_at    INTEGER NOT NULL,
    disabled_at   INTEGER
) STRICT;

CREATE TABLE sessions (
    hash          TEXT PRIMARY KEY,        -- SHA-256 of the token in the cookie
    account_id    INTEGER NOT NULL REFERENCES accounts (id),
    csrf          TEXT    NOT NULL,        -- what every form of the session carries
    notice        TEXT,                    -- Notice: shown once, on the next page
    created_at    INTEGER NOT NULL,
    seen_at       INTEGER NOT NULL,
    expires_at    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX sessions_account ON sessions (account_id);
CREATE INDEX sessions_expires ON sessions (expires_at);

-- One-time links to make the first administrator.
CREATE TABLE setup (
    hash          TEXT PRIMARY KEY,        -- SHA-256 of the token
    step          TEXT    NOT NULL,        -- link: printed; form: the link was opened
    expires_at    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The chain over the decisions: each seal is over one decision and over the seal before it. It stays when its decision was
-- kept for long enough and is taken away.
ALTER TABLE decisions ADD COLUMN seq INTEGER; -- its place in the chain

CREATE UNIQUE INDEX decisions_seq ON decisions (seq);

CREATE TABLE seals (
    seq           INTEGER PRIMARY KEY,
    digest        TEXT    NOT NULL, -- SHA-256 over the decision
    hash          TEXT    NOT NULL, -- SHA-256 over the hash before and the digest
    gone_at       INTEGER           -- when the decision was taken away
) STRICT;

-- One row, which whoever adds to the chain locks: both of its ends, the first standing for the seals before it, which were
-- taken away.
CREATE TABLE chain (
    id            INTEGER PRIMARY KEY, -- 1
    floor_seq     INTEGER NOT NULL,
    floor_hash    TEXT    NOT NULL,
    head_seq      INTEGER NOT NULL,
    head_hash     TEXT    NOT NULL,
    begun         INTEGER NOT NULL     -- 1: what was there before the chain is in it
) STRICT;

INSERT INTO chain VALUES (1, 0, '', 0, '', 0);

-- What the first page asks for.
CREATE INDEX deliveries_person ON deliveries (state) WHERE state IN ('held', 'uncertain', 'failed');
