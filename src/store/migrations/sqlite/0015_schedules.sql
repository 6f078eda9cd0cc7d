-- By which schedule everything that waits on a channel was planned; empty while it is being planned by another one.
CREATE TABLE schedules (
    channel       TEXT PRIMARY KEY,
    planned_by    TEXT NOT NULL
) STRICT, WITHOUT ROWID;
