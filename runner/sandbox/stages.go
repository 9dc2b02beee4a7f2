package sandbox

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tetratelabs/wazero/api"

	"github.com/airlock-run/airlock/runner/sandbox/meter"
	"github.com/airlock-run/airlock/runner/sandbox/snapshot"
	"github.com/airlock-run/airlock/runner/sandbox/validate"
	"github.com/airlock-run/airlock/runner/sandbox/wasm"
)

// The stages of preparing a module.
const (
	StageValidate = "validate"
	StageMeter    = "meter"
	StageSnapshot = "snapshot"
	StageCompile  = "compile"
)

// StageError is a module that cannot be prepared: which stage refused it, and why.
type StageError struct {
	Stage string
	Err   error
}

// Error names the stage, and says why in words for the module's author.
func (e *StageError) Error() string { return e.Stage + ": " + e.Err.Error() }

// Unwrap returns why.
func (e *StageError) Unwrap() error { return e.Err }

// Options are what preparing a module depends on, the module aside.
type Options struct {
	// MaxMemory bounds the memory of each sandbox, in bytes.
	MaxMemory uint64
	// NoSnapshot starts the guest anew for each job.
	NoSnapshot bool
	// Stage is told of each stage as it begins; nil for nobody.
	Stage func(name string)
}

// Prepared is what a worker needs of a module: it can run what strangers made of it without looking at it again.
type Prepared struct {
	// Wasm is what is compiled.
	Wasm []byte
	// Image is the memory that each sandbox begins with; nil when each starts the guest anew.
	Image []byte
	Facts Facts
}

// The ways to make a sandbox for each job.
const (
	// RestoreSnapshot begins with a snapshot.
	RestoreSnapshot = "snapshot"
	// RestorePlain makes a new instance and starts the guest in it.
	RestorePlain = "plain"
)

// Facts are what is known of a prepared module.
type Facts struct {
	Jobs     []Job    `json:"jobs"`
	Imports  []string `json:"imports"`
	Exports  []string `json:"exports"`
	Features []string `json:"features"`
	// MemoryPages is what a sandbox begins with, MaxMemoryPages what it may have, in pages of 64 KiB.
	MemoryPages    uint32 `json:"memory_pages"`
	MaxMemoryPages uint32 `json:"max_memory_pages"`
	// Size is how large the module was, MeteredSize with what counts fuel, in bytes; Charges is in how many places.
	Size        int `json:"size"`
	MeteredSize int `json:"metered_size"`
	Charges     int `json:"charges"`
	// SnapshotSize is how much of the image is not zero, in bytes, by pages of 4 KiB.
	SnapshotSize int `json:"snapshot_size"`
	// Restore is how each job gets its sandbox, Reason why it is not the snapshot.
	Restore string `json:"restore"`
	Reason  string `json:"reason,omitempty"`
	// DrewRandom and ReadClock tell whether the guest did so while it started: what it made of it is in the snapshot, and
	// so the same for each job.
	DrewRandom bool `json:"drew_random"`
	ReadClock  bool `json:"read_clock"`
	// Reseeds is set when the guest exports plugin_reseed, which each job begins with.
	Reseeds bool `json:"reseeds"`
	Cleanup bool `json:"cleanup"`
	// Globals are what is restored between two jobs, the memory aside.
	Globals []snapshot.Value `json:"globals"`
}

// Prepare takes a module through the stages validate, meter and snapshot. The guest starts in the interpreter for that,
// which needs no machine code. When ctx ends, so does the guest.
//
// # Errors
//
// *StageError; within it validate.ErrNotWasm for bytes that are no module.
func Prepare(ctx context.Context, module []byte, options Options) (*Prepared, error) {
	p := &preparation{options: options}
	for _, stage := range []struct {
		name string
		run  func(context.Context, []byte) error
	}{
		{StageValidate, p.validate},
		{StageMeter, p.meter},
		{StageSnapshot, p.snapshot},
	} {
		if options.Stage != nil {
			options.Stage(stage.name)
		}
		if err := stage.run(ctx, module); err != nil {
			return nil, &StageError{Stage: stage.name, Err: err}
		}
	}
	return &p.prepared, nil
}

type preparation struct {
	options  Options
	module   *validate.Module
	metered  *meter.Result
	prepared Prepared
}

// validate checks the form of the module and that it is a guest.
func (p *preparation) validate(_ context.Context, module []byte) error {
	var err error
	if p.module, err = validate.Validate(module); err != nil {
		return err //nolint:wrapcheck // the stage is named
	}
	if err := checkABI(p.module); err != nil {
		return err
	}
	if need := uint64(p.module.MemoryMin) * snapshot.PageSize; need > p.options.MaxMemory {
		return fmt.Errorf("the guest starts with %d MB of memory and may have %d: raise max_memory_mb in its manifest",
			(need+1<<20-1)>>20, p.options.MaxMemory>>20)
	}
	p.prepared.Facts = facts(p.module, len(module), p.options)
	return nil
}

