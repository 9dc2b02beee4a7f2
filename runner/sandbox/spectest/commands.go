package spectest

import (
	"context"
	"fmt"
	"strings"

	"github.com/tetratelabs/wazero/api"
)

// module instantiates a module, or says why it is not there.
func (p *player) module(ctx context.Context, c *command) place {
	wasm, refused, err := p.rewrite(c)
	if refused {
		return place{absence: notApplicable(err.Error())}
	}
	if err != nil {
		return place{absence: failed("%v", err)}
	}
	compiled, err := p.runtime.CompileModule(ctx, wasm)
	if err != nil {
		return place{absence: failed("compile: %v", err)}
	}
	instance, err := p.instantiate(ctx, compiled)
	if err != nil && p.wanting {
		return place{absence: notApplicable("imports from a module that was refused")}
	}
	if err != nil {
		return place{absence: failed("instantiate: %v", err)}
	}
	if p.Settle != nil {
		if instance, err = p.Settle(ctx, p.runtime, c.File, wasm, instance); err != nil {
			return place{absence: failed("settle: %v", err)}
		}
	}
	return place{instance: instance}
}

// returns does what a command says and compares what comes of it.
func (p *player) returns(ctx context.Context, c *command) verdict {
	at := p.find(c.Action.Module)
	if at.instance == nil {
		return at.absence
	}
	expected, err := words(c.Expected)
	if err != nil {
		return failed("%v", err)
	}
	var results []uint64
	if c.Action.Kind == "get" {
		global := at.instance.ExportedGlobal(c.Action.Field)
		if global == nil {
			return failed("global %q is not exported", c.Action.Field)
		}
		results = []uint64{global.Get()}
	} else {
		function, params, problem := find(at.instance, &c.Action)
		if function == nil {
			return problem
		}
		if results, err = p.call(ctx, at.instance, function, params...); err != nil {
			return failed("call %q%v: %s", c.Action.Field, c.Action.Args, trapOf(err))
		}
	}
	if !match(results, expected) {
		return failed("%s %q%v: got %#x, want %v", c.Action.Kind, c.Action.Field, c.Action.Args, results, c.Expected)
	}
	return passed("")
}

// traps does what a command says and sees whether it traps.
func (p *player) traps(ctx context.Context, c *command) verdict {
	at := p.find(c.Action.Module)
	if at.instance == nil {
		return at.absence
	}
	function, params, problem := find(at.instance, &c.Action)
	if function == nil {
		return problem
	}
	want := trapExpected(c.Text)
	if want == "" {
		return failed("unknown trap %q", c.Text)
	}
	results, err := p.call(ctx, at.instance, function, params...)
	switch {
	case err == nil:
		return failed("call %q%v: got %#x, want trap: %s", c.Action.Field, c.Action.Args, results, want)
	case trapOf(err) != want && !p.AnyTrap:
		return failed("call %q%v: got trap: %s, want %s", c.Action.Field, c.Action.Args, trapOf(err), want)
	default:
		return passed(trapOf(err))
	}
}

// refused sees whether a module that is not valid is refused.
func (p *player) refused(ctx context.Context, c *command) verdict {
	if c.ModuleType == "text" {
		return notApplicable("the module is in text format")
	}
	wasm, err := p.read(c)
	if err != nil {
		return failed("%v", err)
	}
	if p.Rewrite != nil {
		if wasm, err = p.Rewrite(wasm); err != nil {
			return passed("refused by the rewriting")
		}
	}
	compiled, err := p.runtime.CompileModule(ctx, wasm)
	if err != nil {
		return passed("refused by the compiler")
	}
	if err := compiled.Close(ctx); err != nil {
		return failed("close: %v", err)
	}
	return failed("compiled, want: %s", c.Text)
}

// cannotStart sees whether a module that is valid compiles, but cannot be instantiated.
func (p *player) cannotStart(ctx context.Context, c *command) verdict {
	wasm, refused, err := p.rewrite(c)
	if refused {
		return notApplicable(err.Error())
	}
	if err != nil {
		return failed("%v", err)
	}
	compiled, err := p.runtime.CompileModule(ctx, wasm)
	switch {
	case err != nil && c.Text == "elements segment does not fit":
		return passed("") // The compiler can tell when the table is the module's own.
	case err != nil:
		return failed("compile: %v", err)
	}
	_, err = p.instantiate(ctx, compiled)
	want := trapExpected(c.Text)
	switch {
	case err == nil:
		return failed("instantiated, want: %s", c.Text)
	case p.wanting:
		return notApplicable("imports from a module that was refused")
	case c.Kind == "assert_unlinkable":
		return passed("")
	case !strings.HasSuffix(trapOf(err), want) && !p.AnyTrap: // The engine may say in front which segment it was.
		return failed("instantiate: got %s, want trap: %s", trapOf(err), want)
	default:
		return passed(trapOf(err))
	}
}

// find finds the function of an action, and its parameters. Without a function, the verdict says why.
func find(instance api.Module, a *action) (api.Function, []uint64, verdict) {
	if a.Kind != "invoke" {
		return nil, nil, failed("unknown action %q", a.Kind)
	}
	function := instance.ExportedFunction(a.Field)
	if function == nil {
		return nil, nil, failed("function %q is not exported", a.Field)
	}
	// The engine's error for parameters of the wrong number would pass for a trap.
	if n := len(function.Definition().ParamTypes()); n != len(a.Args) {
		return nil, nil, failed("function %q takes %d parameters, want %v", a.Field, n, a.Args)
	}
	given, err := words(a.Args)
	if err != nil {
		return nil, nil, failed("%v", err)
	}
	params := make([]uint64, len(given))
	for i, one := range given {
		params[i] = one.bits
	}
	return function, params, verdict{}
}

// String is where a command is, and its kind.
func (c *command) String() string { return fmt.Sprintf("%d: %s", c.Line, c.Kind) }
