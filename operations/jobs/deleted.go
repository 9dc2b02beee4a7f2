package jobs

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/airlock-run/airlock/operations/store"
)

// findBuried returns the jobs of which the list knows that they were deleted.
func findBuried(ctx context.Context, list *store.DB) (map[uuid.UUID]struct{}, error) {
	buried := map[uuid.UUID]struct{}{}
	err := list.Read(ctx, func(tx *store.Tx) error {
		return tx.Query(ctx, func(scan func(...any) error) error {
			var id []byte
			if err := scan(&id); err != nil {
				return err
			}
			job, err := uuid.FromBytes(id)
			buried[job] = struct{}{}
			return err
		}, `SELECT id FROM jobs WHERE state = 9`)
	})
	return buried, err
}

// revive makes room for deleted jobs that are there again, with a newer record.
func (k *keeper) revive(ctx context.Context, tx *store.Tx, lines []*line) error {
	if len(k.buried) == 0 {
		return nil
	}
	for _, l := range lines {
		if _, ok := k.buried[l.Job]; !ok || l.state == deletedState {
			continue
		}
		if _, err := tx.Exec(ctx, `DELETE FROM jobs WHERE id = $1 AND state = 9 AND version < $2`, l.id[:], int64(l.Version)); err != nil { //nolint:gosec // as above
			return err
		}
	}
	return nil
}

// bury leaves of deleted jobs only that they were deleted.
func (k *keeper) bury(ctx context.Context, tx *store.Tx, lines []*line) error {
	for _, l := range lines {
		_, err := tx.Exec(ctx, `INSERT INTO jobs (place, id, kind, priority, state, version, attempt, failures, due, started_at,
				finished_at, cancel_requested, paused, progress) VALUES ($1, $2, 0, 0, 9, $3, 0, 0, 0, 0, $4, 0, 0, 0)
			ON CONFLICT (id) DO UPDATE SET kind = 0, parent = NULL, state = 9, version = excluded.version, finished_at = excluded.finished_at,
				error = NULL, message = NULL WHERE jobs.version < excluded.version`,
			l.place, l.id[:], int64(l.Version), store.Micros(time.Now())) //nolint:gosec // as above
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `DELETE FROM job_details WHERE id = $1`, l.id[:]); err != nil {
			return err
		}
		k.buried[l.Job] = struct{}{}
	}
	return nil
}
