-- Who waits for another channel to show an article: few do, and each settled delivery asks for them.
CREATE INDEX deliveries_followers ON deliveries (article_id, after_channel) WHERE after_channel IS NOT NULL;

-- From here on a row of attempts is written when the attempt is over; with the lease only under a rate limit and in editions.
