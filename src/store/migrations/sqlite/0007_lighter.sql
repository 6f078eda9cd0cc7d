-- What changes with every try stands in as few indices as can be.

-- What waits or is being sent is found by deliveries_due, what needs a person by deliveries_person.
DROP INDEX deliveries_state;
CREATE INDEX deliveries_edition ON deliveries (channel, edition) WHERE edition IS NOT NULL;

DROP INDEX copies_holders;
CREATE INDEX copies_holders ON copies (channel, article_id);

-- When it left last; it stays the same while the copy goes from begun to sent.
ALTER TABLE copies ADD COLUMN left_at INTEGER;
UPDATE copies SET left_at = at WHERE state IN ('begun', 'sent');
DROP INDEX copies_recent;
CREATE INDEX copies_recent ON copies (channel, left_at) WHERE left_at IS NOT NULL;
