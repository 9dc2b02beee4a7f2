package runner

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/airlock-run/airlock/runner/sandbox"
)

// deadline ends an attempt that takes too long. A guest that asks whether to go on is told to stop, and has the grace time
// to do so; any other is ended at once.
type deadline struct {
	// shutdown is what the worker has guests answered.
	shutdown *atomic.Uint32
	// after is how long the attempt may take.
	after         time.Duration
	asked, passed atomic.Bool
}

// watch returns a context that ends when the guest must. Stop releases it.
func (d *deadline) watch(ctx context.Context, after, grace time.Duration) (watched context.Context, stop func()) {
	d.after = after
	hard, release := context.WithTimeoutCause(ctx, after+grace, d.late())
	soft, end := context.WithCancelCause(hard)
	timer := time.AfterFunc(after, func() {
		d.passed.Store(true)
		if !d.asked.Load() {
			end(d.late())
		}
	})
	return soft, func() {
		timer.Stop()
		end(nil)
		release()
	}
}

func (d *deadline) late() error {
	return fmt.Errorf("%w: the attempt took longer than %s", errTimeout, d.after)
}

// interrupted is what the guest is answered when it asks whether to go on.
func (d *deadline) interrupted() sandbox.Interrupt {
	d.asked.Store(true)
	if d.passed.Load() {
		return sandbox.Shutdown
	}
	return sandbox.Interrupt(d.shutdown.Load())
}
