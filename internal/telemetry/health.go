package telemetry

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"sync"
	"time"
)

// Check tells whether something is as it should be. It may be called several times at once.
type Check func(ctx context.Context) error

// Health knows whether a process is ready. The zero value is: there is nothing to check. It is safe for concurrent use.
type Health struct {
	mu     sync.Mutex
	checks map[string]Check
}

// Set adds a check, or puts it in the place of the one that had the name.
func (h *Health) Set(name string, check Check) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.checks == nil {
		h.checks = map[string]Check{}
	}
	h.checks[name] = check
}

// States a part of a process can be in, as reasons for it not to be ready.
var (
	ErrStarting = errors.New("it starts")
	ErrStopping = errors.New("it stops")
)

var errSlow = errors.New("it does not answer in time")

// Fail sets a check that fails for one reason. Without one it passes.
func (h *Health) Fail(name string, reason error) {
	h.Set(name, func(context.Context) error { return reason })
}

// checkTime bounds a check. Those who ask wait for a second or a few themselves.
const checkTime = 2 * time.Second

// verdict is what /readyz answers.
type verdict struct {
	Status string            `json:"status"`
	Checks map[string]string `json:"checks,omitempty"`
}

const (
	statusOK          = "ok"
	statusUnavailable = "unavailable"
)

// check makes all checks at once.
func (h *Health) check(ctx context.Context) verdict {
	ctx, cancel := context.WithTimeout(ctx, checkTime)
	defer cancel()
	h.mu.Lock()
	results := make(map[string]chan error, len(h.checks))
	for name, check := range h.checks {
		result := make(chan error, 1)
		results[name] = result
		go func() { result <- check(ctx) }()
	}
	h.mu.Unlock()
	v := verdict{Status: statusOK, Checks: make(map[string]string, len(results))}
	for name, result := range results {
		v.Checks[name] = statusOK
		var err error
		select {
		case err = <-result:
		case <-ctx.Done():
			select {
			case err = <-result: // it was in time, and another was waited for meanwhile
			default:
				err = errSlow
			}
		}
		if err != nil {
			v.Status, v.Checks[name] = statusUnavailable, err.Error()
		}
	}
	return v
}

// ServeReady answers 200 when all checks pass, otherwise 503, with what is wrong.
func (h *Health) ServeReady(w http.ResponseWriter, r *http.Request) { answer(w, h.check(r.Context())) }

// ServeAlive answers 200: whoever can answer is alive.
func (h *Health) ServeAlive(w http.ResponseWriter, _ *http.Request) {
	answer(w, verdict{Status: statusOK})
}

func answer(w http.ResponseWriter, v verdict) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	if v.Status != statusOK {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	_ = json.NewEncoder(w).Encode(v) // who asked may have gone
}
