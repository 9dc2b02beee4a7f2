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
