-- +goose Up

-- Large content is in objects, which follow each other: those of one upload. The content of before has neither upload nor data, and is
-- content of the bus. Until held_until it stays, though nothing refers to it; 0 when nobody asked for that.
ALTER TABLE blobs ADD COLUMN upload TEXT;
ALTER TABLE blobs ADD COLUMN held_until BIGINT NOT NULL DEFAULT 0;
CREATE INDEX blobs_by_hold ON blobs (held_until) WHERE held_until > 0;

-- The content of an entry; empty when it has none.
ALTER TABLE entries ADD COLUMN content TEXT NOT NULL DEFAULT '';
CREATE INDEX entries_by_content ON entries (library_id, content) WHERE content <> '';

-- Content that is still being put. hash is the state of its SHA-256 after size bytes.
CREATE TABLE uploads (
    id         TEXT    NOT NULL PRIMARY KEY,
    library_id TEXT    NOT NULL,
    size       BIGINT NOT NULL,
    hash       BYTEA    NOT NULL,
    updated_at BIGINT NOT NULL
);

CREATE INDEX uploads_by_time ON uploads (updated_at);

-- The objects that are outside of the database, or may be: each has its row before it is put, and until it is removed. remove_after is
-- null while it belongs to an upload or a blob, counted is 1 while its bytes are among those of the library.
CREATE TABLE objects (
    key          TEXT    NOT NULL PRIMARY KEY,
    library_id   TEXT    NOT NULL,
    upload       TEXT    NOT NULL,
    start        BIGINT NOT NULL,
    size         BIGINT NOT NULL,
    place        TEXT    NOT NULL,
    remove_after BIGINT,
    counted      BIGINT NOT NULL DEFAULT 1
);

CREATE INDEX objects_by_upload ON objects (upload, start);
CREATE INDEX objects_by_removal ON objects (remove_after) WHERE remove_after IS NOT NULL;
CREATE INDEX objects_by_library ON objects (library_id);

-- How many bytes a library has: of blobs, of objects and of metadata. warned says that this was told.
CREATE TABLE storage (
    library_id TEXT    NOT NULL PRIMARY KEY,
    bytes      BIGINT NOT NULL,
    warned     BIGINT NOT NULL DEFAULT 0
);

INSERT INTO storage (library_id, bytes)
SELECT library_id, sum(bytes) FROM (
    SELECT library_id, size AS bytes FROM blobs
    UNION ALL
    SELECT library_id, octet_length(metadata) FROM entries
) AS sizes GROUP BY library_id;
