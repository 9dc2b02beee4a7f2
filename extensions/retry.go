package extensions

import (
	"fmt"
	"math"
	"strconv"
	"time"
)

const (
	// maxMultiplier bounds how much longer each pause can be than the one before.
	maxMultiplier = 100
	// maxPause bounds a pause, in milliseconds: 30 days.
	maxPause = 30 * 24 * 60 * 60 * 1000
)

// Defaults of what neither the manifest nor the host's configuration says of pauses.
const (
	DefaultMultiplier = 2
	DefaultJitter     = 0.05
)

// Backoff is the pause before a failed job is tried again: Initial, Multiplier times as long after each further failure, up to Max, and
// longer or shorter by a random share of at most Jitter. What is 0 is left to the host.
type Backoff struct {
	Initial time.Duration
	Max     time.Duration
	// Multiplier is at least 1.
	Multiplier float64
	// Jitter is from 0 to 1. NoJitter says that none is wanted.
	Jitter   float64
	NoJitter bool
}

// Or fills what is left to the host from what the host says.
func (b Backoff) Or(host Backoff) Backoff {
	if b.Initial == 0 {
		b.Initial = host.Initial
	}
	if b.Max == 0 {
		b.Max = max(host.Max, b.Initial)
	}
	if b.Multiplier == 0 {
		b.Multiplier = host.Multiplier
	}
	if b.Jitter == 0 && !b.NoJitter {
		b.Jitter = host.Jitter
	}
	return b
}

// Pause is the pause after a failure that follows so many others. chance is from 0 to 1 and says which one of those that Jitter allows.
func (b Backoff) Pause(failures int, chance float64) time.Duration {
	multiplier := b.Multiplier
	if multiplier == 0 {
		multiplier = DefaultMultiplier
	}
	pause := math.Min(float64(b.Initial)*math.Pow(multiplier, float64(failures)), float64(b.Max))
	pause *= 1 + b.Jitter*(2*chance-1)
	return time.Duration(math.Min(pause, math.MaxInt64/2))
}

// retry reads the retry policy of a job. What it says may not be said elsewhere as well.
func (d *decoder) retry(s *JobSettings) func(*node) {
	return func(n *node) {
		if n.kind == isObject && n.parent != nil {
			for _, other := range []string{"max_attempts", "backoff"} {
				if n.parent.member(other) != nil {
					d.fail(n, "retry and %s both say how the job is retried: write it in retry alone", other)
				}
			}
		}
		b := &s.Backoff
		d.object(n, fields{
			"max_attempts": d.integer(&s.MaxAttempts, maxRate, "attempts"),
			"initial_ms":   d.milliseconds(&b.Initial),
			"max_ms":       d.milliseconds(&b.Max),
			"multiplier":   d.number(&b.Multiplier, 1, maxMultiplier),
			"jitter": func(n *node) {
				d.number(&b.Jitter, 0, 1)(n)
				b.NoJitter = n.kind == isNumber && b.Jitter == 0
			},
		})
	}
}

// milliseconds reads a time as a whole number of milliseconds, at least 1.
func (d *decoder) milliseconds(into *time.Duration) func(*node) {
	return func(n *node) {
		ms := 0
		if d.integer(&ms, maxPause, "milliseconds")(n); ms > 0 {
			*into = time.Duration(ms) * time.Millisecond
		} else if n.kind == isNumber && n.text == "0" {
			d.fail(n, "0 is no pause: write at least 1, or leave it out")
		}
	}
}

// number reads a number from least to most.
func (d *decoder) number(into *float64, least, most float64) func(*node) {
	return func(n *node) {
		if !d.is(n, isNumber) {
			return
		}
		number, err := strconv.ParseFloat(n.text, 64)
		if err != nil || number < least || number > most {
			d.fail(n, "%s", fmt.Sprintf("%s is out of range: write a number from %v to %v", n.text, least, most))
			return
		}
		*into = number
	}
}
