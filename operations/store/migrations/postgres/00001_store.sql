-- +goose Up

-- The tables of the SQLite set, column for column. What a list is ordered by sorts by its bytes, as in SQLite.

-- The actions that had their effect, and what they answered. The answer is null only inside the transaction that adds
-- the row, and while an action whose effect is elsewhere has not answered.
CREATE TABLE calls (
    job_id       TEXT NOT NULL,
    key          TEXT NOT NULL,
    request_hash TEXT NOT NULL,
    answer       BYTEA,
    created_at   BIGINT NOT NULL,
    PRIMARY KEY (job_id, key, request_hash)
);

CREATE TABLE entries (
    id           TEXT NOT NULL PRIMARY KEY,
    library_id   TEXT NOT NULL,
    path         TEXT COLLATE "C" NOT NULL,
    name         TEXT NOT NULL,
    entry_type   TEXT NOT NULL,
    metadata     TEXT NOT NULL,
    created_at   BIGINT NOT NULL,
    updated_at   BIGINT NOT NULL,
    UNIQUE (library_id, path)
);

CREATE INDEX entries_by_type ON entries (library_id, entry_type, path);

-- Bytes by digest. data is null when they are content of the bus, which is put there before the row is added.
CREATE TABLE blobs (
    library_id   TEXT NOT NULL,
    digest       TEXT NOT NULL,
    size         BIGINT NOT NULL,
    data         BYTEA,
    PRIMARY KEY (library_id, digest)
);

CREATE TABLE sidecars (
    entry_id     TEXT NOT NULL REFERENCES entries (id) ON DELETE CASCADE,
    filename     TEXT COLLATE "C" NOT NULL,
    library_id   TEXT NOT NULL,
    digest       TEXT NOT NULL,
    size         BIGINT NOT NULL,
    PRIMARY KEY (entry_id, filename),
    FOREIGN KEY (library_id, digest) REFERENCES blobs (library_id, digest)
);

CREATE INDEX sidecars_by_digest ON sidecars (library_id, digest);

-- Sealed credentials. key_id tells which master key sealed them.
CREATE TABLE credentials (
    library_id    TEXT NOT NULL,
    credential_id TEXT NOT NULL,
    key_id        TEXT NOT NULL,
    sealed        BYTEA NOT NULL,
    created_at    BIGINT NOT NULL,
    updated_at    BIGINT NOT NULL,
    PRIMARY KEY (library_id, credential_id)
);

-- The list of jobs, which can be rebuilt from the streams JOBS and RUNS. job and run are their records as JSON;
-- revision is that of the run record, 0 while there is none.
CREATE TABLE jobs (
    id           TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    extension    TEXT NOT NULL,
    name         TEXT NOT NULL,
    library_id   TEXT NOT NULL,
    priority     TEXT NOT NULL,
    state        TEXT NOT NULL,
    attempt      BIGINT NOT NULL,
    failures     BIGINT NOT NULL,
    created_at   BIGINT NOT NULL,
    due          BIGINT NOT NULL,
    started_at   BIGINT NOT NULL,
    finished_at  BIGINT NOT NULL,
    error        TEXT NOT NULL,
    progress     DOUBLE PRECISION NOT NULL,
    message      TEXT NOT NULL,
    job          TEXT NOT NULL,
    run          TEXT NOT NULL,
    revision     BIGINT NOT NULL
);

CREATE INDEX jobs_by_age ON jobs (created_at, id);
CREATE INDEX jobs_by_state ON jobs (state, created_at, id);
CREATE INDEX jobs_by_end ON jobs (finished_at);

-- Names the consumers that fill a projection: they belong to this database, so an empty one starts from the beginning.
CREATE TABLE projections (
    name     TEXT NOT NULL PRIMARY KEY,
    consumer TEXT NOT NULL
);
