package runner

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/runner/sandbox"
)

// session is what a guest's imports reach during one attempt: the Host of its sandbox.
type session struct {
	bridge  *bridge
	report  *reporter
	attempt *bus.Attempt
	// deadline knows whether the guest is to go on.
	deadline *deadline
	// large bounds what is under way of large payloads.
	large *semaphore.Weighted
	// fenced ends the attempt when a newer one exists.
	fenced context.CancelCauseFunc

	mu    sync.Mutex
	saved []byte
}

var _ sandbox.Host = (*session)(nil)

// Call implements sandbox.Host.
func (s *session) Call(ctx context.Context, call sandbox.Call) json.RawMessage {
	s.report.waits()
	defer s.report.goesOn()
	return s.bridge.call(ctx, call, sandbox.MaxPayload)
}

// Room implements sandbox.Host.
func (s *session) Room(ctx context.Context, bytes int64) (leave func(), err error) {
	s.report.waits()
	defer s.report.goesOn()
	ctx, cancel := context.WithTimeout(ctx, s.bridge.timeout)
	defer cancel()
	if err := s.large.Acquire(ctx, bytes); err != nil {
		return nil, errors.New("other large calls of this worker have not ended in time; try again later")
	}
	return func() { s.large.Release(bytes) }, nil
}

// parallelCalls is how many of the calls of one CallMany are under way at once.
const parallelCalls = 32

// tooMuch stands for an answer beyond what fits in one result.
var tooMuch = json.RawMessage(`{"code":"resource_exhausted","error":"the answers of these calls are too large together; make fewer calls at once"}`)

// CallMany implements sandbox.Host.
func (s *session) CallMany(ctx context.Context, calls []sandbox.Call) []json.RawMessage {
	s.report.waits()
	defer s.report.goesOn()
	answers := make([]json.RawMessage, len(calls))
	slots := make(chan struct{}, parallelCalls)
	var wg sync.WaitGroup
	var size atomic.Int64
	for i, call := range calls {
		slots <- struct{}{} // free again at the latest when ctx ends, as each call does
		wg.Go(func() {
			defer func() { <-slots }()
			answers[i] = s.bridge.call(ctx, call, sandbox.MaxTogether)
			if size.Add(int64(len(answers[i]))) > sandbox.MaxTogether {
				answers[i] = tooMuch // as a whole they are refused; they need not be kept until then
			}
		})
	}
	wg.Wait()
	return answers
}

// Log implements sandbox.Host.
func (s *session) Log(level sandbox.Level, text []byte) { logged(s.report, level, text) }

// Progress implements sandbox.Host.
func (s *session) Progress(fraction float32, message []byte) {
	progressed(s.report, fraction, message)
}

// Warn implements sandbox.Host.
func (s *session) Warn(message string) { warned(s.report, message) }

// AddBytes implements sandbox.Host.
func (s *session) AddBytes(n int64) { s.report.addBytes(n) }

// AddItems implements sandbox.Host.
func (s *session) AddItems(n int64) { s.report.addItems(n) }

// Interrupted implements sandbox.Host.
func (s *session) Interrupted() sandbox.Interrupt { return s.deadline.interrupted() }

// Checkpoint implements sandbox.Host. What is saved is on disk when it returns.
func (s *session) Checkpoint(ctx context.Context, state []byte) error {
	s.report.waits()
	defer s.report.goesOn()
	checkpoint := &bus.Checkpoint{State: state, At: time.Now().UTC(), Calls: s.bridge.counted()}
	err := s.attempt.Save(ctx, checkpoint, s.report.snapshot())
	if errors.Is(err, bus.ErrFenced) {
		s.fenced(bus.ErrFenced)
	}
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.saved = state
	return nil
}

// LoadCheckpoint implements sandbox.Host.
func (s *session) LoadCheckpoint() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.saved
}
