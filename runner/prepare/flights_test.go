package prepare_test

import (
	"context"
	"errors"
	"testing"

	"github.com/airlock-run/airlock/runner/prepare"
)

// aloft is a flight that ends when it is told to, or cancelled.
type aloft struct {
	begun, land chan struct{}
	result      error
}

func newFlight(result error) *aloft {
	return &aloft{begun: make(chan struct{}), land: make(chan struct{}), result: result}
}

func (a *aloft) fly(ctx context.Context) error {
	close(a.begun)
	select {
	case <-a.land:
		return a.result
	case <-ctx.Done():
		return ctx.Err()
	}
}

func TestFlights(t *testing.T) {
	t.Parallel()
	join := func(ctx context.Context, f *prepare.Flights, a *aloft) <-chan error {
		before := f.Waiting("key")
		ended := make(chan error, 1)
		go func() { ended <- f.Join(ctx, "key", a.fly) }()
		eventually(t, "waiting", func() bool { return f.Waiting("key") > before })
		return ended
	}
	landed := errors.New("landed")
	t.Run("one_for_all", func(t *testing.T) {
		t.Parallel()
		f, a := &prepare.Flights{}, newFlight(landed)
		first, second := join(t.Context(), f, a), join(t.Context(), f, a) // begun twice it would panic
		close(a.land)
		if err := errors.Join(<-first, <-second); !errors.Is(err, landed) {
			t.Errorf("got %v", err)
		}
		if f.Waiting("key") != 0 {
			t.Error("it is still under way")
		}
	})
	t.Run("goes_on_while_one_waits", func(t *testing.T) {
		t.Parallel()
		f, a := &prepare.Flights{}, newFlight(landed)
		ctx, cancel := context.WithCancel(t.Context())
		first, second := join(ctx, f, a), join(t.Context(), f, a)
		cancel()
		if err := <-first; !errors.Is(err, context.Canceled) {
			t.Errorf("who left got %v", err)
		}
		close(a.land)
		if err := <-second; !errors.Is(err, landed) {
			t.Errorf("who stayed got %v", err)
		}
	})
	t.Run("ends_with_the_last", func(t *testing.T) {
		t.Parallel()
		f, a := &prepare.Flights{}, newFlight(landed)
		ctx, cancel := context.WithCancelCause(t.Context())
		first := join(ctx, f, a)
		<-a.begun
		stopped := errors.New("stopped")
		cancel(stopped)
		if err := <-first; !errors.Is(err, stopped) {
			t.Errorf("got %v", err)
		}
		again := newFlight(nil)
		second := join(t.Context(), f, again)
		close(again.land)
		if err := <-second; err != nil {
			t.Errorf("who came after that got %v", err)
		}
	})
}
