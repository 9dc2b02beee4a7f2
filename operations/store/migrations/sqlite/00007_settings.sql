-- +goose Up

-- The settings of extensions, as JSON: for a library, or by the nil UUID for all.
CREATE TABLE settings (
    library_id TEXT    NOT NULL,
    extension  TEXT    NOT NULL,
    settings   TEXT    NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (library_id, extension)
) STRICT, WITHOUT ROWID;
