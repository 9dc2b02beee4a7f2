-- +goose Up

-- Which fields of metadata are indexed, by kind of entry, and as what: number or text. built is 0 until those of the entries of before are
-- there, up to the id that reached is.
CREATE TABLE indexes (
    entry_type TEXT    NOT NULL,
    field      TEXT    NOT NULL,
    type       TEXT    NOT NULL,
    built      BIGINT NOT NULL DEFAULT 0,
    reached    TEXT    NOT NULL DEFAULT '',
    PRIMARY KEY (entry_type, field, type)
);

-- The values of indexed fields. field stands for library, kind, field and type: the beginning of their SHA-256.
CREATE TABLE entry_fields (
    field  BIGINT NOT NULL,
    path   TEXT COLLATE "C"  NOT NULL,
    number DOUBLE PRECISION,
    text   TEXT COLLATE "C",
    PRIMARY KEY (field, path)
);

CREATE INDEX entry_fields_by_number ON entry_fields (field, number, path) WHERE number IS NOT NULL;
CREATE INDEX entry_fields_by_text ON entry_fields (field, text, path) WHERE text IS NOT NULL;

-- Ids begin with the time they were made at.
CREATE INDEX entries_by_id ON entries (library_id, id);
CREATE INDEX entries_by_update ON entries (library_id, updated_at, path);
