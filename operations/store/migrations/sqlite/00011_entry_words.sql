-- +goose Up

-- The number of an entry among those whose words are kept, which is higher for newer ones, and the text of its sidecars.
CREATE TABLE entry_docs (
    doc        INTEGER NOT NULL PRIMARY KEY,
    entry_id   TEXT    NOT NULL UNIQUE,
    library_id TEXT    NOT NULL
) STRICT;

CREATE INDEX entry_docs_by_library ON entry_docs (library_id);

CREATE TABLE entry_texts (
    entry_id TEXT NOT NULL REFERENCES entries (id) ON DELETE CASCADE,
    filename TEXT NOT NULL,
    text     TEXT NOT NULL,
    PRIMARY KEY (entry_id, filename)
) STRICT, WITHOUT ROWID;

-- Words without their place in a text. Only those of ASCII that are no letters and digits part them: see package entries.
CREATE VIRTUAL TABLE entry_words USING fts5 (words, content = '', contentless_delete = 1, detail = none, tokenize = 'ascii');

-- Those of the entries of before are added as if they were an index.
INSERT INTO indexes (entry_type, field, type) SELECT '', '', 'words' WHERE EXISTS (SELECT 1 FROM entries);
