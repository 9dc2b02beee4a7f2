-- +goose Up

-- What extensions keep for themselves, by key.
CREATE TABLE state (
    library_id TEXT    NOT NULL,
    extension  TEXT    NOT NULL,
    key        TEXT COLLATE "C" NOT NULL,
    value      TEXT    NOT NULL,
    revision   BIGINT  NOT NULL,
    size       BIGINT  NOT NULL,
    updated_at BIGINT  NOT NULL,
    PRIMARY KEY (library_id, extension, key)
);

-- What each has altogether. revision is that of the last change, and stays when all is deleted.
CREATE TABLE state_totals (
    library_id TEXT    NOT NULL,
    extension  TEXT    NOT NULL,
    revision   BIGINT  NOT NULL,
    keys       BIGINT  NOT NULL,
    bytes      BIGINT  NOT NULL,
    PRIMARY KEY (library_id, extension)
);
