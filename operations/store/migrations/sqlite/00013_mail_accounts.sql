-- +goose Up

-- Where the mail of accounts is. The credential that opens one has its id.
CREATE TABLE mail_accounts (
    library_id TEXT NOT NULL,
    account_id TEXT NOT NULL,
    settings   TEXT NOT NULL,
    -- How it stands, as who watches it has found, and until when nobody else watches it.
    state         TEXT NOT NULL DEFAULT '{}',
    watcher       TEXT NOT NULL DEFAULT '',
    watcher_until INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (library_id, account_id)
) STRICT, WITHOUT ROWID;
