package content

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/airlock-run/airlock/operations/store"
)

const (
	// sweepTime is how often is swept.
	sweepTime = 10 * time.Minute
	// sweepBatch is how many rows are looked at in one transaction.
	sweepBatch = 200
)

// Run sweeps and tells usage until ctx ends. Several may run at once.
func (s *Store) Run(ctx context.Context) error {
	ticker := time.NewTicker(sweepTime)
	defer ticker.Stop()
	for sweep := true; ; {
		err := s.tellUsage(ctx)
		if sweep {
			err = errors.Join(err, s.Sweep(ctx))
		}
		if err != nil && ctx.Err() == nil {
			s.config.Logger.WarnContext(ctx, "content not swept, will be tried again", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-s.near:
			sweep = false
			if !pause(ctx) {
				return nil
			}
		case <-ticker.C:
			sweep = true
		}
	}
}

// pause lets the transaction end that has come near a budget; it is false when ctx ends.
func pause(ctx context.Context) bool {
	timer := time.NewTimer(time.Second)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// Sweep removes uploads that nobody has gone on with for HoldTime, content that is no longer held and that nothing refers to, and objects
// that may go.
//
// # Errors
//
// unavailable; the next Sweep goes on.
func (s *Store) Sweep(ctx context.Context) error {
	if err := s.sweepRows(ctx, `SELECT library_id, id FROM uploads WHERE updated_at <= $1 LIMIT $2`, -HoldTime, s.drop); err != nil {
		return err
	}
	if err := s.sweepRows(ctx, `SELECT library_id, digest FROM blobs WHERE held_until > 0 AND held_until <= $1 LIMIT $2`, 0, s.letGo); err != nil {
		return err
	}
	return s.sweepObjects(ctx, `remove_after <= $1`, s.now())
}

// sweepRows handles the rows of a query for those before a time, each of which is then no longer among them.
func (s *Store) sweepRows(ctx context.Context, query string, before time.Duration,
	handle func(ctx context.Context, tx *store.Tx, library uuid.UUID, name string) error,
) error {
	for {
		n := 0
		err := s.db.Write(ctx, func(tx *store.Tx) error {
			rows, err := pairs(ctx, tx, query, s.in(before), sweepBatch)
			if err != nil {
				return fmt.Errorf("sweep content: %w", err)
			}
			n = len(rows)
			for _, row := range rows {
				library, err := uuid.Parse(row[0])
				if err != nil {
					return fmt.Errorf("sweep content: %w", err)
				}
				if err := handle(ctx, tx, library, row[1]); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil || n < sweepBatch {
			return err
		}
	}
}

// letGo ends the hold of content, and removes it if nothing refers to it.
func (s *Store) letGo(ctx context.Context, tx *store.Tx, library uuid.UUID, digest string) error {
	_, err := tx.Exec(ctx, `UPDATE blobs SET held_until = 0 WHERE library_id = $1 AND digest = $2`, library.String(), digest)
	if err != nil {
		return fmt.Errorf("sweep content: %w", err)
	}
	return s.Release(ctx, tx, library, digest)
}

// sweepObjects removes objects that fit a condition, and then their rows.
func (s *Store) sweepObjects(ctx context.Context, condition string, arg any) error {
	for {
		var rows [][2]string
		err := s.db.Read(ctx, func(tx *store.Tx) (err error) {
			rows, err = pairs(ctx, tx, `SELECT place, key FROM objects WHERE remove_after IS NOT NULL AND `+condition+` LIMIT $2`, arg, sweepBatch)
			return err
		})
		if err != nil {
			return fmt.Errorf("sweep objects: %w", err)
		}
		for _, row := range rows {
			place, err := s.place(row[0])
			if err == nil {
				err = place.Remove(ctx, row[1])
			}
			if err != nil {
				return fmt.Errorf("sweep objects: %w", err)
			}
		}
		err = s.db.Write(ctx, func(tx *store.Tx) error {
			for _, row := range rows {
				if err := s.forget(ctx, tx, row[1]); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil || len(rows) < sweepBatch {
			return err
		}
	}
}

// forget removes the row of an object that is gone.
func (s *Store) forget(ctx context.Context, tx *store.Tx, key string) error {
	var id string
	var size int64
	err := tx.QueryRow(ctx, `DELETE FROM objects WHERE key = $1 RETURNING library_id, size * counted`, key).Scan(&id, &size)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("sweep objects: %w", err)
	}
	library, err := uuid.Parse(id)
	if err != nil {
		return fmt.Errorf("sweep objects: %w", err)
	}
	return s.Count(ctx, tx, library, -size)
}

func pairs(ctx context.Context, tx *store.Tx, query string, args ...any) (all [][2]string, err error) {
	err = tx.Query(ctx, func(scan func(...any) error) error {
		var row [2]string
		err := scan(&row[0], &row[1])
		all = append(all, row)
		return err
	}, query, args...)
	return all, err
}

// Erase removes all content of a library, in a transaction in which nothing refers to it any more, and tells how much there was. Its
// objects go with EraseObjects.
func (s *Store) Erase(ctx context.Context, tx *store.Tx, library uuid.UUID) (blobs int64, err error) {
	for _, statement := range []string{
		`DELETE FROM uploads WHERE library_id = $1`, `DELETE FROM storage WHERE library_id = $1`,
		`UPDATE objects SET remove_after = 0, counted = 0 WHERE library_id = $1`, `DELETE FROM blobs WHERE library_id = $1`,
	} {
		if blobs, err = tx.Exec(ctx, statement, library.String()); err != nil {
			return 0, fmt.Errorf("erase content: %w", err)
		}
	}
	return blobs, nil
}

// EraseObjects removes the objects of a library whose content was erased. It is called after the transaction; what it leaves when it is
// interrupted is swept.
func (s *Store) EraseObjects(ctx context.Context, library uuid.UUID) error {
	return s.sweepObjects(ctx, `remove_after = 0 AND library_id = $1`, library.String())
}
