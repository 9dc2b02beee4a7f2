package validate

import (
	"fmt"

	"github.com/airlock-run/airlock/runner/sandbox/wasm"
)

func (m *Module) codeSection(r *wasm.Reader) {
	count := m.ImportedFunctions
	r.Each(maxItems, "functions", func() {
		size := r.U32()
		if size > maxBody {
			r.Fail(fmt.Errorf("function %d: its body is %d bytes, at most %d are possible", count, size, maxBody))
			return
		}
		body := &wasm.Reader{Data: r.Bytes(size)}
		if where, err := m.body(body); err != nil {
			r.Fail(fmt.Errorf("function %d at %d: %w", count, where, err))
		}
		count++
	})
}

// body walks the body of a function and returns where it stopped.
func (m *Module) body(r *wasm.Reader) (where uint32, err error) {
	whole := uint32(len(r.Data)) //nolint:gosec // at most maxBody
	m.localGroups(r)
	where = whole - uint32(len(r.Data)) //nolint:gosec // at most maxBody
	var blocks, loops, labels uint32
	depth := 1
	for len(r.Data) > 0 {
		if depth == 0 {
			return where, fmt.Errorf("code after the last end: %w", wasm.ErrMalformed)
		}
		i := r.Instruction(where)
		switch i.Op {
		case wasm.OpBlock, wasm.OpLoop, wasm.OpIf:
			depth++
			blocks++
			if i.Op == wasm.OpLoop {
				loops++
			}
		case wasm.OpEnd:
			depth--
		case wasm.OpBrTable:
			labels += i.End - i.Start // a label is a byte at least
		}
		switch {
		case r.Err != nil:
			return where, r.Err
		case blocks > maxBlocks:
			return where, wasm.TooMany(uint64(blocks), "blocks of a function", maxBlocks)
		case loops > maxLoops:
			return where, wasm.TooMany(uint64(loops), "loops of a function", maxLoops)
		case labels > maxLabels:
			return where, wasm.TooMany(uint64(labels), "labels of the br_table of a function", maxLabels)
		}
		m.feature(&i)
		where = i.End
	}
	if r.Err == nil && depth != 0 {
		r.Fail(fmt.Errorf("%d blocks do not end: %w", depth, wasm.ErrMalformed))
	}
	return where, r.Err
}

func (m *Module) feature(i *wasm.Instruction) {
	switch {
	case i.Op == wasm.OpVector:
		m.features["simd"] = true
	case i.Op >= 0xc0 && i.Op <= 0xc4:
		m.features["sign-extension"] = true
	case i.Op >= wasm.OpRefNull && i.Op <= wasm.OpRefFunc:
		m.features["reference-types"] = true
	case i.Op == wasm.OpMisc && i.Sub < wasm.MiscMemoryInit:
		m.features["nontrapping-float-to-int"] = true
	case i.Op == wasm.OpMisc:
		m.features["bulk-memory"] = true
	}
}

// localGroups reads a function's locals.
func (m *Module) localGroups(r *wasm.Reader) {
	var locals uint64
	r.Each(maxLocals, "groups of locals", func() {
		locals += uint64(r.U32())
		m.valueType(r)
	})
	if locals > maxLocals {
		r.Fail(wasm.TooMany(locals, "locals of a function", maxLocals))
	}
	if m.locals += locals; m.locals > maxAllLocals {
		r.Fail(wasm.TooMany(m.locals, "locals", maxAllLocals))
	}
}
