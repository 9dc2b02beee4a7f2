package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"

	"github.com/airlock-run/airlock/internal/bench/table"
	"github.com/airlock-run/airlock/runner/sandbox"
)

// measureAlive measures the memory of sandboxes that are there at once. Each has run a job: the last thing the job does is to
// ask whether to go on, and there it is held. Plain instances are held the same way, fewer of them, for they are larger.
func measureAlive(ctx context.Context) ([]table.Row, error) {
	const many, few = 1000, 200
	ours, err := inProcess(ctx, "alive-ours", strconv.Itoa(many))
	if err != nil {
		return nil, err
	}
	plain, err := inProcess(ctx, "alive-plain", strconv.Itoa(few))
	if err != nil {
		return nil, err
	}
	return []table.Row{
		{Name: "1000 sandboxes of the Go guest at once, each having run a job, PSS each", Figure: ours[0], Unit: "MB", Goal: table.AtMost(2)},
		{Name: "200 plain instances of it at once, PSS each", Figure: plain[0], Unit: "MB"},
	}, nil
}

// crowd is jobs that run up to their end and stay there until they are let go.
type crowd struct {
	there, end sync.WaitGroup
	letGo      chan struct{}
	mu         sync.Mutex
	failed     error
}

// gather starts a number of jobs and returns how much memory they hold, each, once all are there.
func gather(arguments []string, run func(hold func()) error) ([]float64, error) {
	count, err := strconv.Atoi(arguments[0])
	if err != nil {
		return nil, err
	}
	c := &crowd{letGo: make(chan struct{})}
	add := func(n int) {
		for range n {
			c.there.Add(1)
			c.end.Go(func() {
				arrived := sync.OnceFunc(c.there.Done)
				err := run(func() { arrived(); <-c.letGo })
				arrived() // if it never got there, which is an error
				c.mu.Lock()
				c.failed = errors.Join(c.failed, err)
				c.mu.Unlock()
			})
		}
		c.there.Wait()
	}
	add(1) // what there is once for all of them
	before, err := proportional()
	if err != nil {
		return nil, err
	}
	add(count)
	after, err := proportional()
	close(c.letGo)
	c.end.Wait()
	return []float64{(after - before) / float64(count)}, errors.Join(err, c.failed)
}

func aliveOurs(ctx context.Context, args []string) ([]float64, error) {
	return with(ctx, goHold, newOurs, oursCache, func(guest *ours) ([]float64, error) {
		input := goHold.runInput()
		return gather(args, func(hold func()) error {
			return guest.do(ctx, input, &host{interrupted: func() sandbox.Interrupt { hold(); return sandbox.Continue }})
		})
	})
}

func alivePlain(ctx context.Context, args []string) ([]float64, error) {
	return with(ctx, goHold, newPlain, plainCache, func(guest *plain) ([]float64, error) {
		about := goHold.context()
		return gather(args, func(hold func()) error {
			s, err := guest.start(ctx, goHold, about)
			if err != nil {
				return err
			}
			s.interrupted = func() uint64 { hold(); return 0 }
			return errors.Join(s.run(ctx), s.close(ctx))
		})
	})
}

// proportional is this process' proportional set size in MB, without garbage.
func proportional() (float64, error) {
	debug.FreeOSMemory()
	data, err := os.ReadFile("/proc/self/smaps_rollup")
	if err != nil {
		return 0, fmt.Errorf("read memory: %w", err)
	}
	for line := range strings.Lines(string(data)) {
		if fields := strings.Fields(line); len(fields) > 1 && fields[0] == "Pss:" {
			kb, err := strconv.ParseFloat(fields[1], 64)
			return kb / 1024, err
		}
	}
	return 0, errors.New("no Pss in smaps_rollup")
}
