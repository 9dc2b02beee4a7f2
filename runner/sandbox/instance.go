package sandbox

import (
	"context"
	"errors"
	"fmt"
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

	module   api.Module
	allocate api.Function
	memory   *memoryLimit
}

// instantiate makes a sandbox and runs what comes before a job: _initialize and plugin_init.
func (m *Module) instantiate(ctx context.Context, s *instance) (*instance, error) {
	s.memory = &memoryLimit{max: m.maxMemory}
	ctx = experimental.WithMemoryAllocator(withInstance(ctx, s), s.memory)
	config := wazero.NewModuleConfig().WithName("").WithStartFunctions("_initialize")
	var err error
	if s.module, err = m.runtime.InstantiateModule(ctx, m.compiled, config); err != nil {
		err = fmt.Errorf("start the guest: %w", s.ended(ctx, err))
		s.close()
		return nil, err
	}
	results, err := s.module.ExportedFunction("plugin_init").Call(ctx)
	if err == nil && api.DecodeI32(results[0]) != 0 {
		err = fmt.Errorf("it answered %d, want 0", api.DecodeI32(results[0]))
	}
	if err != nil {
		err = fmt.Errorf("plugin_init: %w", s.ended(ctx, err))
		s.close()
		return nil, err
	}
	s.registry = nil
	return s, nil
}

// close frees the sandbox. What the guest printed last, without a line break, is logged.
func (s *instance) close() {
	for stream := range s.output {
		s.flush(stream)
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
	var f *Fault
	if errors.As(err, &f) {
		return f
	}
	var exit *sys.ExitError
	if errors.As(err, &exit) {
		return fmt.Errorf("the guest exited with code %d (proc_exit)", exit.ExitCode())
	}
	if s.memory.refused {
		return fmt.Errorf("out of memory: the guest wanted more than its %d bytes (%w)", s.memory.max, trap(err))
	}
	return trap(err)
}

// trap keeps the first line of wazero's message, which names the trap, and the functions of the guest it happened in.
func trap(err error) error {
	message, stack, _ := strings.Cut(err.Error(), "\nwasm stack trace:\n")
	message, _, _ = strings.Cut(message, "\n")
	message = strings.TrimSuffix(strings.TrimPrefix(message, "wasm error: "), " (recovered by wazero)")
	frames := strings.Split(strings.TrimSpace(stack), "\n")
	if len(frames) > 8 {
		frames = frames[:8]
	}
	for i, frame := range frames {
		frames[i] = strings.TrimSpace(frame)
	}
	if stack == "" {
		return fmt.Errorf("the guest failed: %s", message)
	}
	return fmt.Errorf("the guest trapped: %s, in %s", message, strings.Join(frames, " < "))
}
