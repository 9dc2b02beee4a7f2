package bus

import "sync"

// maxResting is how many goroutines of a crew wait for work.
const maxResting = 16

// crew does work in goroutines that it uses again: a new one begins with a small stack and has to grow it for each request, which takes
// longer than answering many of them.
type crew struct {
	work func(request)
	// resting take a request at once, or end when ending is closed.
	resting chan request
	ending  chan struct{}
	places  chan struct{}

	mu    sync.RWMutex
	ended bool
	wg    sync.WaitGroup
}

func newCrew(work func(request)) *crew {
	return &crew{work: work, resting: make(chan request), ending: make(chan struct{}), places: make(chan struct{}, maxResting)}
}

// do has a request worked on, and does not wait for that. It answers false after end.
func (c *crew) do(r request) bool {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if c.ended {
		return false
	}
	select {
	case c.resting <- r:
	default:
		c.wg.Go(func() { c.serve(r) })
	}
	return true
}

func (c *crew) serve(r request) {
	for {
		c.work(r)
		select {
		case c.places <- struct{}{}:
		default:
			return
		}
		select {
		case r = <-c.resting:
			<-c.places
		case <-c.ending:
			<-c.places
			return
		}
	}
}

// end returns when all that was begun is done. It may be called again.
func (c *crew) end() {
	c.mu.Lock()
	if !c.ended {
		c.ended = true
		close(c.ending)
	}
	c.mu.Unlock()
	c.wg.Wait()
}
