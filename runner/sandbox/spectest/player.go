package spectest

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"
)

// player plays one script in one runtime.
type player struct {
	*Pipeline
	script  *script
	runtime wazero.Runtime
	record  *record

	last       place
	named      map[string]place
	registered map[string]place
	// wanting is set when a module imports from a name whose module was refused.
	wanting bool
}

// place is where a script believes an instance to be.
type place struct {
	instance api.Module
	// absence says why there is none.
	absence verdict
}

// play plays a script through a pipeline. Whatever comes of its commands is in the record; an error means that it could
// not be played.
func (s *suite) play(ctx context.Context, config wazero.RuntimeConfig, one *script, through *Pipeline) (_ *record, err error) {
	config = config.WithCoreFeatures(one.features).WithDebugInfoEnabled(false)
	p := &player{
		Pipeline:   through,
		script:     one,
		runtime:    wazero.NewRuntimeWithConfig(ctx, config),
		record:     &record{script: one},
		last:       place{absence: failed("there is no module yet")},
		named:      map[string]place{},
		registered: map[string]place{},
	}
	defer func() { err = errors.Join(err, p.runtime.Close(ctx)) }()
	if _, err := p.runtime.InstantiateWithConfig(ctx, s.host, wazero.NewModuleConfig().WithName("spectest")); err != nil {
		return nil, fmt.Errorf("instantiate host module of the suite: %w", err)
	}
	if p.Link != nil {
		if err := p.Link(ctx, p.runtime); err != nil {
			return nil, fmt.Errorf("link host modules: %w", err)
		}
	}
	// Modules have no names in the runtime: what a name stands for is the script's matter, and can change.
	ctx = experimental.WithImportResolver(ctx, p.resolve)
	for i := range one.commands {
		c := &one.commands[i]
		p.record.results = append(p.record.results, result{c, p.do(ctx, c)})
	}
	return p.record, nil
}

func (p *player) resolve(name string) api.Module {
	at, ok := p.registered[name]
	if !ok {
		return nil
	}
	p.wanting = p.wanting || at.absence.outcome == NotApplicable
	return at.instance
}

func (p *player) do(ctx context.Context, c *command) verdict {
	switch c.Kind {
	case "module":
		p.last = p.module(ctx, c)
		if c.Name != "" {
			p.named[c.Name] = p.last
		}
		return p.last.absence
	case "register":
		at := p.find(c.Name)
		p.registered[c.As] = at
		return at.absence
	case "action", "assert_return":
		return p.returns(ctx, c)
	case "assert_trap", "assert_exhaustion":
		return p.traps(ctx, c)
	case "assert_invalid", "assert_malformed":
		return p.refused(ctx, c)
	case "assert_unlinkable", "assert_uninstantiable":
		return p.cannotStart(ctx, c)
	default:
		return failed("unknown command")
	}
}

// find is where the module of this name is, or the last one.
func (p *player) find(name string) place {
	if name == "" {
		return p.last
	}
	at, ok := p.named[name]
	if !ok {
		return place{absence: failed("there is no module %s", name)}
	}
	return at
}

// read reads the module of a command.
func (p *player) read(c *command) ([]byte, error) {
	wasm, err := fs.ReadFile(p.script.modules, c.File)
	if err != nil {
		return nil, fmt.Errorf("read module: %w", err)
	}
	return wasm, nil
}

// rewrite rewrites a module that is valid. It tells apart a module that was refused, which it notes, and other errors.
func (p *player) rewrite(c *command) (wasm []byte, refused bool, err error) {
	wasm, err = p.read(c)
	if err != nil || p.Rewrite == nil {
		return wasm, false, err
	}
	rewritten, err := p.Rewrite(wasm)
	if err != nil {
		name := path.Join(path.Dir(p.script.name), c.File)
		p.record.refusals = append(p.record.refusals, refusal{module: name, line: c.Line, reason: err.Error()})
		return nil, true, fmt.Errorf("rewrite: %w", err)
	}
	return rewritten, false, nil
}

// instantiate makes an instance of a compiled module and starts it.
func (p *player) instantiate(ctx context.Context, compiled wazero.CompiledModule) (api.Module, error) {
	p.wanting = false
	instance, err := p.runtime.InstantiateModule(ctx, compiled, wazero.NewModuleConfig().WithName("").WithStartFunctions())
	if err != nil || p.StartExport == "" {
		return instance, err
	}
	start := instance.ExportedFunction(p.StartExport)
	if start == nil {
		return instance, nil
	}
	if _, err := p.call(ctx, instance, start); err != nil {
		return nil, fmt.Errorf("start: %w", err)
	}
	return instance, nil
}

func (p *player) call(ctx context.Context, instance api.Module, function api.Function, params ...uint64) ([]uint64, error) {
	if p.Enter != nil {
		p.Enter(ctx, instance)
	}
	return function.Call(ctx, params...)
}

func passed(detail string) verdict { return verdict{Passed, detail} }

func failed(format string, args ...any) verdict { return verdict{Failed, fmt.Sprintf(format, args...)} }

func notApplicable(detail string) verdict { return verdict{NotApplicable, detail} }
