-- Who waits for another channel to show an article: few do, and each settled delivery asks for them.
CREATE INDEX deliveries_followers ON deliveries (article_id, after_channel) WHERE after_channel IS NOT NULL;

-- What needs a person. A list after IN is a small table that is built for each changed row; these are three comparisons.
DROP INDEX deliveries_person;
CREATE INDEX deliveries_person ON deliveries (state) WHERE state = 'held' OR state = 'uncertain' OR state = 'failed';
DROP INDEX deliveries_sought;
CREATE INDEX deliveries_sought ON deliveries (state, article_id)
    WHERE state = 'held' OR state = 'uncertain' OR state = 'failed';

-- From here on a row of attempts is written when the attempt is over; with the lease only under a rate limit and in editions.
