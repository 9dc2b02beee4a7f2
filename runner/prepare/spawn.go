package prepare

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"time"

	"github.com/airlock-run/airlock/runner/sandbox"
)

// helloTime is how long a child may take to say that it is one.
const helloTime = 30 * time.Second

var (
	errNoHello = errors.New("no hello")
	errWall    = errors.New("out of time")
)

// spawn has a child prepare a module in a directory, and returns once it has ended.
//
// # Errors
//
// A *sandbox.StageError when it is the module's fault; ctx's cause, when it ends first.
func (p *Preparer) spawn(ctx context.Context, dir string, lock *os.File, wasm []byte, options sandbox.Options) (Cost, error) {
	// On Linux a child dies with the thread that made it: this one stays as long as the child does.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()

	ctx, cancel := context.WithTimeoutCause(ctx, p.limits.Wall, errWall)
	defer cancel()
	ctx, kill := context.WithCancelCause(ctx)
	defer kill(nil)

	var out ending
	cmd := exec.CommandContext(ctx, p.command[0], p.command[1:]...) //nolint:gosec // this executable, or who made the Preparer says which
	cmd.Dir = dir
	cmd.Env = []string{}
	cmd.Stderr = &out.stderr
	cmd.WaitDelay = 5 * time.Second
	detach(cmd, lock)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return Cost{}, fmt.Errorf("start child: %w", err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return Cost{}, fmt.Errorf("start child: %w", err)
	}
	start := time.Now()
	if err := cmd.Start(); err != nil {
		return Cost{}, fmt.Errorf("start child: %w", err)
	}
	hello := time.AfterFunc(helloTime, func() { kill(errNoHello) })
	defer hello.Stop()
	send := func() error {
		hello.Stop()
		return p.send(stdin, wasm, options)
	}
	if err := out.follow(stdout, send); err != nil {
		out.broken = err
		kill(err)
	}
	_, _ = stdin.Close(), stdout.Close() // one that still writes has written too much
	_ = cmd.Wait()                       // the state says all
	out.state, out.cause = cmd.ProcessState, context.Cause(ctx)
	return out.cost(time.Since(start)), p.verdict(&out)
}

// send hands over the order and the module. That the child is gone is not told: how it ended says more.
func (p *Preparer) send(stdin io.WriteCloser, wasm []byte, options sandbox.Options) error {
	line, err := json.Marshal(order{Size: len(wasm), Settings: settingsOf(options), Limits: p.limits})
	if err != nil {
		return fmt.Errorf("encode order: %w", err)
	}
	if _, err := stdin.Write(append(line, '\n')); err != nil {
		return nil //nolint:nilerr // see above
	}
	_, _ = stdin.Write(wasm)
	return nil
}

// ending is what is known of a child that ended.
type ending struct {
	// helloed is whether it was one at all, and stage what it did last.
	helloed bool
	stage   string
	refused *refusal
	failed  string
	done    *done
	stderr  head
	state   *os.ProcessState
	// cause is why it was killed, if it was; broken, what was wrong with what it said.
	cause, broken error
}

// follow reads what a child reports until it ends. It calls send once the child said who it is.
func (e *ending) follow(stdout io.Reader, send func() error) error {
	lines := bufio.NewScanner(io.LimitReader(stdout, maxReports))
	lines.Buffer(nil, maxReport)
	for lines.Scan() {
		r, err := parseReport(lines.Bytes())
		switch {
		case err != nil && !e.helloed:
			return errNoHello // it prints something else: it is something else
		case err != nil:
			return fmt.Errorf("decode report: %w", err)
		case r.Hello != "" && !e.helloed:
			if r.Hello != identity() {
				return fmt.Errorf("it is %q, and this is %q", r.Hello, identity())
			}
			e.helloed, e.stage = true, stageStart
			if err := send(); err != nil {
				return err
			}
		case !e.helloed:
			return errNoHello
		case r.Stage != "":
			e.stage = r.Stage
		case r.Refused != nil:
			e.refused = r.Refused
		case r.Failed != "":
			e.failed = r.Failed
		case r.Done != nil:
			e.done = r.Done
		}
	}
	if err := lines.Err(); err != nil && !errors.Is(err, os.ErrClosed) {
		return fmt.Errorf("read reports: %w", err)
	}
	return nil
}

// cost is what a child took.
func (e *ending) cost(wall time.Duration) Cost {
	c := Cost{Wall: wall}
	if e.state != nil {
		c.CPU = e.cpu()
		c.Memory = maxResident(e.state)
	}
	if e.done != nil && e.done.Memory > 0 {
		c.Memory = e.done.Memory
	}
	return c
}

// head keeps the beginning of what is written to it.
type head struct{ bytes.Buffer }

// maxHead is how much it keeps.
const maxHead = 16 << 10

// Write implements io.Writer.
func (h *head) Write(data []byte) (int, error) {
	h.Buffer.Write(data[:min(len(data), maxHead-h.Len())])
	return len(data), nil
}
