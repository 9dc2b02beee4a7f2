package mail

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/operations/mail/folder"
	"github.com/airlock-run/airlock/operations/store"
)

// index numbers the files of an account that is a folder, in the database, so that a file keeps its UID wherever it is moved. It is made anew,
// with another UIDVALIDITY, when it is lost or of another folder.
type index struct {
	db       *store.DB
	account  *Account
	validity uint32
}

// numbered is a file with its UID.
type numbered struct {
	folder.File
	UID    uint32
	missed bool
}

// standing is how a folder stands, as far as it was gone through.
type standing struct {
	uidNext  uint32
	messages uint32
}

// errReplaced is returned when the account was removed or is another folder's by now.
var errReplaced = bus.Errorf(bus.Unavailable, "the account was changed meanwhile")

// openIndex opens the index of an account, whose folder is a Maildir or is not.
//
// # Errors
//
// failed_precondition for a folder that was a Maildir and has lost that, as one does whose file system is not mounted.
func (s *Service) openIndex(ctx context.Context, a *Account, maildir bool) (*index, error) {
	x := &index{db: s.db, account: a}
	known, wasMaildir := false, int64(0)
	look := func(tx *store.Tx) error {
		err := tx.QueryRow(ctx, `SELECT uid_validity, maildir FROM mail_folders WHERE library_id = $1 AND account_id = $2 AND folder = $3`,
			a.Library.String(), a.ID, a.Folder).Scan(&x.validity, &wasMaildir)
		known = err == nil
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		return err
	}
	err := s.db.Read(ctx, look)
	if err == nil && !known {
		err = s.db.Write(ctx, func(tx *store.Tx) error {
			if err := look(tx); err != nil || known {
				return err
			}
			wasMaildir = 0
			return x.begin(ctx, tx, maildir)
		})
	}
	switch {
	case err != nil:
		return nil, fmt.Errorf("open index of mail folder: %w", err)
	case wasMaildir != 0 && !maildir:
		return nil, bus.Errorf(bus.FailedPrecondition, "the folder of account %s is no Maildir any more: it has no cur and new; is its file system mounted? If it is meant so, remove and add the account", a.ID)
	}
	return x, nil
}

// begin numbers a folder from 1 on, with a UIDVALIDITY it has not had.
func (x *index) begin(ctx context.Context, tx *store.Tx, maildir bool) error {
	library, id := x.account.Library.String(), x.account.ID
	if _, err := tx.Exec(ctx, `DELETE FROM mail_files WHERE library_id = $1 AND account_id = $2`, library, id); err != nil {
		return err
	}
	err := tx.QueryRow(ctx, `INSERT INTO mail_validity (one, last) VALUES (1, $1)
		ON CONFLICT (one) DO UPDATE SET last = CASE WHEN excluded.last > mail_validity.last THEN excluded.last ELSE mail_validity.last + 1 END
		RETURNING last`, time.Now().Unix()).Scan(&x.validity)
	if err != nil {
		return err
	}
	n, err := tx.Exec(ctx, `INSERT INTO mail_folders (library_id, account_id, folder, maildir, uid_validity, uid_next)
		SELECT library_id, account_id, $3, $4, $5, 1 FROM mail_accounts WHERE library_id = $1 AND account_id = $2
		ON CONFLICT (library_id, account_id) DO UPDATE SET folder = excluded.folder, maildir = excluded.maildir, uid_next = 1,
			uid_validity = excluded.uid_validity`, library, id, x.account.Folder, flag(maildir), x.validity)
	if err == nil && n == 0 {
		err = errReplaced
	}
	return err
}

func flag(is bool) int64 {
	if is {
		return 1
	}
	return 0
}

