-- +goose Up

-- The actions that had their effect, and what they answered. The answer is null only inside the transaction that adds
-- the row, and while an action whose effect is elsewhere has not answered.
CREATE TABLE calls (
    job_id       TEXT    NOT NULL,
    key          TEXT    NOT NULL,
    request_hash TEXT    NOT NULL,
    answer       BLOB,
    created_at   INTEGER NOT NULL,
    PRIMARY KEY (job_id, key, request_hash)
) STRICT, WITHOUT ROWID;

CREATE TABLE entries (
    id         TEXT    NOT NULL PRIMARY KEY,
    library_id TEXT    NOT NULL,
    path       TEXT    NOT NULL,
    name       TEXT    NOT NULL,
    entry_type TEXT    NOT NULL,
    metadata   TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    UNIQUE (library_id, path)
) STRICT;

CREATE INDEX entries_by_type ON entries (library_id, entry_type, path);

-- Bytes by digest. data is null when they are content of the bus, which is put there before the row is added.
CREATE TABLE blobs (
    library_id TEXT    NOT NULL,
    digest     TEXT    NOT NULL,
    size       INTEGER NOT NULL,
    data       BLOB,
    PRIMARY KEY (library_id, digest)
) STRICT;

CREATE TABLE sidecars (
    entry_id   TEXT    NOT NULL REFERENCES entries (id) ON DELETE CASCADE,
    filename   TEXT    NOT NULL,
    library_id TEXT    NOT NULL,
    digest     TEXT    NOT NULL,
    size       INTEGER NOT NULL,
    PRIMARY KEY (entry_id, filename),
    FOREIGN KEY (library_id, digest) REFERENCES blobs (library_id, digest)
) STRICT;

CREATE INDEX sidecars_by_digest ON sidecars (library_id, digest);

-- Sealed credentials. key_id tells which master key sealed them.
CREATE TABLE credentials (
    library_id    TEXT    NOT NULL,
    credential_id TEXT    NOT NULL,
    key_id        TEXT    NOT NULL,
    sealed        BLOB    NOT NULL,
    created_at    INTEGER NOT NULL,
    updated_at    INTEGER NOT NULL,
    PRIMARY KEY (library_id, credential_id)
) STRICT;

-- The list of jobs, which can be rebuilt from the streams JOBS and RUNS. job and run are their records as JSON;
-- revision is that of the run record, 0 while there is none.
CREATE TABLE jobs (
    id          TEXT    NOT NULL PRIMARY KEY,
    extension   TEXT    NOT NULL,
    name        TEXT    NOT NULL,
    library_id  TEXT    NOT NULL,
    priority    TEXT    NOT NULL,
    state       TEXT    NOT NULL,
    attempt     INTEGER NOT NULL,
    failures    INTEGER NOT NULL,
    created_at  INTEGER NOT NULL,
    due         INTEGER NOT NULL,
    started_at  INTEGER NOT NULL,
    finished_at INTEGER NOT NULL,
    error       TEXT    NOT NULL,
    progress    REAL    NOT NULL,
    message     TEXT    NOT NULL,
    job         TEXT    NOT NULL,
    run         TEXT    NOT NULL,
    revision    INTEGER NOT NULL
) STRICT;

CREATE INDEX jobs_by_age ON jobs (created_at, id);
CREATE INDEX jobs_by_state ON jobs (state, created_at, id);
CREATE INDEX jobs_by_end ON jobs (finished_at);

-- Names the consumers that fill a projection: they belong to this database, so an empty one starts from the beginning.
CREATE TABLE projections (
    name     TEXT NOT NULL PRIMARY KEY,
    consumer TEXT NOT NULL
) STRICT;
