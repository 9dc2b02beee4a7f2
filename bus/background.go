package bus

import (
	"context"
	"sync"
	"time"
)

// background is a goroutine that can be ended.
type background struct {
	mu    sync.Mutex
	timer *time.Timer
	stop  context.CancelFunc
	over  bool
	wg    sync.WaitGroup
}

func (b *background) start(run func(ctx context.Context)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.over {
		return
	}
	ctx, stop := context.WithCancel(context.Background())
	b.stop = stop
	b.wg.Go(func() { run(ctx) })
}

// startAfter starts it after a while, unless it was ended before. Until then it costs a timer.
func (b *background) startAfter(pause time.Duration, run func(ctx context.Context)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.timer = time.AfterFunc(pause, func() { b.start(run) })
}

// end ends the goroutine and waits for it. Without one it sees to it that none is started.
func (b *background) end() {
	b.mu.Lock()
	b.over = true
	stop := b.stop
	if b.timer != nil {
		b.timer.Stop()
	}
	b.mu.Unlock()
	if stop != nil {
		stop()
		b.wg.Wait()
	}
}
