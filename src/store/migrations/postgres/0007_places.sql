-- Where people put the items of an edition. It counts while the delivery is in that slot.
CREATE TABLE edition_places (
    delivery_id   BIGINT PRIMARY KEY REFERENCES deliveries (id) ON DELETE CASCADE,
    slot          BIGINT NOT NULL,
    place         BIGINT NOT NULL
);

-- What waits in each edition to come.
CREATE INDEX deliveries_coming ON deliveries (channel, edition) WHERE state = 'waiting' AND edition IS NOT NULL;
