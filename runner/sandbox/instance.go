package sandbox

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"runtime"
	"strings"

	"github.com/google/uuid"
	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"
	"github.com/tetratelabs/wazero/sys"
)

// instance is one sandbox: a module's memory and globals, and whom its imports reach.
type instance struct {
	host Host
	job  uuid.UUID
	// registry is there while plugin_init runs.
	registry *registry
	// output holds what the guest printed on standard output and error after the last line break.
	output [2][]byte

	module api.Module
	// release lets go of the context that stops the guest.
	release  func()
	allocate api.Function
	// allocating is set while wasm_alloc runs.
	allocating bool
	memory     *memoryLimit
}

// startConfig is how each sandbox is made: without a name, so that there can be many, and without running anything, as
// what runs must be stoppable. random_get is ours; naming a source keeps wazero from seeding one for each.
var startConfig = wazero.NewModuleConfig().WithName("").WithStartFunctions().WithRandSource(rand.Reader)

// instantiate makes a sandbox and runs what comes before a job: the start function, _initialize and plugin_init.
func (m *Module) instantiate(ctx context.Context, s *instance) (*instance, error) {
	var err error
	if s.memory, err = reserveMemory(m.memory); err != nil {
		return nil, err
	}
	ctx = experimental.WithMemoryAllocator(withInstance(ctx, s), s.memory)
	err = survive(func() (err error) {
		s.module, err = m.runtime.InstantiateModule(ctx, m.compiled, startConfig)
		return err //nolint:wrapcheck // wrapped below
	})
	if err == nil {
		if !m.interpreter {
			s.release = s.stopWith(ctx)
		}
		err = s.begin(ctx)
	}
	if err != nil {
		err = fmt.Errorf("start the guest: %w", s.ended(ctx, err))
		s.close()
		return nil, err
	}
	var answer [1]uint64
	err = call(ctx, s.module.ExportedFunction("plugin_init"), answer[:])
	switch {
	case err != nil:
		err = s.ended(ctx, err)
	case api.DecodeI32(answer[0]) == 0:
	case s.registry.refused != nil:
		err = s.registry.refused
	default:
		err = fmt.Errorf("it answered %d, want 0", api.DecodeI32(answer[0]))
	}
	if err != nil {
		err = fmt.Errorf("plugin_init: %w", err)
		s.close()
		return nil, err
	}
	s.registry = nil
	return s, nil
}

// begin runs what of a guest runs before anything else.
func (s *instance) begin(ctx context.Context) error {
	if start := s.module.ExportedFunction(startExport); start != nil {
		if err := call(ctx, start, nil); err != nil {
			return fmt.Errorf("start function[%d] failed: %w", start.Definition().Index(), err)
		}
	}
	if initialize := s.module.ExportedFunction("_initialize"); initialize != nil {
		return call(ctx, initialize, nil)
	}
	return nil
}

// close frees the sandbox. What the guest printed last, without a line break, is logged.
func (s *instance) close() {
	for stream := range s.output {
		s.flush(stream)
	}
	if s.release != nil {
		s.release()
	}
	if s.module != nil {
		_ = s.module.Close(context.Background())
	}
	s.memory.free()
}

// ended says why a call into the guest failed, without wazero's stack trace of the host.
func (s *instance) ended(ctx context.Context, err error) error {
	for stream := range s.output {
		s.flush(stream)
	}
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	return s.reason(err)
}

// reason is what of the guest's doing ended a call into it.
func (s *instance) reason(err error) error {
	if inner, ok := errors.AsType[*allocatorError](err); ok {
		return inner
	}
	if f, ok := errors.AsType[*FaultError](err); ok {
		return f
	}
	if exit, ok := errors.AsType[*sys.ExitError](err); ok {
		return fmt.Errorf("the guest exited with code %d (proc_exit)", exit.ExitCode())
	}
	if broken, ok := errors.AsType[runtime.Error](err); ok {
		return fmt.Errorf("a host function broke, which is no fault of the guest: %w", broken)
	}
	if s.memory.refused {
		return fmt.Errorf("out of memory: the guest wanted more than its %d bytes (%w)", len(s.memory.pages), trap(err))
	}
	return trap(err)
}

// maxFrames is how many functions of the guest a trap names, innermost first.
const maxFrames = 8

// trap keeps the first line of wazero's message, which names the trap, and the functions of the guest it happened in.
func trap(err error) error {
	message, stack, traced := strings.Cut(err.Error(), "\nwasm stack trace:\n")
	message, _, _ = strings.Cut(message, "\n")
	message = cut(strings.TrimSuffix(strings.Replace(message, "wasm error: ", "", 1), " (recovered by wazero)"), 300)
	if !traced {
		return fmt.Errorf("the guest failed: %s", message)
	}
	frames := strings.SplitN(strings.TrimSpace(stack), "\n", maxFrames+1)
	if len(frames) > maxFrames {
		frames = frames[:maxFrames]
	}
	for i, frame := range frames {
		frames[i] = brief(strings.TrimSpace(frame))
	}
	return fmt.Errorf("the guest trapped: %s, in %s", message, strings.Join(frames, " < "))
}
