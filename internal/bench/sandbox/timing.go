package main

import (
	"fmt"
	"runtime"
	"slices"
	"syscall"
	"time"

	"github.com/airlock-run/airlock/internal/bench/table"
)

// contender is one of several ways to do the same thing.
type contender struct {
	name string
	do   func() error
}

// timing is how long one turn of a contender took: the mean of each of its batches, in the order they ran.
type timing struct {
	wall, cpu []time.Duration
}

func (t timing) median() time.Duration    { return table.Quantile(t.wall, 0.5) }
func (t timing) least() time.Duration     { return slices.Min(t.wall) }
func (t timing) processor() time.Duration { return table.Quantile(t.cpu, 0.5) }

// batch is how long the turns of one contender last, roughly, before the next has its own: long enough that the clock and
// the garbage collector's work for it are in the mean, and short enough that what else the machine does meets all alike.
const batch = 5 * time.Millisecond

// leastRounds is how often each contender has its turn, however long that takes.
const leastRounds = 15

// compare has the contenders take turns for a while, and returns their times in the order they were given. Each begins with
// the garbage of the one before it gone, and pays for its own.
func compare(budget time.Duration, contenders ...contender) ([]timing, error) {
	turns := make([]int, len(contenders))
	for i, c := range contenders {
		start := time.Now()
		for turns[i] < 3 || time.Since(start) < batch {
			if err := c.do(); err != nil {
				return nil, fmt.Errorf("%s: %w", c.name, err)
			}
			turns[i]++
		}
		turns[i] = max(1, int(float64(turns[i])*ratio(batch, time.Since(start))))
	}
	timings := make([]timing, len(contenders))
	for start := time.Now(); len(timings[0].wall) < leastRounds || time.Since(start) < budget; {
		for i, c := range contenders {
			if err := timings[i].add(turns[i], c.do); err != nil {
				return nil, fmt.Errorf("%s: %w", c.name, err)
			}
		}
	}
	for i, c := range contenders {
		t := timings[i]
		table.Note("  %s: median %s, least %s, processor %s (%d rounds of %d)", c.name, t.median(), t.least(), t.processor(), len(t.wall), turns[i])
	}
	return timings, nil
}

// add measures one batch.
func (t *timing) add(turns int, do func() error) error {
	runtime.GC()
	start, used := time.Now(), processorTime()
	for range turns {
		if err := do(); err != nil {
			return err
		}
	}
	t.wall = append(t.wall, time.Since(start)/time.Duration(turns))
	t.cpu = append(t.cpu, (processorTime()-used)/time.Duration(turns))
	return nil
}

// processorTime is what this process has used.
func processorTime() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		panic(err) // there is always this process
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

func ratio(a, b time.Duration) float64 { return float64(a) / float64(b) }

func us(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1e3 }
