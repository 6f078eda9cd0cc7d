-- Where people put the items of an edition. It counts while the delivery is in that slot.
CREATE TABLE edition_places (
    delivery_id   INTEGER PRIMARY KEY REFERENCES deliveries (id) ON DELETE CASCADE,
    slot          INTEGER NOT NULL,
    place         INTEGER NOT NULL
) STRICT;

-- What waits in each edition to come.
CREATE INDEX deliveries_coming ON deliveries (channel, edition) WHERE state = 'waiting' AND edition IS NOT NULL;
