package jobs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/operations/store"
)

// Jobs is the list of jobs. Start it with Run.
type Jobs struct {
	conn  *bus.Conn
	db    *store.DB
	log   *slog.Logger
	ready chan struct{}
}

// New makes the list of the jobs on conn, kept in db. A nil logger discards.
func New(conn *bus.Conn, db *store.DB, logger *slog.Logger) *Jobs {
	if logger == nil {
		logger = slog.New(slog.DiscardHandler)
	}
	return &Jobs{conn: conn, db: db, log: logger, ready: make(chan struct{})}
}

// Ready is closed once the list answers; it may still be catching up with the streams.
func (j *Jobs) Ready() <-chan struct{} { return j.ready }

// Run follows the streams and answers airlock.api.jobs.list and airlock.api.jobs.show, until ctx ends. It is called once.
func (j *Jobs) Run(ctx context.Context) error {
	consumer, err := j.consumer(ctx)
	if err != nil {
		return err
	}
	service, err := j.conn.Serve(bus.ServiceConfig{
		Name: "jobs", Description: "the list of jobs", Logger: j.log,
		Endpoints: []bus.Endpoint{bus.APIEndpoint("jobs", "list", j.list), bus.APIEndpoint("jobs", "show", j.show)},
	})
	if err != nil {
		return fmt.Errorf("serve list of jobs: %w", err)
	}
	close(j.ready)

	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var wg sync.WaitGroup
	for _, part := range []func(context.Context) error{
		func(ctx context.Context) error { return j.conn.FollowJobs(ctx, consumer, j.keepJob) },
		func(ctx context.Context) error { return j.conn.FollowRuns(ctx, consumer, j.keepRun) },
		j.sweepHourly,
	} {
		wg.Go(func() {
			if err := part(ctx); err != nil {
				cancel(err) // one part that cannot go on ends all
			}
		})
	}
	<-ctx.Done()
	wg.Wait()
	err = service.Stop()
	if cause := context.Cause(ctx); !errors.Is(cause, context.Canceled) {
		err = errors.Join(cause, err)
	}
	return err
}

// consumer is the name under which the streams are followed for this database.
func (j *Jobs) consumer(ctx context.Context) (name string, err error) {
	err = j.db.Write(ctx, func(tx *store.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO projections (name, consumer) VALUES ('jobs', $1) ON CONFLICT DO NOTHING`,
			"jobs-"+uuid.NewString())
		if err != nil {
			return err
		}
		return tx.QueryRow(ctx, `SELECT consumer FROM projections WHERE name = 'jobs'`).Scan(&name)
	})
	if err != nil {
		return "", fmt.Errorf("name consumer of jobs: %w", err)
	}
	return name, nil
}

// Rebuild empties the list, and the next Run fills it from the beginning of the streams. Jobs of which the streams know
// nothing any more are gone from it.
func Rebuild(ctx context.Context, db *store.DB) error {
	err := db.Write(ctx, func(tx *store.Tx) error {
		for _, statement := range []string{`DELETE FROM projections WHERE name = 'jobs'`, `DELETE FROM jobs`} {
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

// retention is how long an ended job stays in the list.
const retention = 30 * 24 * time.Hour

func (j *Jobs) sweepHourly(ctx context.Context) error {
	tick := time.NewTicker(time.Hour)
	defer tick.Stop()
	for {
		if err := j.sweep(ctx, time.Now().Add(-retention)); err != nil && ctx.Err() == nil {
			j.log.WarnContext(ctx, "old jobs not removed yet", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// sweepBatch bounds what one transaction removes, so that nobody waits long for it.
const sweepBatch = 500

// sweep removes jobs that ended before a time, and from then on the calls of jobs that are not in the list.
func (j *Jobs) sweep(ctx context.Context, before time.Time) error {
	for _, statement := range []string{
		`DELETE FROM jobs WHERE id IN (SELECT id FROM jobs WHERE finished_at > 0 AND finished_at < $1 LIMIT $2)`,
		`DELETE FROM calls WHERE created_at < $1 AND job_id IN (SELECT job_id FROM calls c
			WHERE c.created_at < $1 AND NOT EXISTS (SELECT 1 FROM jobs WHERE jobs.id = c.job_id) LIMIT $2)`,
	} {
		for removed := int64(1); removed > 0; {
			err := j.db.Write(ctx, func(tx *store.Tx) (err error) {
				removed, err = tx.Exec(ctx, statement, store.Micros(before), sweepBatch)
				return err
			})
			if err != nil {
				return fmt.Errorf("remove old jobs: %w", err)
			}
		}
	}
	return nil
}
