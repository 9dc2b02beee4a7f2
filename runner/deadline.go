package runner

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/runner/sandbox"
)

// deadline ends an attempt that takes too long, and one that somebody wants to end. A guest that asks whether to go on is told to
// stop, and has the grace time to do so; any other is ended at once.
type deadline struct {
	// shutdown is what the worker has guests answered.
	shutdown *atomic.Uint32
	// after is how long the attempt may take.
	after         time.Duration
	asked, passed atomic.Bool

	// request is what somebody asked for; none is "".
	request atomic.Value
	// aside is when the job is to go on that was set aside; nil for one that was not.
	aside atomic.Pointer[time.Time]
	// end ends the guest.
	mu    sync.Mutex
	end   context.CancelCauseFunc
	grace time.Duration
}

// watch has end called when the guest must end. Stop ends that.
func (d *deadline) watch(end context.CancelCauseFunc, after, grace time.Duration) (stop func()) {
	d.after = after
	d.mu.Lock()
	d.end, d.grace = end, grace
	d.mu.Unlock()
	if d.requested() != "" {
		d.stop()
	}
	timer := time.AfterFunc(after, func() {
		d.passed.Store(true)
		if !d.asked.Load() {
			end(d.late())
			return
		}
		time.AfterFunc(grace, func() { end(d.late()) })
	})
	return func() { timer.Stop() }
}

// ask has the guest end for a request of somebody.
func (d *deadline) ask(request bus.Request) {
	if d.request.CompareAndSwap(nil, request) {
		d.stop()
	}
}

// setAside has the guest end, and its job go on at a time. Of several times the first one holds.
func (d *deadline) setAside(until time.Time) {
	if d.aside.CompareAndSwap(nil, &until) {
		d.stop()
	}
}

// stop ends a guest that does not ask at once, and any other after the grace time.
func (d *deadline) stop() {
	d.mu.Lock()
	end, grace := d.end, d.grace
	d.mu.Unlock()
	switch {
	case end == nil: // it has not begun
	case d.asked.Load():
		time.AfterFunc(grace, func() { end(errAsked) })
	default:
		end(errAsked)
	}
}

// requested is what somebody asked for, or "".
func (d *deadline) requested() bus.Request {
	request, _ := d.request.Load().(bus.Request)
	return request
}

func (d *deadline) late() error {
	return fmt.Errorf("%w: the attempt took longer than %s", errTimeout, d.after)
}

// interrupted is what the guest is answered when it asks whether to go on.
func (d *deadline) interrupted() sandbox.Interrupt {
	d.asked.Store(true)
	switch {
	case d.requested() == bus.CancelRequest:
		return sandbox.Cancel
	case d.passed.Load(), d.aside.Load() != nil, d.requested() == bus.PauseRequest:
		return sandbox.Shutdown
	}
	return sandbox.Interrupt(d.shutdown.Load())
}
