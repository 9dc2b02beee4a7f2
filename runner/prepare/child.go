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
	"runtime"
	"runtime/debug"
	"unicode/utf8"

	"github.com/airlock-run/airlock/runner/sandbox"
)

// Child turns this process into one that prepares a module, if that is what it was started for, and does not return
// then. The main function of every executable that prepares modules calls it before anything else.
func Child() { childWith(sandboxStages{}) }

func childWith(stages stages) {
	if !isChild() {
		return
	}
	os.Exit(serve(stages, os.Stdin, os.Stdout))
}

func isChild() bool { return len(os.Args) == 2 && os.Args[1] == childArgument }

// serve is what a child does. It returns the exit code.
func serve(stages stages, stdin io.Reader, stdout io.Writer) int {
	c := &child{out: json.NewEncoder(stdout), stage: stageStart}
	yield()
	c.tell(report{Hello: identity()})
	err := c.work(stages, stdin)
	refused, ok := errors.AsType[*sandbox.StageError](err)
	switch {
	case err == nil:
		c.tell(report{Done: &done{Memory: peakMemory()}})
		return 0
	case ok:
		c.tell(report{Refused: &refusal{Stage: refused.Stage, Reason: cut(refused.Err.Error(), maxReason)}})
	default:
		c.tell(report{Failed: cut(err.Error(), maxReason)})
	}
	return 1
}

// maxReason is how much of a reason is told, in bytes. JSON can make six of one.
const maxReason = 8 << 10

// cut shortens a text to about limit bytes, between two characters.
func cut(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	for limit > 0 && !utf8.RuneStart(text[limit]) {
		limit--
	}
	return text[:limit] + "…"
}

type child struct {
	out   *json.Encoder
	stage string
}

// tell writes a report. A parent that does not read it is dead, and then so is the child.
func (c *child) tell(r report) {
	if err := c.out.Encode(r); err != nil {
		os.Exit(1)
	}
}

func (c *child) began(stage string) {
	c.stage = stage
	c.tell(report{Stage: stage})
}

func (c *child) work(stages stages, stdin io.Reader) error {
	order, wasm, err := receive(stdin)
	if err != nil {
		return err
	}
	ctx := context.Background() // the parent limits the time, from outside
	p, err := stages.Prepare(ctx, wasm, sandbox.Options{
		MaxMemory: order.Settings.MaxMemory, NoSnapshot: order.Settings.NoSnapshot, Stage: c.began,
	})
	if err != nil {
		return blame(err, c.stage)
	}
	facts, err := json.Marshal(p.Facts)
	if err != nil {
		return fmt.Errorf("encode facts: %w", err)
	}
	files := map[string][]byte{wasmFile: p.Wasm, factsFile: facts}
	if p.Image != nil {
		files[imageFile] = p.Image
	}
	for name, data := range files {
		if err := os.WriteFile(name, data, 0o600); err != nil {
			return fmt.Errorf("keep what was prepared: %w", err)
		}
	}
	c.began(sandbox.StageCompile)
	if err := os.Mkdir(codeDir, 0o700); err != nil {
		return fmt.Errorf("keep machine code: %w", err)
	}
	return blame(stages.Compile(ctx, p, codeDir), sandbox.StageCompile)
}

// receive reads the order, limits this process as it says, and only then reads the module.
func receive(stdin io.Reader) (order, []byte, error) {
	in := bufio.NewReaderSize(stdin, 4096)
	line, err := in.ReadSlice('\n')
	if err != nil {
		return order{}, nil, fmt.Errorf("read order: %w", err)
	}
	decoder := json.NewDecoder(bytes.NewReader(line))
	decoder.DisallowUnknownFields()
	var o order
	if err := decoder.Decode(&o); err != nil {
		return order{}, nil, fmt.Errorf("decode order: %w", err)
	}
	// Three quarters leave room for what is no heap, and let the collector try before the kernel refuses.
	debug.SetMemoryLimit(int64(o.Limits.Memory / 4 * 3)) //nolint:gosec // validate bounds it
	debug.SetMaxStack(maxStack)
	runtime.GOMAXPROCS(processors)
	if err := restrict(o.Limits, o.Settings.MaxMemory); err != nil {
		return order{}, nil, fmt.Errorf("limit this process: %w", err)
	}
	if o.Size < 0 || o.Size > sandbox.MaxModule {
		return order{}, nil, errors.New("the order's size cannot be")
	}
	wasm := make([]byte, o.Size)
	if _, err := io.ReadFull(in, wasm); err != nil {
		return order{}, nil, fmt.Errorf("read module: %w", err)
	}
	return o, wasm, nil
}

const (
	// processors is on how many processors a child works.
	processors = 1
	// maxStack is how deep it may go, in bytes. The runtime's own bound, a gigabyte, takes seconds to fill.
	maxStack = 64 << 20
)
