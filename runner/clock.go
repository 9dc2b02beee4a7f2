package runner

import "time"

// guestClock tells the time a guest runs from the time it waits for a call or a checkpoint. The zero value has measured
// nothing.
type guestClock struct {
	// begun is when the guest started, since when it waits; zero while it does not.
	begun, since time.Time
	// waited is how long it waited, and lasted how long it was there, once it has returned.
	waited, lasted time.Duration
	over           bool
}

func (c *guestClock) start() { c.begun = time.Now() }

func (c *guestClock) wait() { c.since = time.Now() }

func (c *guestClock) goOn() {
	c.waited += time.Since(c.since)
	c.since = time.Time{}
}

func (c *guestClock) stop() { c.lasted, c.over = time.Since(c.begun), true }

// milliseconds returns the two times, to the microsecond.
func (c *guestClock) milliseconds() (guest, calls float64) {
	if c.begun.IsZero() {
		return 0, 0
	}
	lasted, waited := c.lasted, c.waited
	if !c.over {
		lasted = time.Since(c.begun)
	}
	if !c.since.IsZero() {
		waited += time.Since(c.since)
	}
	return float64((lasted - waited).Microseconds()) / 1000, float64(waited.Microseconds()) / 1000
}
