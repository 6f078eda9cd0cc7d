-- A mailing knows which article it is about, from the first of its copies on: a copy is one row and stands in one index beside
-- its key, that of when it left.
CREATE TABLE mailings_of (
    channel       TEXT    NOT NULL,
    job_key       TEXT    NOT NULL,
    article_id    INTEGER,          -- the one article, for a job that is not an edition
    complete_at   INTEGER,          -- since when nobody is added any more
    PRIMARY KEY (channel, job_key)
) STRICT, WITHOUT ROWID;

INSERT INTO mailings_of (channel, job_key, article_id) SELECT channel, job_key, max(article_id) FROM copies GROUP BY channel, job_key;
INSERT INTO mailings_of (channel, job_key, complete_at) SELECT channel, job_key, complete_at FROM mailings WHERE true
    ON CONFLICT (channel, job_key) DO UPDATE SET complete_at = excluded.complete_at;
DROP TABLE mailings;
ALTER TABLE mailings_of RENAME TO mailings;
CREATE INDEX mailings_article ON mailings (channel, article_id) WHERE article_id IS NOT NULL;

DROP INDEX copies_holders;
DROP INDEX copies_open;
DROP INDEX copies_of;
ALTER TABLE copies DROP COLUMN article_id;
