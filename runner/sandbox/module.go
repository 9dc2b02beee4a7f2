package sandbox

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/google/uuid"
	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
)

// Module is a prepared guest. It is safe for concurrent use: each Run has a sandbox of its own.
type Module struct {
	runtime     wazero.Runtime
	interpreter bool
	compiled    wazero.CompiledModule
	facts       Facts
	jobs        map[string]Job
	// memory is the most a sandbox can have, in bytes.
	memory uint64
	// image is what the memory begins with; nil when each sandbox starts the guest anew.
	image *image
	// idle are sandboxes as pristine as new ones.
	idle chan *instance
	// engine is the module's own, if it has one.
	engine *Engine
	log    *slog.Logger
}

// Jobs lists the jobs the guest registered, by name.
func (m *Module) Jobs() []Job { return m.facts.Jobs }

// Job returns a job by its name.
func (m *Module) Job(name string) (Job, bool) {
	job, ok := m.jobs[name]
	return job, ok
}

// Facts returns what is known of the module.
func (m *Module) Facts() Facts { return m.facts }

// Close frees the module. No Run may be under way.
func (m *Module) Close(ctx context.Context) error {
	for len(m.idle) > 0 {
		(<-m.idle).close()
	}
	err := m.runtime.Close(ctx)
	if m.compiled != nil { // the machine code is the engine's, and stays there as long as one module needs it
		err = errors.Join(err, m.compiled.Close(ctx))
	}
	if m.image != nil {
		err = errors.Join(err, m.image.close())
	}
	if m.engine != nil {
		err = errors.Join(err, m.engine.Close(ctx))
	}
	if err != nil {
		return fmt.Errorf("close module: %w", err)
	}
	return nil
}

// Input is what a run starts with.
type Input struct {
	JobID uuid.UUID
	// Job is the name of the job.
	Job string
	// Context is the JSON of docs/protocol.md, "The guest's context".
	Context []byte
	// State is the job's input or its last checkpoint; empty for a job without input.
	State  []byte
	Limits Limits
}

// Result is how a run ended, or what it had come to when it failed.
type Result struct {
	// ExitCode is what the job's export returned.
	ExitCode int32
	// Fuel is how much the guest executed, in the units of package meter. With a guest that failed it may be short by one
	// ration.
	Fuel uint64
	// Memory is how many bytes of linear memory the guest had in the end, which is the most it ever had.
	Memory uint64
	// Start is how long it took until the job's export was called.
	Start time.Duration
}

// ErrNoJob is returned by Run for a job the guest did not register.
var ErrNoJob = errors.New("the extension has no such job")

// Run runs a job in a pristine sandbox and returns what its export returned. When ctx ends, so does the guest.
//
// # Errors
//
// ErrNoJob; a *LimitError; a *FaultError; a trap, an exit or a Go panic of the guest; ctx's cause, when it ended.
func (m *Module) Run(ctx context.Context, input Input, host Host) (result Result, err error) {
	job, ok := m.jobs[input.Job]
	if !ok {
		return Result{}, fmt.Errorf("%w: %q", ErrNoJob, input.Job)
	}
	start := time.Now()
	s, err := m.sandbox(ctx, host)
	if err != nil {
		return Result{}, err
	}
	defer func() {
		result.Fuel, result.Memory = s.fuelUsed(), uint64(s.module.Memory().Size())
		s.put(err == nil)
	}()
	s.begin(host, input)
	ctx = &run{ctx, s}
	stack := [4]uint64{}
	if err := s.arguments(ctx, input, &stack); err != nil {
		return result, s.ended(ctx, err)
	}
	result.Start = time.Since(start)
	if err = s.call(ctx, job.Export, stack[:]); err != nil {
		return result, s.ended(ctx, err)
	}
	result.ExitCode = api.DecodeI32(stack[0])
	return result, nil
}

// arguments reseeds the guest, if it wants to be, and places what its job begins with.
func (s *instance) arguments(ctx context.Context, input Input, stack *[4]uint64) error {
	if s.of.facts.Reseeds && s.of.image != nil {
		var seed [8]byte
		_, _ = rand.Read(seed[:]) // never fails
		if err := s.call(ctx, reseedExport, []uint64{binary.LittleEndian.Uint64(seed[:])}); err != nil {
			return fmt.Errorf("%s: %w", reseedExport, err)
		}
	}
	ctxPtr, err := s.place(ctx, "context", input.Context)
	if err != nil {
		return err
	}
	statePtr := ctxPtr // never null; the length says that there is none
	if len(input.State) > 0 {
		if statePtr, err = s.place(ctx, "state", input.State); err != nil {
			return err
		}
	}
	*stack = [4]uint64{
		api.EncodeU32(ctxPtr), uint64(len(input.Context)), api.EncodeU32(statePtr), uint64(len(input.State)),
	}
	return nil
}

// Cleanup calls the guest's plugin_cleanup, if it has one, in an instance that is thrown away: what happens once, when
// an extension is unloaded.
func (m *Module) Cleanup(ctx context.Context) error {
	if !m.facts.Cleanup {
		return nil
	}
	s, err := m.sandbox(ctx, quietHost{m.log})
	if err != nil {
		return err
	}
	defer s.close()
	s.begin(quietHost{m.log}, Input{})
	s.registry = &registry{} // calls are refused, and there is no job
	s.registry.closed = true
	ctx = &run{ctx, s}
	if err := s.call(ctx, cleanupExport, make([]uint64, 1)); err != nil {
		return fmt.Errorf("plugin_cleanup: %w", s.ended(ctx, err))
	}
	return nil
}
