-- Who waits for another channel to show an article: few do, and each settled delivery asks for them.
CREATE INDEX deliveries_followers ON deliveries (article_id, after_channel) WHERE after_channel IS NOT NULL;
