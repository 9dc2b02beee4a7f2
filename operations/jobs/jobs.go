package jobs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/operations/store"
)

// Jobs is the list of jobs. Start it with Run.
type Jobs struct {
	conn  *bus.Conn
	db    *store.DB
	log   *slog.Logger
	ready chan struct{}

	// list has the tables of the list; it is open while Run runs.
	list *store.DB
	// behind is how many messages the list has not seen, as of the last batch.
	behind atomic.Uint64
}

// New makes the list of the jobs on conn, kept in db or beside it. A nil logger discards.
func New(conn *bus.Conn, db *store.DB, logger *slog.Logger) *Jobs {
	if logger == nil {
		logger = slog.New(slog.DiscardHandler)
	}
	return &Jobs{conn: conn, db: db, log: logger, ready: make(chan struct{})}
}

// Ready is closed once the list answers; it may still be catching up with the streams.
func (j *Jobs) Ready() <-chan struct{} { return j.ready }

// Run follows the streams and answers airlock.api.jobs.list, show and rebuild, until ctx ends. It is called once.
func (j *Jobs) Run(ctx context.Context) (err error) {
	if j.list, err = j.db.JobList(ctx); err != nil {
		return fmt.Errorf("open list of jobs: %w", err)
	}
	defer func() { err = errors.Join(err, j.list.Close()) }()
	k, err := newKeeper(ctx, j.list)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, k.close()) }()
	service, err := j.conn.Serve(bus.ServiceConfig{
		Name: "jobs", Description: "the list of jobs", Logger: j.log,
		Endpoints: []bus.Endpoint{
			bus.APIEndpoint("jobs", "list", j.answerList), bus.APIEndpoint("jobs", "show", j.answerShow),
			bus.APIEndpoint("jobs", "rebuild", j.answerRebuild),
		},
	})
	if err != nil {
		return fmt.Errorf("serve list of jobs: %w", err)
	}
	close(j.ready)

	var wg sync.WaitGroup
	for _, part := range []func(context.Context){
		func(ctx context.Context) { j.follow(ctx, k) }, j.markOften, j.sweepHourly,
	} {
		wg.Go(func() { part(ctx) })
	}
	<-ctx.Done()
	wg.Wait()
	return service.Stop()
}
