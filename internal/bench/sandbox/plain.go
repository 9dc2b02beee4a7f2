package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"
)

// plain is wazero as its documentation has it, with nothing of ours: a guest compiled once, and instantiated for each job.
type plain struct {
	runtime  wazero.Runtime
	compiled wazero.CompiledModule
}

// newPlain compiles a guest. Machine code is kept in cacheDir.
func newPlain(ctx context.Context, wasm []byte, cacheDir string) (*plain, error) {
	cache, err := wazero.NewCompilationCacheWithDir(cacheDir)
	if err != nil {
		return nil, fmt.Errorf("open compile cache: %w", err)
	}
	config := wazero.NewRuntimeConfigCompiler().WithCoreFeatures(api.CoreFeaturesV2).WithCompilationCache(cache).WithDebugInfoEnabled(false)
	p := &plain{runtime: wazero.NewRuntimeWithConfig(ctx, config)}
	if err := p.prepare(ctx, wasm); err != nil {
		return nil, errors.Join(err, p.close(ctx))
	}
	return p, nil
}

func (p *plain) prepare(ctx context.Context, wasm []byte) (err error) {
	if _, err := wasi_snapshot_preview1.Instantiate(ctx, p.runtime); err != nil {
		return fmt.Errorf("link wasi: %w", err)
	}
	if err := linkPlain(ctx, p.runtime); err != nil {
		return fmt.Errorf("link host: %w", err)
	}
	if p.compiled, err = p.runtime.CompileModule(ctx, wasm); err != nil {
		return fmt.Errorf("compile guest: %w", err)
	}
	return nil
}

func (p *plain) close(ctx context.Context) error { return p.runtime.Close(ctx) }

// plainConfig is how each instance is made: with real clocks, which wazero's own are not unless told.
var plainConfig = wazero.NewModuleConfig().WithName("").WithStartFunctions("_initialize").
	WithSysWalltime().WithSysNanotime().WithSysNanosleep().WithRandSource(rand.Reader)

// started is an instance that is ready for jobs.
type started struct {
	module         api.Module
	allocate, free api.Function
	jobs           map[string]string // exports by the name of the job
	export         api.Function
	job            string
	context, input []byte
	interrupted    func() uint64
	// ration is the fuel it got last, and turn is when.
	ration int32
	turn   time.Time
	stack  [4]uint64
}

// startedKey finds the instance that a host function is called by.
type startedKey struct{}

// start makes an instance for a task, and runs _initialize and plugin_init.
func (p *plain) start(ctx context.Context, t task, about []byte) (*started, error) {
	s := &started{jobs: map[string]string{}, job: t.job, context: about, input: t.input}
	ctx = context.WithValue(ctx, startedKey{}, s)
	var err error
	if s.module, err = p.runtime.InstantiateModule(ctx, p.compiled, plainConfig); err != nil {
		return nil, fmt.Errorf("instantiate guest: %w", err)
	}
	s.allocate, s.free = s.module.ExportedFunction("wasm_alloc"), s.module.ExportedFunction("wasm_free")
	if _, err := s.module.ExportedFunction("plugin_init").Call(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("plugin_init: %w", err), s.close(ctx))
	}
	if s.export = s.module.ExportedFunction(s.jobs[t.job]); s.export == nil {
		return nil, errors.Join(fmt.Errorf("the guest has no job %q", t.job), s.close(ctx))
	}
	return s, nil
}

func (s *started) close(ctx context.Context) error { return s.module.Close(ctx) }

// run calls the job's export, and gives back what it was given room for.
//
// # Errors
//
// A guest that traps, and an exit code other than 0.
func (s *started) run(ctx context.Context) error {
	ctx = context.WithValue(ctx, startedKey{}, s)
	about, err := s.place(ctx, s.context)
	if err != nil {
		return err
	}
	input := about
	if len(s.input) > 0 {
		if input, err = s.place(ctx, s.input); err != nil {
			return err
		}
	}
	s.stack = [4]uint64{about, uint64(len(s.context)), input, uint64(len(s.input))}
	if err := s.export.CallWithStack(ctx, s.stack[:]); err != nil {
		return fmt.Errorf("run job %s: %w", s.job, err)
	}
	if code := api.DecodeI32(s.stack[0]); code != 0 {
		return fmt.Errorf("job %s ended with exit code %d", s.job, code)
	}
	if err := s.release(ctx, about, len(s.context)); err != nil || input == about {
		return err
	}
	return s.release(ctx, input, len(s.input))
}

func (s *started) place(ctx context.Context, data []byte) (uint64, error) {
	stack := [1]uint64{uint64(len(data))}
	if err := s.allocate.CallWithStack(ctx, stack[:]); err != nil {
		return 0, fmt.Errorf("wasm_alloc: %w", err)
	}
	if !s.module.Memory().Write(api.DecodeU32(stack[0]), data) {
		return 0, errors.New("wasm_alloc answered what is not the guest's memory")
	}
	return stack[0], nil
}

func (s *started) release(ctx context.Context, at uint64, size int) error {
	stack := [2]uint64{at, uint64(size)} //nolint:gosec // a length
	return s.free.CallWithStack(ctx, stack[:])
}

// job is one pristine instance, one job in it, and its end.
func (p *plain) job(ctx context.Context, t task, about []byte) error {
	s, err := p.start(ctx, t, about)
	if err != nil {
		return err
	}
	return errors.Join(s.run(ctx), s.close(ctx))
}
