-- Everybody who has typed in a manuscript: a list of names. Empty: only who saved it last is known.
ALTER TABLE manuscripts ADD COLUMN writers text NOT NULL DEFAULT '[]';
