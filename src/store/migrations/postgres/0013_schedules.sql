-- What everything that waits on a channel was last planned by: a file that was changed while nothing ran is noticed.
CREATE TABLE schedules (
    channel       TEXT   COLLATE "C" PRIMARY KEY,
    planned_by    TEXT   NOT NULL
);