// take gives UIDs to files that have none, or are other mails by now, and notes where the others have gone.
func (x *index) take(ctx context.Context, files []folder.File, maildir bool) error {
	library, id := x.account.Library.String(), x.account.ID
	err := x.db.Write(ctx, func(tx *store.Tx) error {
		// Writing first has others that number the same folder wait.
		n, err := tx.Exec(ctx, `UPDATE mail_folders SET uid_next = uid_next WHERE library_id = $1 AND account_id = $2 AND uid_validity = $3`, library, id, x.validity)
		if err != nil {
			return err
		}
		if n == 0 {
			return errReplaced
		}
		var next int64
		if err := tx.QueryRow(ctx, `SELECT uid_next FROM mail_folders WHERE library_id = $1 AND account_id = $2`, library, id).Scan(&next); err != nil {
			return err
		}
		for _, file := range files {
			var was folder.File
			err := tx.QueryRow(ctx, `SELECT size, modified_at FROM mail_files WHERE library_id = $1 AND account_id = $2 AND name = $3`,
				library, id, file.Name).Scan(&was.Size, &was.Modified)
			isNew := errors.Is(err, sql.ErrNoRows)
			if err != nil && !isNew {
				return err
			}
			if !isNew && (maildir || was.Size == file.Size && was.Modified == file.Modified) {
				_, err = tx.Exec(ctx, `UPDATE mail_files SET path = $4, missed = 0 WHERE library_id = $1 AND account_id = $2 AND name = $3`, library, id, file.Name, file.Path)
			} else {
				_, err = tx.Exec(ctx, `INSERT INTO mail_files (library_id, account_id, name, uid, path, size, modified_at) VALUES ($1, $2, $3, $4, $5, $6, $7)
					ON CONFLICT (library_id, account_id, name) DO UPDATE SET uid = excluded.uid, path = excluded.path, size = excluded.size,
						modified_at = excluded.modified_at, missed = 0`, library, id, file.Name, next, file.Path, file.Size, file.Modified)
				next++
			}
			if err != nil {
				return err
			}
		}
		if next >= math.MaxUint32 {
			return bus.Errorf(bus.FailedPrecondition, "the folder of account %s has used up its UIDs: remove and add the account", id)
		}
		_, err = tx.Exec(ctx, `UPDATE mail_folders SET uid_next = $3 WHERE library_id = $1 AND account_id = $2`, library, id, next)
		return err
	})
	if err != nil {
		return fmt.Errorf("number mails: %w", err)
	}
	return nil
}

// miss notes that files were not seen; those that were not before, either, are gone.
func (x *index) miss(ctx context.Context, uids []uint32) error {
	err := x.db.Write(ctx, func(tx *store.Tx) error {
		for _, uid := range uids {
			for _, change := range []string{
				`DELETE FROM mail_files WHERE missed = 1 AND library_id = $1 AND account_id = $2 AND uid = $3`,
				`UPDATE mail_files SET missed = 1 WHERE library_id = $1 AND account_id = $2 AND uid = $3`,
			} {
				if _, err := tx.Exec(ctx, change, x.account.Library.String(), x.account.ID, uid); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("forget mails: %w", err)
	}
	return nil
}

// after are the first files after a UID, and how the folder stood then.
func (x *index) after(ctx context.Context, uid uint32, limit int) (files []numbered, at standing, err error) {
	library, id := x.account.Library.String(), x.account.ID
	err = x.db.Read(ctx, func(tx *store.Tx) error {
		files = nil
		err := tx.QueryRow(ctx, `SELECT uid_next, (SELECT COUNT(*) FROM mail_files WHERE library_id = $1 AND account_id = $2)
			FROM mail_folders WHERE library_id = $1 AND account_id = $2 AND uid_validity = $3`, library, id, x.validity).Scan(&at.uidNext, &at.messages)
		if errors.Is(err, sql.ErrNoRows) {
			return errReplaced
		}
		if err != nil || limit == 0 {
			return err
		}
		return tx.Query(ctx, func(scan func(...any) error) error {
			var n numbered
			var missed int64
			if err := scan(&n.UID, &n.Name, &n.Path, &n.Size, &n.Modified, &missed); err != nil {
				return err
			}
			n.missed = missed != 0
			files = append(files, n)
			return nil
		}, `SELECT uid, name, path, size, modified_at, missed FROM mail_files WHERE library_id = $1 AND account_id = $2 AND uid > $3 ORDER BY uid LIMIT $4`,
			library, id, uid, limit)
	})
	if err != nil {
		return nil, at, fmt.Errorf("read index of mail folder: %w", err)
	}
	return files, at, nil
}
