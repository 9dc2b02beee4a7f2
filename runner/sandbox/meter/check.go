package meter

import (
	"fmt"

	"github.com/airlock-run/airlock/runner/sandbox/wasm"
)

func (p *planner) fail(what string, index uint32, count int) {
	if p.err == nil {
		p.err = fmt.Errorf("%s %d of %d", what, index, count)
	}
}

// check refuses instructions that name what is not there: it could be there once the module is rewritten.
func (p *planner) check(i *wasm.Instruction) {
	bound := func(what string, count int) {
		if uint64(i.Index) >= uint64(count) { //nolint:gosec // counts are positive
			p.fail(what, i.Index, count)
		}
	}
	switch i.Op {
	case wasm.OpCall, wasm.OpRefFunc:
		bound("function", len(p.in.Functions))
	case wasm.OpGlobalGet, wasm.OpGlobalSet:
		bound("global", len(p.in.Globals))
	case wasm.OpLocalGet, wasm.OpLocalSet, wasm.OpLocalTee:
		bound("local", int(p.params+p.locals))
	case wasm.OpCallIndirect:
		bound("type", len(p.in.Types))
	case wasm.OpBlock, wasm.OpLoop, wasm.OpIf:
		if i.Index != wasm.NoType {
			bound("type", len(p.in.Types))
		}
	case wasm.OpElse:
		if p.labels[len(p.labels)-1].op != wasm.OpIf {
			p.err = fmt.Errorf("else without if: %w", wasm.ErrMalformed)
		}
		p.labels[len(p.labels)-1].op = wasm.OpElse
	case wasm.OpMisc:
		switch i.Sub {
		case wasm.MiscMemoryInit, wasm.MiscDataDrop:
			bound("data segment", int(p.in.Segments))
		}
	}
	if (i.Class == wasm.Bulk || i.Class == wasm.Grow) && p.in.Memories == 0 {
		p.fail("memory", 0, 0)
	}
}

// change notes what an instruction could change that a snapshot cannot hold.
func (p *planner) change(i *wasm.Instruction) {
	switch {
	case i.Op == wasm.OpMisc && i.Sub == wasm.MiscDataDrop && i.ChangesTable():
		p.changes["data.drop"] = true
	case i.Op == wasm.OpMisc && i.Sub == wasm.MiscElemDrop:
		p.changes["elem.drop"] = true
	case i.ChangesTable():
		p.changes["tables"] = true
	case i.Op == wasm.OpGlobalSet && uint64(i.Index) < uint64(len(p.in.Globals)):
		switch g := p.in.Globals[i.Index]; {
		case g.Type == wasm.V128:
			p.changes["globals of type v128"] = true
		case g.Type <= wasm.FuncRef:
			p.changes["globals that hold references"] = true
		case i.Index < p.in.ImportedGlobals:
			p.changes["imported globals"] = true
		}
	}
}
