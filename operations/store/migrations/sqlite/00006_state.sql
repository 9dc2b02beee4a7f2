-- +goose Up

-- What extensions keep for themselves, by key.
CREATE TABLE state (
    library_id TEXT    NOT NULL,
    extension  TEXT    NOT NULL,
    key        TEXT    NOT NULL,
    value      TEXT    NOT NULL,
    revision   INTEGER NOT NULL,
    size       INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (library_id, extension, key)
) STRICT, WITHOUT ROWID;

-- What each has altogether. revision is that of the last change, and stays when all is deleted.
CREATE TABLE state_totals (
    library_id TEXT    NOT NULL,
    extension  TEXT    NOT NULL,
    revision   INTEGER NOT NULL,
    keys       INTEGER NOT NULL,
    bytes      INTEGER NOT NULL,
    PRIMARY KEY (library_id, extension)
) STRICT, WITHOUT ROWID;
