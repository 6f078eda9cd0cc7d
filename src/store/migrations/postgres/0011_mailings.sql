-- A mailing knows which article it is about, from the first of its copies on: a copy is one row and stands in one index beside
-- its key, that of when it left.
ALTER TABLE mailings ADD COLUMN article_id BIGINT; -- the one article, for a job that is not an edition
ALTER TABLE mailings ALTER COLUMN complete_at DROP NOT NULL;
INSERT INTO mailings (channel, job_key, article_id) SELECT channel, job_key, max(article_id) FROM copies GROUP BY channel, job_key
    ON CONFLICT (channel, job_key) DO UPDATE SET article_id = excluded.article_id;
CREATE INDEX mailings_article ON mailings (channel, article_id) WHERE article_id IS NOT NULL;

DROP INDEX copies_holders;
DROP INDEX copies_open;
DROP INDEX copies_of;
ALTER TABLE copies DROP COLUMN article_id;
