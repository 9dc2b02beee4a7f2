package sandbox_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/airlock-run/airlock/runner/sandbox"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// Runs of one module know nothing of each other.
func TestRunsInParallel(t *testing.T) {
	t.Parallel()
	const runs = 200
	onEngines(t, func(t *testing.T, m *sandbox.Module) {
		arrived := make(chan struct{})
		var wg, calls sync.WaitGroup
		calls.Add(runs)
		go func() {
			calls.Wait()
			close(arrived)
		}()
		for i := range runs {
			wg.Go(func() {
				host := &recorder{answer: func(ctx context.Context, c sandbox.Call) json.RawMessage {
					calls.Done()
					select { // all are inside of a call at the same time
					case <-arrived:
					case <-ctx.Done():
					}
					return c.Payload
				}}
				_, err := run(t.Context(), m, "call", fmt.Sprintf("query:x\n%d", i), host)
				if want := fmt.Sprintf("log info %d", i); err != nil || len(host.trace) != 2 || host.trace[1] != want {
					t.Errorf("run %d: %q, %v, want %s", i, host.trace, err, want)
				}
			})
		}
		wg.Wait()
	})
}

// A run that is cancelled while it waits for an answer comes back at once, and the guest does nothing more.
func TestRunCancelledInCall(t *testing.T) {
	t.Parallel()
	onEngines(t, func(t *testing.T, m *sandbox.Module) {
		gone := errors.New("the worker goes")
		for range 50 {
			ctx, cancel := context.WithCancelCause(t.Context())
			host := &recorder{answer: func(ctx context.Context, _ sandbox.Call) json.RawMessage {
				cancel(gone)
				<-ctx.Done()
				return json.RawMessage(`{"error":"cancelled"}`)
			}}
			_, err := run(ctx, m, "call", "query:slow\n", host)
			if !errors.Is(err, gone) || len(host.trace) != 1 {
				t.Fatalf("error is %v after %q, want %v after the call", err, host.trace, gone)
			}
		}
	})
}

// cancelling is a host that cancels its run at the first log line.
type cancelling struct {
	counter
	cancel context.CancelFunc
}

func (c *cancelling) Log(level sandbox.Level, text []byte) {
	c.cancel()
	c.counter.Log(level, text)
}

// The host hears nothing of a guest after the end of its run.
func TestRunCancelledIsSilent(t *testing.T) {
	t.Parallel()
	onHostile(t, func(t *testing.T, m *sandbox.Module) {
		for range 200 {
			ctx, cancel := context.WithCancel(t.Context())
			host := &cancelling{cancel: cancel}
			if _, err := run(ctx, m, "flood", "", host); !errors.Is(err, context.Canceled) || host.lines != 1 {
				t.Fatalf("error is %v after %d lines, want %v after 1", err, host.lines, context.Canceled)
			}
		}
	})
}
