-- +goose Up

-- What extensions tell the people of a library. read_at is 0 while nobody has read it.
CREATE TABLE notifications (
    library_id TEXT    NOT NULL,
    id         TEXT    NOT NULL,
    extension  TEXT    NOT NULL,
    job_id     TEXT    NOT NULL,
    level      TEXT    NOT NULL,
    title      TEXT    NOT NULL,
    body       TEXT    NOT NULL,
    entry_id   TEXT    NOT NULL,
    created_at BIGINT NOT NULL,
    read_at    BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (library_id, id)
);
