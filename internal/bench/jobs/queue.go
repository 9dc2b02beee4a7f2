package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/extensions"
	"github.com/airlock-run/airlock/internal/bench/guests"
)

// install installs the hand-written guest under several ids, with so many jobs at once each.
func install(ctx context.Context, conn *bus.Conn, ids []string, concurrent int) error {
	packages := make([]*extensions.Package, len(ids))
	for i, id := range ids {
		var err error
		packages[i], err = guests.Written(id, fmt.Sprintf(`{"methods":[],"max_memory_mb":1,"rate_limits":{"concurrent_jobs":%d}}`, concurrent))
		if err != nil {
			return err
		}
	}
	return guests.Install(ctx, conn, packages...)
}

// emptyJob is the guest's job that does nothing.
const emptyJob = "empty"

// jobs makes n jobs of the extensions in turn, in a few libraries.
func jobs(n int, ids []string) []*bus.Job {
	libraries := []uuid.UUID{uuid.New(), uuid.New(), uuid.New(), uuid.New()}
	all := make([]*bus.Job, n)
	for i := range all {
		all[i] = &bus.Job{Extension: ids[i%len(ids)], Name: emptyJob, Library: libraries[i%len(libraries)], Input: json.RawMessage(`{"n":1}`)}
	}
	return all
}

// ended waits until no job is left at the dealer.
func ended(ctx context.Context, conn *bus.Conn) error {
	for {
		status, err := conn.QueueStatus(ctx)
		if err == nil && status.Waiting+status.Running+status.Held == 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return errors.Join(ctx.Err(), err)
		case <-time.After(2 * time.Millisecond):
		}
	}
}
