package content

import (
	"context"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/operations/store"
)

// Usage is what a library has of its storage.
type Usage struct {
	Library uuid.UUID `json:"library"`
	// Bytes are used of Budget, which may be Unbounded.
	Bytes  int64 `json:"bytes"`
	Budget int64 `json:"budget"`
}

// near tells whether 80 % are used, which is told.
func (u Usage) near() bool { return u.Budget >= 0 && u.Bytes > 0 && u.Bytes >= u.Budget-u.Budget/5 }

// Count adds bytes to what a library has, in the transaction that keeps them; what is removed is negative.
//
// # Errors
//
// resource_exhausted for more than the budget.
func (s *Store) Count(ctx context.Context, tx *store.Tx, library uuid.UUID, bytes int64) error {
	if bytes == 0 {
		return nil
	}
	var used int64
	err := tx.QueryRow(ctx, `INSERT INTO storage (library_id, bytes) VALUES ($1, $2)
		ON CONFLICT (library_id) DO UPDATE SET bytes = storage.bytes + excluded.bytes RETURNING bytes`, library.String(), bytes).Scan(&used)
	if err != nil {
		return fmt.Errorf("count storage: %w", err)
	}
	if bytes < 0 {
		return nil
	}
	budget := s.config.Budget(library)
	if budget >= 0 && used > budget {
		return bus.Errorf(bus.ResourceExhausted, "the library has used %d of its %d bytes, and this is %d more: remove something, or ask the operator for more",
			used-bytes, budget, bytes)
	}
	before := Usage{Bytes: used - bytes, Budget: budget}
	if now := (Usage{Bytes: used, Budget: budget}); now.near() && !before.near() {
		select {
		case s.near <- struct{}{}:
		default: // somebody has said it already
		}
	}
	return nil
}

// Usage is what a library has now.
func (s *Store) Usage(ctx context.Context, library uuid.UUID) (Usage, error) {
	usage := Usage{Library: library, Budget: s.config.Budget(library)}
	err := s.db.Read(ctx, func(tx *store.Tx) error {
		return tx.QueryRow(ctx, `SELECT coalesce(sum(bytes), 0) FROM storage WHERE library_id = $1`, library.String()).Scan(&usage.Bytes)
	})
	if err != nil {
		return usage, fmt.Errorf("read storage: %w", err)
	}
	return usage, nil
}

// tellUsage tells of libraries that are near their budget, each once.
func (s *Store) tellUsage(ctx context.Context) error {
	if s.config.Warn == nil {
		return nil
	}
	var told, others []Usage
	err := s.db.Read(ctx, func(tx *store.Tx) error {
		told, others = nil, nil
		return tx.Query(ctx, func(scan func(...any) error) error {
			var usage Usage
			var warned bool
			if err := scan(&usage.Library, &usage.Bytes, &warned); err != nil {
				return err
			}
			usage.Budget = s.config.Budget(usage.Library)
			if warned {
				told = append(told, usage)
			} else {
				others = append(others, usage)
			}
			return nil
		}, `SELECT library_id, bytes, warned <> 0 FROM storage`)
	})
	if err != nil {
		return fmt.Errorf("read storage: %w", err)
	}
	near := slices.DeleteFunc(others, func(u Usage) bool { return !u.near() })
	for _, usage := range near {
		if err := s.config.Warn(ctx, usage); err != nil {
			return fmt.Errorf("tell of storage: %w", err)
		}
	}
	noLonger := slices.DeleteFunc(told, Usage.near)
	if len(near)+len(noLonger) == 0 {
		return nil
	}
	return s.db.Write(ctx, func(tx *store.Tx) error {
		for warned, list := range [][]Usage{noLonger, near} {
			for _, usage := range list {
				if _, err := tx.Exec(ctx, `UPDATE storage SET warned = $1 WHERE library_id = $2`, warned, usage.Library.String()); err != nil {
					return fmt.Errorf("tell of storage: %w", err)
				}
			}
		}
		return nil
	})
}
