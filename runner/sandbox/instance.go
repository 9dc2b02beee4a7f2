package sandbox

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"reflect"
	"runtime"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/sys"

	"github.com/airlock-run/airlock/runner/sandbox/meter"
	"github.com/airlock-run/airlock/runner/sandbox/wasm"
)

// instance is one sandbox: a module's memory and globals, and whom its imports reach.
type instance struct {
	of      *Module
	module  api.Module
	memory  *memory
	fuel    api.MutableGlobal
	globals []restored
	// functions are the exports that were called, by name.
	functions map[string]*entry

	state
}

// state is what a run leaves behind outside of the guest.
type state struct {
	host Host
	job  uuid.UUID
	// registry is there while plugin_init runs, and during plugin_cleanup.
	registry *registry
	// output holds what the guest printed on standard output and error after the last line break.
	output [2][]byte
	// allocating is set while wasm_alloc runs.
	allocating bool
	// running is the export that runs, the innermost one, and context that of its run.
	running *entry
	context context.Context //nolint:containedctx // what ends the run is asked for where no context can be handed to

	limits Limits
	spent  spent
	// drewRandom and readClock tell what the guest asked for.
	drewRandom, readClock bool
}

// entry is a function of the guest as the host calls it.
type entry struct {
	api.Function

	// stack is the machine stack of the engine for its calls. It is looked at for its length only.
	stack reflect.Value
}

// run is the context of a call into a guest. It is how a host function finds the sandbox it is called by: wazero hands it
// through, and the guest cannot forge it.
type run struct {
	context.Context //nolint:containedctx // it is one

	s *instance
}

// startConfig is how each sandbox is made: without a name, so that there can be many, and without running anything, as
// what runs must be stoppable. random_get is ours; naming a source keeps wazero from seeding one for each.
var startConfig = wazero.NewModuleConfig().WithName("").WithStartFunctions().WithRandSource(rand.Reader)

// find finds what a sandbox needs of its module.
func (s *instance) find() (err error) {
	fuel, ok := s.module.ExportedGlobal(meter.FuelExport).(api.MutableGlobal)
	if !ok {
		return fmt.Errorf("the prepared module has no %s", meter.FuelExport)
	}
	s.fuel, s.functions = fuel, map[string]*entry{}
	s.globals, err = globalsOf(s.module, s.of.facts.Globals)
	return err
}

// begin begins a run.
func (s *instance) begin(host Host, input Input) {
	s.host, s.job, s.limits, s.registry = host, input.JobID, input.Limits.withDefaults(), nil
}

// call calls an export of the guest.
//
// # Errors
//
// Those of the guest, and ctx's cause when it has ended: what a guest did after that, on answers that say so, is not how
// its run ended.
func (s *instance) call(ctx context.Context, export string, stack []uint64) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	f, ok := s.functions[export]
	if !ok {
		f = newEntry(s.module.ExportedFunction(export))
		s.functions[export] = f
	}
	outer := s.running
	s.running, s.context = f, ctx
	err := f.CallWithStack(ctx, stack)
	s.running = outer
	if err != nil {
		return err //nolint:wrapcheck // ended and reason look into it
	}
	return context.Cause(ctx)
}

// startGuest makes a sandbox and runs what comes before a job: the start function, _initialize and plugin_init.
func (m *Module) startGuest(ctx context.Context, s *instance) (*instance, error) {
	s.limits = Limits{}.withDefaults()
	s, err := m.instantiate(ctx, s)
	if err != nil {
		return nil, err
	}
	ctx = &run{ctx, s}
	if err = s.initialize(ctx); err != nil {
		err = fmt.Errorf("start the guest: %w", s.ended(ctx, err))
	} else {
		err = s.initializePlugin(ctx)
	}
	if err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

// initialize runs what of a guest runs before anything else.
func (s *instance) initialize(ctx context.Context) error {
	if start := s.module.ExportedFunction(meter.StartExport); start != nil {
		if err := s.call(ctx, meter.StartExport, nil); err != nil {
			return fmt.Errorf("start function[%d] failed: %w", start.Definition().Index()-1, err) // refill is one that the author did not see
		}
	}
	if s.module.ExportedFunction(initializeExport) != nil {
		return s.call(ctx, initializeExport, nil)
	}
	return nil
}

func (s *instance) initializePlugin(ctx context.Context) error {
	var answer [1]uint64
	err := s.call(ctx, initExport, answer[:])
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
		return fmt.Errorf("plugin_init: %w", err)
	}
	return nil
}

// close frees the sandbox. What the guest printed last, without a line break, is logged.
func (s *instance) close() {
	s.flushAll()
	if s.module != nil {
		_ = s.module.Close(context.Background())
	}
	s.memory.free()
}

// over tells whether the run is. A guest that does not leave its processor may keep the timer of a deadline from going off,
// so the clock is looked at as well.
func (s *instance) over() bool {
	if s.context == nil {
		return false
	}
	if s.context.Err() != nil {
		return true
	}
	deadline, ok := s.context.Deadline()
	return ok && time.Until(deadline) <= 0
}

// ended says why a call into the guest failed, without wazero's stack trace of the host.
func (s *instance) ended(ctx context.Context, err error) error {
	s.flushAll()
	if s.over() {
		<-ctx.Done() // the clock may be ahead of the context
	}
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	return s.reason(err)
}

// reason is what of the guest's doing ended a call into it.
func (s *instance) reason(err error) error {
	if limit, ok := errors.AsType[*LimitError](err); ok {
		return limit
	}
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
		return &LimitError{Limit: LimitMemory, Problem: fmt.Sprintf("the guest wanted more than its %d bytes (%v)", s.of.memory, trap(err))}
	}
	if strings.Contains(err.Error(), "stack overflow") {
		return &LimitError{Limit: LimitDepth, Problem: "calls are nested too deeply"}
	}
	return trap(err)
}

// maxFrames is how many functions of the guest a trap names, innermost first.
const maxFrames = 8

// trap keeps the first line of wazero's message, which names the trap, and the functions of the guest it happened in.
func trap(err error) error {
	message, stack, traced := strings.Cut(err.Error(), "\nwasm stack trace:\n")
	message, _, _ = strings.Cut(message, "\n")
	message = wasm.Cut(strings.TrimSuffix(strings.Replace(message, "wasm error: ", "", 1), " (recovered by wazero)"), 300)
	if !traced {
		return fmt.Errorf("the guest failed: %s", message)
	}
	frames := strings.SplitN(strings.TrimSpace(stack), "\n", maxFrames+1)
	if len(frames) > maxFrames {
		frames = frames[:maxFrames]
	}
	for i, frame := range frames {
		frames[i] = wasm.Brief(strings.TrimSpace(frame))
	}
	return fmt.Errorf("the guest trapped: %s, in %s", message, strings.Join(frames, " < "))
}
