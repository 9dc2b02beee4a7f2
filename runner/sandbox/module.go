package sandbox

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
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
	exports     map[string]api.FunctionDefinition
	jobs        map[string]Job
	maxMemory   uint64
	// memory is the most the guest can have: maxMemory, or less when it declares less.
	memory uint64
	log    *slog.Logger
}

// Jobs lists the jobs the guest registered, by name.
func (m *Module) Jobs() []Job {
	return slices.SortedFunc(maps.Values(m.jobs), func(a, b Job) int {
		if a.Name < b.Name {
			return -1
		}
		return 1
	})
}

// Job returns a job by its name.
func (m *Module) Job(name string) (Job, bool) {
	job, ok := m.jobs[name]
	return job, ok
}

// Close frees the module. No Run may be under way.
func (m *Module) Close(ctx context.Context) error {
	err := m.runtime.Close(ctx)
	if m.compiled != nil { // the machine code is the engine's, and stays there as long as one module needs it
		err = errors.Join(err, m.compiled.Close(ctx))
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
	State []byte
}

// Result is how a run ended.
type Result struct {
	// ExitCode is what the job's export returned.
	ExitCode int32
	// Memory is how many bytes of linear memory the guest had in the end.
	Memory uint64
	// Start is how long it took until the job's export was called.
	Start time.Duration
}

// ErrNoJob is returned by Run for a job the guest did not register.
var ErrNoJob = errors.New("the extension has no such job")

// Run runs a job in a sandbox of its own and returns what its export returned. When ctx ends, so does the guest.
//
// # Errors
//
// ErrNoJob; a *FaultError; a trap, an exit or a Go panic of the guest; ctx's cause, when it ended.
func (m *Module) Run(ctx context.Context, input Input, host Host) (Result, error) {
	job, ok := m.jobs[input.Job]
	if !ok {
		return Result{}, fmt.Errorf("%w: %q", ErrNoJob, input.Job)
	}
	start := time.Now()
	starting := &startHost{}
	s, err := m.instantiate(ctx, &instance{host: starting, job: input.JobID, registry: newRegistry(m.exports)})
	if err != nil {
		starting.tell(host)
		return Result{}, err
	}
	defer s.close()
	s.host = host
	ctx = withInstance(ctx, s)
	ctxPtr, err := s.place(ctx, "context", input.Context)
	if err != nil {
		return Result{}, s.ended(ctx, err)
	}
	statePtr := ctxPtr // never null; the length says that there is none
	if len(input.State) > 0 {
		if statePtr, err = s.place(ctx, "state", input.State); err != nil {
			return Result{}, s.ended(ctx, err)
		}
	}
	result := Result{Start: time.Since(start)}
	stack := [4]uint64{
		api.EncodeU32(ctxPtr), uint64(len(input.Context)), api.EncodeU32(statePtr), uint64(len(input.State)),
	}
	err = call(ctx, s.module.ExportedFunction(job.Export), stack[:])
	result.Memory = uint64(s.module.Memory().Size())
	if err != nil {
		return result, s.ended(ctx, err)
	}
	result.ExitCode = api.DecodeI32(stack[0])
	return result, nil
}

// Cleanup calls the guest's plugin_cleanup, if it has one, in an instance that is thrown away: what happens once, when
// an extension is unloaded.
func (m *Module) Cleanup(ctx context.Context) error {
	if _, ok := m.exports["plugin_cleanup"]; !ok {
		return nil
	}
	r := newRegistry(m.exports)
	s, err := m.instantiate(ctx, &instance{host: quietHost{m.log}, registry: r})
	if err != nil {
		return err
	}
	defer s.close()
	s.registry = r // calls are refused in plugin_cleanup, too
	ctx = withInstance(ctx, s)
	if err := call(ctx, s.module.ExportedFunction("plugin_cleanup"), make([]uint64, 1)); err != nil {
		return fmt.Errorf("plugin_cleanup: %w", s.ended(ctx, err))
	}
	return nil
}
