package meter

import (
	"slices"

	"github.com/airlock-run/airlock/runner/sandbox/wasm"
)

// maxBulk is the most that a bulk instruction works on at once, in bytes.
const maxBulk = 1 << 20

// helper is a function that stands for an instruction: for a bulk instruction one that goes in steps, for memory.grow one
// that asks for a new ration afterwards.
type helper struct {
	// sub is the bulk instruction; 0 stands for memory.grow.
	sub byte
	// segment is the data segment of memory.init.
	segment uint32
}

// helper returns the number of the function for h.
func (w *rewriter) helper(h helper) uint32 {
	index := slices.Index(w.helpers, h)
	if index < 0 {
		index = len(w.helpers)
		w.helpers = append(w.helpers, h)
	}
	return w.shift(uint32(len(w.in.Functions) + index)) //nolint:gosec // counts are bounded
}

// asm writes code.
type asm struct {
	*rewriter

	out []byte
}

func (a *asm) op(ops ...byte)     { a.out = append(a.out, ops...) }
func (a *asm) get(local uint32)   { a.out = wasm.AppendU32(append(a.out, wasm.OpLocalGet), local) }
func (a *asm) set(local uint32)   { a.out = wasm.AppendU32(append(a.out, wasm.OpLocalSet), local) }
func (a *asm) number(value int32) { a.out = wasm.AppendI32(append(a.out, wasm.OpI32Const), value) }

// pay charges for the bytes that are in a local.
func (a *asm) pay(local uint32) {
	a.out = a.fuel(a.out, wasm.OpGlobalGet)
	a.get(local)
	a.number(shiftOf(bytesPerUnit))
	a.op(wasm.OpI32ShrU, wasm.OpI32Sub)
	a.out = a.fuel(a.out, wasm.OpGlobalSet)
	a.out = a.check(a.out)
}

func shiftOf(power int32) (bits int32) {
	for ; power > 1; power >>= 1 {
		bits++
	}
	return bits
}

// code is the body of a helper.
func (h helper) code(w *rewriter) []byte {
	if h.sub == 0 {
		return h.grow(w)
	}
	return h.bulk(w)
}

// grow is (param $pages i32) (result i32): memory.grow, then what is left goes below zero, and the host has its turn.
func (h helper) grow(w *rewriter) []byte {
	a := &asm{rewriter: w, out: []byte{0}}
	a.get(0)
	a.op(wasm.OpMemoryGrow, 0)
	a.out = w.turn(a.out)
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
