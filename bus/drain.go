package bus

import (
	"context"
	"slices"
	"strings"
	"time"
)

const (
	// drainPrefix begins what is said on the control subject to have a worker take no more jobs. The worker's name follows.
	drainPrefix = "drain "
	// drainTime bounds how long a worker may take to say that it is draining, and drainPause is how often it is looked at.
	drainTime  = 5 * time.Second
	drainPause = 50 * time.Millisecond
)

// DrainWorker has a worker take no more jobs until it is started again. Those that it runs go on; those that were dealt to it and have
// not begun go to others. It returns when the dealer knows, so that no job is dealt to the worker any more. Draining a
// worker that is draining already changes nothing.
//
// # Errors
//
// not_found when there is no such worker; unavailable when nobody deals jobs, or the worker does not answer.
func (c *Conn) DrainWorker(ctx context.Context, name string) error {
	ctx, cancel := context.WithTimeout(ctx, drainTime)
	defer cancel()
	for asked := false; ; asked = true {
		status, err := c.QueueStatus(ctx)
		if err != nil && ctx.Err() == nil {
			return err
		}
		at := slices.IndexFunc(status.Workers, func(w WorkerStatus) bool { return w.Name == name })
		switch {
		case err != nil:
		case at >= 0 && status.Workers[at].Draining:
			return nil
		case at < 0 && asked:
			return nil // it has left meanwhile
		case at < 0:
			return Errorf(NotFound, "there is no worker %q", name)
		}
		// What is lost on the way is said again.
		if err := c.nc.Publish(controlSubject, []byte(drainPrefix+name)); err != nil {
			return Errorf(Unavailable, "drain worker %s: %v", name, err)
		}
		select {
		case <-time.After(drainPause):
		case <-ctx.Done():
			return Errorf(Unavailable, "drain worker %s: it has not answered for %s; look at it again", name, drainTime)
		}
	}
}

// drainedBy drains the worker if that is what a control message asks for, and tells whether it is about draining at all.
func (q *Queue) drainedBy(message []byte) bool {
	name, ok := strings.CutPrefix(string(message), drainPrefix)
	if !ok {
		return false
	}
	q.mu.Lock()
	asked := name == q.conn.config.Pool.worker(q.config.Worker) && !q.draining
	q.mu.Unlock()
	if asked {
		q.conn.log.Info("worker is drained: it takes no more jobs until it is started again")
		q.Drain()
	}
	return true
}
