package meter

import (
	"slices"

	"github.com/airlock-run/airlock/runner/sandbox/wasm"
)

// emitter writes functions anew.
type emitter struct {
	rewriter *rewriter
	*function

	out []byte
	// left is the local that keeps fuel in tight loops, operands the first of those for bulk instructions.
	left, operands uint32
	// last is the instruction before.
	last wasm.Instruction
	// inner is how many blocks are open within the tight loop around, none when there is none around.
	inner int
	// blockType is the type of that loop.
	blockType []byte
	loop      int
	flow      flow
}

// emit returns the body of a function with its charges in place. The result is valid until the next call.
func (e *emitter) emit(f *function) []byte {
	e.function, e.inner, e.loop, e.left = f, none, 0, f.params+f.locals
	e.out = e.locals(e.out[:0])
	e.flow.begin()
	next := 0
	r := &wasm.Reader{Data: f.body[f.code:]}
	where := f.code
	for n := int32(0); len(r.Data) > 0; n++ {
		for ; next < len(f.charges) && f.charges[next].at <= n; next++ {
			e.charge(&f.charges[next])
		}
		i := r.Instruction(where)
		where = i.End
		branches := func(each func(uint32)) { e.branches(&i, each) }
		if e.flow.tail > maxWayBack && e.flow.leaves(&i, branches) {
			e.out = e.rewriter.check(e.out)
			e.flow.way = nowhere
		}
		e.flow.follow(&i, branches)
		e.instruction(&i)
		e.last = i
	}
	return e.out
}

// branches calls each with the labels that an instruction branches to.
func (e *emitter) branches(i *wasm.Instruction, each func(label uint32)) {
	if i.Op != wasm.OpBrTable {
		each(i.Index)
		return
	}
	r := &wasm.Reader{Data: e.body[i.Start+1 : i.End]}
	r.Each(wasm.NoLimit, "labels", func() { each(r.U32()) })
	each(r.U32())
}

// locals writes the groups of locals, with one more for what metering needs.
func (e *emitter) locals(out []byte) []byte {
	added := byte(0)
	if e.tight {
		added++
	}
	e.operands = e.left + uint32(added)
	if e.bulk {
		added += 3
	}
	if added == 0 {
		return append(out, e.body[:e.code]...)
	}
	r := &wasm.Reader{Data: e.body[:e.code]}
	groups := r.U32()
	return append(append(wasm.AppendU32(out, groups+1), r.Data...), added, wasm.I32)
}

// charge writes a charge.
func (e *emitter) charge(c *charge) {
	if c.gone || c.dead || c.weight == 0 {
		return
	}
	w := e.rewriter
	w.charges++
	weight := int32(c.weight) //nolint:gosec // at most a few thousand
	if c.loop == none || !e.loops[c.loop].tight {
		e.out = w.fuel(e.out, wasm.OpGlobalGet)
		e.out = append(wasm.AppendI32(append(e.out, wasm.OpI32Const), weight), wasm.OpI32Sub)
		e.out = w.fuel(e.out, wasm.OpGlobalSet)
		if e.flow.charged(c) {
			e.out = w.check(e.out)
		}
		return
	}
	e.out = wasm.AppendU32(append(e.out, wasm.OpLocalGet), e.left)
	e.out = append(wasm.AppendI32(append(e.out, wasm.OpI32Const), weight), wasm.OpI32Sub)
	if !c.head {
		e.out = wasm.AppendU32(append(e.out, wasm.OpLocalSet), e.left)
		return
	}
	e.out = wasm.AppendU32(append(e.out, wasm.OpLocalTee), e.left)
	e.out = append(wasm.AppendI32(append(e.out, wasm.OpI32Const), -1), wasm.OpI32GtS, wasm.OpIf)
	e.out = append(e.out, e.blockType...)
}

// writeBack hands what is left from the local to the global.
func (e *emitter) writeBack(out []byte) []byte {
	return e.rewriter.fuel(wasm.AppendU32(append(out, wasm.OpLocalGet), e.left), wasm.OpGlobalSet)
}

func (e *emitter) instruction(i *wasm.Instruction) {
	whole := e.body[i.Start:i.End]
	if e.inner != none {
		e.tightly(i, whole)
		return
	}
	switch {
	case i.Op == wasm.OpLoop:
		e.loop++
		if !e.loops[e.loop-1].tight {
			break
		}
		e.out = e.rewriter.check(append(e.out, whole...))
		e.out = e.rewriter.fuel(e.out, wasm.OpGlobalGet)
		e.out = wasm.AppendU32(append(e.out, wasm.OpLocalSet), e.left)
		e.inner, e.blockType = 0, whole[1:]
	case i.Op == wasm.OpCall:
		e.out = wasm.AppendU32(append(e.out, i.Op), e.rewriter.shift(i.Index))
		return
	case i.Op == wasm.OpRefFunc:
		e.out = e.rewriter.reference(e.out, i.Index)
		return
	case i.Class == wasm.Bulk && !e.small(&e.last, i):
		e.out = e.rewriter.bulk(e.out, e.operands, helper{i.Sub, i.Index}, whole)
		return
	case i.Class == wasm.Grow:
		e.out = wasm.AppendU32(append(e.out, wasm.OpCall), e.rewriter.helper(helper{i.Sub, i.Index}))
		return
	}
	e.out = append(e.out, whole...)
}

// tightly writes an instruction within a tight loop, which has an if in it and a loop around it that were not there.
func (e *emitter) tightly(i *wasm.Instruction, whole []byte) {
	switch i.Op {
	case wasm.OpBlock, wasm.OpIf:
		e.inner++
	case wasm.OpEnd:
		if e.inner == 0 {
			e.out = append(e.writeBack(append(e.out, wasm.OpElse)), wasm.OpBr, 2, wasm.OpEnd, wasm.OpEnd)
			e.out = append(e.writeBack(e.out), wasm.OpEnd)
		}
		if e.inner--; e.inner == none {
			return
		}
	case wasm.OpBr, wasm.OpBrIf:
		e.out = wasm.AppendU32(append(e.leave(int(i.Index)), i.Op), e.outer(i.Index))
		return
	case wasm.OpReturn:
		e.out = append(e.writeBack(e.out), whole...)
		return
	case wasm.OpBrTable:
		e.table(whole[1:])
		return
	case wasm.OpRefFunc:
		e.out = e.rewriter.reference(e.out, i.Index)
		return
	}
	e.out = append(e.out, whole...)
}

// leave hands what is left to the global when a branch leaves the loop.
func (e *emitter) leave(index int) []byte {
	if index > e.inner {
		return e.writeBack(e.out)
	}
	return e.out
}

// outer is the number of a label that may be that of the tight loop or beyond.
func (e *emitter) outer(index uint32) uint32 {
	switch {
	case int(index) > e.inner:
		return index + 2
	case int(index) == e.inner:
		return index + 1
	default:
		return index
	}
}

// table writes br_table.
func (e *emitter) table(labels []byte) {
	var indexes []uint32
	r := &wasm.Reader{Data: labels}
	r.Each(wasm.NoLimit, "labels", func() { indexes = append(indexes, r.U32()) })
	indexes = append(indexes, r.U32())
	e.out = append(e.leave(int(slices.Max(indexes))), wasm.OpBrTable)
	e.out = wasm.AppendU32(e.out, uint32(len(indexes)-1)) //nolint:gosec // as many as there were
	for _, index := range indexes {
		e.out = wasm.AppendU32(e.out, e.outer(index))
	}
}
