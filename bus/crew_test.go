package bus

import (
	"sync/atomic"
	"testing"
)

// All that is begun is done, whoever does it, and in the end nobody is left.
func TestCrewDoesAll(t *testing.T) {
	t.Parallel()
	var done atomic.Int32
	release := make(chan struct{})
	c := newCrew(func(request) {
		<-release
		done.Add(1)
	})
	const n = 4 * maxResting // more than may rest afterwards
	for range n {
		c.do(request{})
	}
	if got := done.Load(); got != 0 {
		t.Errorf("%d were done one after the other", got)
	}
	close(release)
	for range n {
		c.do(request{})
	}
	c.end()
	if c.do(request{}) {
		t.Error("it takes more when it has ended")
	}
	c.end()
	if got := done.Load(); got != 2*n {
		t.Errorf("%d were done, want %d", got, 2*n)
	}
	if rest := len(c.places); rest != 0 {
		t.Errorf("%d still rest", rest)
	}
}
