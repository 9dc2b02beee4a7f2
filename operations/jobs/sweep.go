package jobs

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/airlock-run/airlock/operations/store"
)

const (
	// sweepBatch bounds what one transaction removes, so that nobody waits long for it.
	sweepBatch = 500
	// callRetention is how long the records of calls stay at least.
	callRetention = 30 * 24 * time.Hour
	// deletedRetention is for how long it is known that a job was deleted: longer than its messages are on the bus.
	deletedRetention = 48 * time.Hour
)

// Rebuild empties the list in db, and whoever runs it fills it again from the beginning of the streams: at once, if it runs. Jobs of
// which the streams know nothing any more are gone from it.
func Rebuild(ctx context.Context, db *store.DB) (err error) {
	list, err := db.JobList(ctx)
	if err != nil {
		return fmt.Errorf("open list of jobs: %w", err)
	}
	defer func() {
		if closeErr := list.Close(); err == nil {
			err = closeErr
		}
	}()
	return rebuild(ctx, list)
}

func rebuild(ctx context.Context, list *store.DB) error {
	err := list.Write(ctx, func(tx *store.Tx) error {
		for _, statement := range []string{
			`UPDATE projections SET jobs = 0, runs = 0 WHERE name = 'jobs'`, `DELETE FROM job_details`, `DELETE FROM jobs`,
		} {
			if _, err := tx.Exec(ctx, statement); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("rebuild list of jobs: %w", err)
	}
	return nil
}

func (j *Jobs) answerRebuild(ctx context.Context, _ json.RawMessage) (any, error) {
	return nil, rebuild(ctx, j.list)
}

func (j *Jobs) sweepHourly(ctx context.Context) {
	for {
		now := time.Now()
		err := j.sweep(ctx, now)
		if err == nil {
			err = j.sweepCalls(ctx, now.Add(-callRetention))
		}
		if err != nil && ctx.Err() == nil {
			j.log.WarnContext(ctx, "old jobs not removed yet", "error", err)
		}
		if !sleep(ctx, time.Hour) {
			return
		}
	}
}

// sweep removes the jobs whose run records the bus does not keep any more.
func (j *Jobs) sweep(ctx context.Context, now time.Time) error {
	ended := map[int64]time.Duration{deletedState: deletedRetention}
	for state, code := range stateCodes {
		if state.Ended() {
			ended[code] = j.conn.Retention(state)
		}
	}
	for state, retention := range ended {
		if err := j.sweepState(ctx, state, now.Add(-retention)); err != nil {
			return fmt.Errorf("remove old jobs: %w", err)
		}
	}
	return nil
}

// sweepState removes the jobs that ended in a state before a time. They were made before it as well, so it looks at none that are newer.
func (j *Jobs) sweepState(ctx context.Context, state int64, before time.Time) error {
	for last := int64(-1); ; {
		at, seen := last, 0
		err := j.list.Write(ctx, func(tx *store.Tx) error {
			var places []string
			at, seen = last, 0
			err := tx.Query(ctx, func(scan func(...any) error) error {
				var place, finished int64
				if err := scan(&place, &finished); err != nil {
					return err
				}
				if seen, at = seen+1, place; finished > 0 && finished < store.Micros(before) {
					places = append(places, strconv.FormatInt(place, 10))
				}
				return nil
			}, `SELECT place, finished_at FROM jobs WHERE state = `+strconv.FormatInt(state, 10)+
				` AND place > $1 AND place < $2 ORDER BY place LIMIT $3`, last, placeAt(before), sweepBatch)
			if err != nil || len(places) == 0 {
				return err
			}
			in := strings.Join(places, ", ")
			if _, err := tx.Exec(ctx, `DELETE FROM job_details WHERE id IN (SELECT id FROM jobs WHERE place IN (`+in+`))`); err != nil {
				return err
			}
			_, err = tx.Exec(ctx, `DELETE FROM jobs WHERE place IN (`+in+`)`)
			return err
		})
		if err != nil || seen < sweepBatch {
			return err
		}
		last = at
	}
}

// sweepCalls removes the records of calls that were made before a time, but for those of jobs that are in the list or have a run record.
func (j *Jobs) sweepCalls(ctx context.Context, before time.Time) error {
	for last := ""; ; {
		var ids []string
		err := j.db.Read(ctx, func(tx *store.Tx) error {
			ids = nil
			return tx.Query(ctx, func(scan func(...any) error) error {
				var id string
				err := scan(&id)
				ids = append(ids, id)
				return err
			}, `SELECT DISTINCT job_id FROM calls WHERE created_at < $1 AND job_id > $2 ORDER BY job_id LIMIT $3`,
				store.Micros(before), last, sweepBatch)
		})
		if err == nil && len(ids) == 0 {
			return nil
		}
		if err == nil {
			last = ids[len(ids)-1]
			err = j.removeCalls(ctx, ids, before)
		}
		if err != nil {
			return fmt.Errorf("remove old calls: %w", err)
		}
	}
}

func (j *Jobs) removeCalls(ctx context.Context, ids []string, before time.Time) error {
	jobs := make([]uuid.UUID, 0, len(ids))
	for _, id := range ids {
		if job, err := uuid.Parse(id); err == nil {
			jobs = append(jobs, job)
		}
	}
	kept, err := j.conn.Runs(ctx, jobs)
	if err != nil {
		return err
	}
	for _, id := range ids {
		job, err := uuid.Parse(id)
		if err == nil && kept[job] != nil {
			continue
		}
		listed := 0
		err = j.list.Read(ctx, func(tx *store.Tx) error {
			return tx.QueryRow(ctx, `SELECT count(*) FROM jobs WHERE id = $1 AND state <> 9`, job[:]).Scan(&listed)
		})
		if err == nil && listed == 0 {
			err = j.db.Write(ctx, func(tx *store.Tx) error {
				_, err := tx.Exec(ctx, `DELETE FROM calls WHERE job_id = $1 AND created_at < $2`, id, store.Micros(before))
				return err
			})
		}
		if err != nil {
			return err
		}
	}
	return nil
}