func facts(m *validate.Module, size int, options Options) Facts {
	f := Facts{
		Features: m.Features, Size: size, MemoryPages: m.MemoryMin,
		MaxMemoryPages: uint32(min(uint64(m.MemoryMax), options.MaxMemory/snapshot.PageSize)), //nolint:gosec // at most MemoryMax
	}
	for _, i := range m.Imports {
		f.Imports = append(f.Imports, wasm.Brief(i.Module)+"."+wasm.Brief(i.Name))
	}
	for _, e := range m.Exports {
		f.Exports = append(f.Exports, wasm.Brief(e.Name))
	}
	_, f.Reseeds = m.Export(reseedExport, wasm.KindFunction)
	_, f.Cleanup = m.Export(cleanupExport, wasm.KindFunction)
	return f
}

// largeStart is from how many pages of memory at the start of a job a module is metered strictly.
const largeStart = 128

// meter puts into the module what counts fuel.
func (p *preparation) meter(context.Context, []byte) error {
	var err error
	rewrite := meter.Rewrite
	if p.module.MemoryMin > largeStart {
		rewrite = meter.RewriteStrictly
	}
	if p.metered, err = rewrite(p.module); err != nil {
		return err //nolint:wrapcheck // the stage is named
	}
	p.prepared.Wasm = p.metered.Wasm
	p.prepared.Facts.MeteredSize, p.prepared.Facts.Charges = len(p.metered.Wasm), p.metered.Charges
	return nil
}

// snapshot starts the guest, learns which jobs it registers, and freezes it if it can.
func (p *preparation) snapshot(ctx context.Context, _ []byte) error {
	s, m, err := p.start(ctx, true)
	if err != nil && strings.Contains(err.Error(), "stack overflow") { // the interpreter's is small
		s, m, err = p.start(ctx, false)
	}
	if err != nil {
		return err
	}
	defer func() {
		s.close()
		_ = m.Close(context.WithoutCancel(ctx))
	}()
	f := &p.prepared.Facts
	f.Jobs = slices.SortedFunc(maps.Values(s.registry.jobs), func(a, b Job) int { return strings.Compare(a.Name, b.Name) })
	f.DrewRandom, f.ReadClock = s.drewRandom, s.readClock
	f.Restore, f.Reason = RestorePlain, snapshot.Possible(p.module, p.metered)
	if p.options.NoSnapshot {
		f.Reason = "its manifest wants none"
	}
	if f.Reason != "" {
		return nil
	}
	for _, g := range p.metered.Globals {
		f.Globals = append(f.Globals, snapshot.Value{Global: g, Bits: s.module.ExportedGlobal(g.Export).Get()})
	}
	memory := s.module.Memory()
	image, _ := memory.Read(0, memory.Size())
	if memory.Size() > largeStart*snapshot.PageSize && p.module.MemoryMin <= largeStart {
		if p.metered, err = meter.RewriteStrictly(p.module); err != nil {
			return err //nolint:wrapcheck // the stage is named
		}
	}
	f.Restore, f.MemoryPages = RestoreSnapshot, memory.Size()/snapshot.PageSize
	p.prepared.Image = slices.Clone(image)
	f.SnapshotSize = notZero(image)
	p.prepared.Wasm, err = snapshot.Freeze(p.metered, f.Globals, f.MemoryPages)
	return err //nolint:wrapcheck // the stage is named
}

// notZero is how many bytes of an image are in pages that are not zero.
func notZero(image []byte) (size int) {
	for len(image) > 0 {
		page := image[:min(len(image), systemPage)]
		if slices.ContainsFunc(page, func(b byte) bool { return b != 0 }) {
			size += len(page)
		}
		image = image[len(page):]
	}
	return size
}

// systemPage is what snapshots count in.
const systemPage = 4096

// start starts the metered guest.
func (p *preparation) start(ctx context.Context, interpreter bool) (*instance, *Module, error) {
	e, err := NewEngine(Config{Interpreter: interpreter})
	if err != nil {
		return nil, nil, err
	}
	plain := &Prepared{Wasm: p.metered.Wasm, Facts: p.prepared.Facts}
	plain.Facts.Restore = RestorePlain
	m, err := e.Load(ctx, plain)
	if err != nil {
		return nil, nil, err
	}
	s, err := m.startGuest(ctx, &instance{state: state{host: quietHost{}, registry: newRegistry(p.module)}})
	switch {
	case err != nil:
	case s.registry.refused != nil:
		err = fmt.Errorf("plugin_init: %w", s.registry.refused)
	case len(s.registry.jobs) == 0:
		err = errors.New("plugin_init registered no job: call register_job there")
	default:
		return s, m, nil
	}
	if s != nil {
		s.close()
	}
	_ = m.Close(context.WithoutCancel(ctx))
	return nil, nil, err
}

// globalsOf finds the globals that are restored.
func globalsOf(module api.Module, values []snapshot.Value) ([]restored, error) {
	found := make([]restored, 0, len(values))
	for _, v := range values {
		g, ok := module.ExportedGlobal(v.Export).(api.MutableGlobal)
		if !ok {
			return nil, fmt.Errorf("the prepared module has no %s", v.Export)
		}
		found = append(found, restored{g, v.Bits})
	}
	return found, nil
}

// restored is a global and what it begins with.
type restored struct {
	global api.MutableGlobal
	bits   uint64
}
