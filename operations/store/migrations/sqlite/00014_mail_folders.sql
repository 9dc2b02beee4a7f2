-- +goose Up

-- Mail accounts that are a folder: how its files are numbered.
CREATE TABLE mail_folders (
    library_id TEXT NOT NULL,
    account_id TEXT NOT NULL,
    folder       TEXT NOT NULL,
    maildir      INTEGER NOT NULL,
    uid_validity INTEGER NOT NULL,
    uid_next     INTEGER NOT NULL,
    PRIMARY KEY (library_id, account_id)
) STRICT, WITHOUT ROWID;

-- The newest UIDVALIDITY of all folders, in its only row: none is given twice, also when an account is removed and added within a second.
CREATE TABLE mail_validity (
    one  INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
    last INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The files, by what they are known by (see package folder). One that was not seen when the folder was gone through last is missed, and gone
-- when it is not seen again.
CREATE TABLE mail_files (
    library_id TEXT NOT NULL,
    account_id TEXT NOT NULL,
    name       TEXT NOT NULL,
    uid         INTEGER NOT NULL,
    path        TEXT NOT NULL,
    size        INTEGER NOT NULL,
    modified_at INTEGER NOT NULL,
    missed      INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (library_id, account_id, name)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX mail_files_uid ON mail_files (library_id, account_id, uid);
