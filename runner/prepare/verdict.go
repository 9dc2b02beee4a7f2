package prepare

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/airlock-run/airlock/runner/sandbox"
)

// Sentinels of failures that are not the module's.
var (
	// ErrNoChild is returned when the executable that should prepare modules does not.
	ErrNoChild = errors.New("it does not prepare modules: its main has to call prepare.Child before anything else")
	// ErrKilled is returned when a child was killed from outside. Another try may succeed.
	ErrKilled = errors.New("the child that prepared the module was killed; the system may have been out of memory")
)

// outOfMemory is what the Go runtime says when the kernel gives it no more memory, and what its race detector says.
var outOfMemory = []string{"out of memory", "cannot allocate memory", "failed to create new OS thread", "failed to allocate"}

// verdict says how a child ended: nil when it did its work.
func (p *Preparer) verdict(e *ending) error {
	fails := func(format string, args ...any) error {
		return &sandbox.StageError{Stage: e.stage, Err: fmt.Errorf(format, args...)}
	}
	switch {
	case e.refused != nil:
		return &sandbox.StageError{Stage: e.refused.Stage, Err: errors.New(e.refused.Reason)}
	case e.failed != "":
		return errors.New(e.failed)
	case e.done != nil && e.state.Success():
		return nil
	case errors.Is(e.cause, errNoHello), !e.helloed && e.cause == nil && !killed(e.state):
		return fmt.Errorf("run %s: %w", p.command[0], ErrNoChild)
	case e.broken != nil:
		return fmt.Errorf("run %s: %w", p.command[0], e.broken)
	case errors.Is(e.cause, errWall):
		return fails("took longer than %s, %s of it on the processor", p.limits.Wall, e.cpu().Round(time.Millisecond))
	case e.cause != nil:
		return e.cause
	case e.overCPU(p.limits.CPU):
		return fails("took longer than %s of CPU time", p.limits.CPU)
	case e.said(outOfMemory...):
		return fails("the module needs more than %d MB of memory", p.limits.Memory>>20)
	case killed(e.state):
		return fmt.Errorf("%s: %w", e.stage, ErrKilled)
	default:
		return fails("the engine broke over the module: %s", e.lastWords())
	}
}

// overCPU tells whether a child died of its limit. The kernel limits by what it counts at its clock's ticks, which is not
// quite what it tells in the end.
func (e *ending) overCPU(limit time.Duration) bool {
	return killed(e.state) && e.cpu() >= limit*4/5
}

// cpu is the processor time that a child took.
func (e *ending) cpu() time.Duration { return e.state.UserTime() + e.state.SystemTime() }

func (e *ending) said(any ...string) bool {
	text := e.stderr.String()
	for _, words := range any {
		if strings.Contains(text, words) {
			return true
		}
	}
	return false
}

// lastWords is the line in which the Go runtime says why it gave up, or how the process ended.
func (e *ending) lastWords() string {
	for line := range strings.Lines(e.stderr.String()) {
		if strings.HasPrefix(line, "fatal error: ") || strings.HasPrefix(line, "panic: ") || strings.HasPrefix(line, "SIG") {
			return cut(strings.TrimSpace(line), 300)
		}
	}
	return e.state.String()
}
