package meter

import "github.com/airlock-run/airlock/runner/sandbox/wasm"

// small tells whether a bulk instruction works on so little that its weight is all it is charged: the instruction before it
// says on how much.
func (f *function) small(before, i *wasm.Instruction) bool {
	return i.Sub != wasm.MiscMemoryInit && before.Op == wasm.OpI32Const && constant(f.body[before.Start+1:before.End]) <= maxSmall
}

// constant is the number of an i32.const, without its sign.
func constant(leb []byte) uint32 {
	var value uint32
	for n, b := range leb {
		value |= uint32(b&0x7f) << (7 * n)
	}
	if bits := 7 * len(leb); bits < 32 && leb[len(leb)-1]&0x40 != 0 {
		value |= ^uint32(0) << bits
	}
	return value
}

// bulk writes a bulk instruction: itself for what is small, which most of them are about, and otherwise its helper. Its
// operands are in three locals meanwhile.
func (w *rewriter) bulk(out []byte, operands uint32, h helper, instruction []byte) []byte {
	call := wasm.AppendU32([]byte{wasm.OpCall}, w.helper(h))
	if h.sub == wasm.MiscMemoryInit {
		return append(out, call...)
	}
	a := &asm{rewriter: w, out: out}
	push := func() {
		for operand := range uint32(3) {
			a.get(operands + operand)
		}
	}
	a.set(operands + length)
	a.set(operands + from)
	a.set(operands + to)
	a.get(operands + length)
	a.number(maxSmall)
	a.op(wasm.OpI32LeU, wasm.OpIf, wasm.BlockVoid)
	push()
	a.op(instruction...)
	a.op(wasm.OpElse)
	push()
	a.op(call...)
	a.op(wasm.OpEnd)
	return a.out
}

// The locals of a helper for a bulk instruction: its operands, the length of a step, where the first step of those that
// come one after the other begins, whether it goes backwards.
const (
	to = iota
	from
	length
	step
	end
	backwards
)

// bulk is (param $to i32) (param $from i32) (param $length i32); for memory.fill, from is the value.
//
// It lets the instruction itself check its bounds, with no bytes at the end of what is asked for, before the first step: a
// bulk instruction that is out of bounds does nothing but trap.
func (h helper) bulk(w *rewriter) []byte {
	a := &asm{rewriter: w, out: []byte{1, 3, wasm.I32}}
	instruction := func() {
		a.op(wasm.OpMisc, h.sub)
		switch h.sub {
		case wasm.MiscMemoryInit:
			a.out = append(wasm.AppendU32(a.out, h.segment), 0)
		case wasm.MiscMemoryCopy:
			a.op(0, 0)
		default:
			a.op(0)
		}
	}
	operands := func() {
		a.get(to)
		a.get(from)
		a.get(length)
	}
	moves := h.sub != wasm.MiscMemoryFill

	// if length <= maxBulk { instruction; pay; return }
	a.get(length)
	a.number(maxBulk)
	a.op(wasm.OpI32LeU, wasm.OpIf, wasm.BlockVoid)
	operands()
	instruction()
	a.pay(length)
	a.op(wasm.OpReturn, wasm.OpEnd)

	// What wraps around is out of bounds, as no memory has 4 GiB, and the instruction says so.
	past := func(start uint32) {
		a.get(start)
		a.get(length)
		a.op(wasm.OpI32Add)
	}
	wraps := func(start uint32) {
		past(start)
		a.get(start)
		a.op(wasm.OpI32LtU, wasm.OpIf, wasm.BlockVoid)
		operands()
		instruction()
		a.op(wasm.OpEnd)
	}
	wraps(to)
	if moves {
		wraps(from)
	}
	past(to)
	if moves {
		past(from)
	} else {
		a.get(from)
	}
	a.number(0)
	instruction()
	h.steps(a, instruction)
	a.op(wasm.OpEnd)
	return a.out
}

// steps is the loop over the steps.
func (h helper) steps(a *asm, instruction func()) {
	if h.sub == wasm.MiscMemoryCopy { // to a higher address it goes backwards, as both may overlap
		a.get(to)
		a.get(from)
		a.op(wasm.OpI32GtU)
		a.set(backwards)
	}
	a.op(wasm.OpLoop, wasm.BlockVoid)
	a.number(maxBulk)
	a.set(step)
	a.get(length)
	a.number(maxBulk)
	a.op(wasm.OpI32LtU, wasm.OpIf, wasm.BlockVoid)
	a.get(length)
	a.set(step)
	a.op(wasm.OpEnd)

	a.get(length)
	a.get(step)
	a.op(wasm.OpI32Sub)
	a.set(length)

	// end is where this step is, from the operands on: what is left when it goes backwards, and otherwise nothing.
	a.number(0)
	a.set(end)
	a.get(backwards)
	a.op(wasm.OpIf, wasm.BlockVoid)
	a.get(length)
	a.set(end)
	a.op(wasm.OpEnd)

	at := func(start uint32) {
		a.get(start)
		a.get(end)
		a.op(wasm.OpI32Add)
	}
	at(to)
	if h.sub == wasm.MiscMemoryFill {
		a.get(from)
	} else {
		at(from)
	}
	a.get(step)
	instruction()
	a.pay(step)

	// Forwards, the operands move on.
	a.get(backwards)
	a.op(wasm.OpI32Eqz, wasm.OpIf, wasm.BlockVoid)
	for _, operand := range []uint32{to, from}[:h.operands()] {
		a.get(operand)
		a.get(step)
		a.op(wasm.OpI32Add)
		a.set(operand)
	}
	a.op(wasm.OpEnd)

	a.get(length)
	a.op(wasm.OpBrIf, 0, wasm.OpEnd)
}

// operands is how many operands are addresses.
func (h helper) operands() int {
	if h.sub == wasm.MiscMemoryFill {
		return 1
	}
	return 2
}
