package prepare

import (
	"context"
	"sync"
)

// flights do things once, however many want the same at the same time. What nobody waits for any more is cancelled.
type flights struct {
	mu    sync.Mutex
	under map[string]*flight
}

type flight struct {
	waiting int
	cancel  context.CancelFunc
	done    chan struct{}
	err     error
}

// join waits for the flight of a key, and begins it if there is none. The flight's context ends when the last who waits
// leaves.
//
// # Errors
//
// The flight's; ctx's cause, when it ends first.
func (f *flights) join(ctx context.Context, key string, fly func(context.Context) error) error {
	one := f.board(ctx, key, fly)
	select {
	case <-one.done:
		return one.err
	case <-ctx.Done():
	}
	f.mu.Lock()
	one.waiting--
	last := one.waiting == 0
	if last && f.under[key] == one {
		delete(f.under, key) // who comes now does not want it to end
	}
	f.mu.Unlock()
	if last {
		one.cancel()
		<-one.done
	}
	return context.Cause(ctx)
}

func (f *flights) board(ctx context.Context, key string, fly func(context.Context) error) *flight {
	f.mu.Lock()
	defer f.mu.Unlock()
	if one, ok := f.under[key]; ok {
		one.waiting++
		return one
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	one := &flight{waiting: 1, cancel: cancel, done: make(chan struct{})}
	if f.under == nil {
		f.under = map[string]*flight{}
	}
	f.under[key] = one
	go func() {
		defer cancel()
		err := fly(ctx)
		f.mu.Lock()
		if f.under[key] == one {
			delete(f.under, key)
		}
		f.mu.Unlock()
		one.err = err
		close(one.done)
	}()
	return one
}
