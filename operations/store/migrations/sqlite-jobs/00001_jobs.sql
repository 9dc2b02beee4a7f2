-- +goose Up

-- The list of jobs, which can be made again from the streams JOBS and RUNS. It is written for each job and each change of
-- one, so it has few indexes. place, the key, is at the end of each of them by itself.

-- What jobs have in common with others.
CREATE TABLE kinds (
    id         INTEGER NOT NULL PRIMARY KEY,
    extension  TEXT NOT NULL,
    name       TEXT NOT NULL,
    library_id BLOB NOT NULL,
    UNIQUE (extension, name, library_id)
) STRICT;

CREATE INDEX kinds_by_library ON kinds (library_id);

-- place is when the job was made, in microseconds, and then ten bits that keep it unique: the order of the list. version is that of the
-- message or the record of which the rest was read. progress is in millionths.
CREATE TABLE jobs (
    place            INTEGER NOT NULL PRIMARY KEY,
    id               BLOB NOT NULL UNIQUE,
    kind             INTEGER NOT NULL,
    parent           BLOB,
    priority         INTEGER NOT NULL,
    state            INTEGER NOT NULL,
    version          INTEGER NOT NULL,
    attempt          INTEGER NOT NULL DEFAULT 0,
    failures         INTEGER NOT NULL DEFAULT 0,
    due              INTEGER NOT NULL DEFAULT 0,
    started_at       INTEGER NOT NULL DEFAULT 0,
    finished_at      INTEGER NOT NULL DEFAULT 0,
    cancel_requested INTEGER NOT NULL DEFAULT 0,
    paused           INTEGER NOT NULL DEFAULT 0,
    progress         INTEGER NOT NULL DEFAULT 0,
    error            TEXT,
    message          TEXT
) STRICT;

CREATE INDEX jobs_by_kind ON jobs (kind);
CREATE INDEX jobs_by_state ON jobs (state);
CREATE INDEX jobs_by_parent ON jobs (parent) WHERE parent IS NOT NULL;

-- What only a job's message tells, as JSON: its input, and what started it.
CREATE TABLE job_details (
    id      BLOB NOT NULL PRIMARY KEY,
    details BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- How far the streams have been followed: written with what was read there.
CREATE TABLE projections (
    name TEXT NOT NULL PRIMARY KEY,
    mark TEXT NOT NULL,
    jobs INTEGER NOT NULL,
    runs INTEGER NOT NULL
) STRICT;
