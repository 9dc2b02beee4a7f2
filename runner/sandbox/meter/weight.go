package meter

import (
	"github.com/airlock-run/airlock/runner/sandbox/validate"
	"github.com/airlock-run/airlock/runner/sandbox/wasm"
)

// What instructions weigh, in units of fuel. An instruction on values is one unit, which is about a third of a nanosecond.
// What reaches memory weighs as much as it may cost when the page was never touched before, by the hundredth.
const (
	weightPlain    = 1
	weightAccess   = 8
	weightCall     = 8
	weightIndirect = 16
	weightHost     = 64 // a call of an import
	weightBulk     = 24 // and what more than maxSmall bytes weigh
	weightGrow     = 64
	weightTable    = 4096 // what works on a table at once: at most 1 MB, by the limits of tables

	// bytesPerUnit is how many bytes a bulk instruction works on for a unit: a page of 4 KB weighs as much as four accesses.
	bytesPerUnit = 4096 / (4 * weightAccess)
	// maxSmall is the most that a bulk instruction works on, in bytes, without being charged for that.
	maxSmall = 1024
	// A function weighs something for the machine stack it may take, too: less than 4 bytes for each byte of its code, and
	// 16 for each local. That bounds how much the stack grows between two turns of the host.
	bodyPerUnit, localsPerUnit = 16, 1
)

// Limits of what goes unchecked.
const (
	// maxBlock is the most a block weighs: longer ones are cut.
	maxBlock = 512
	// maxUnchecked is the most that is executed within one function without a look at what is left.
	maxUnchecked = 2048
	// maxWayBack is the most that is executed after a call, until the function returns, without a look at what is left. When
	// deep recursion returns, this happens tens of thousands of times.
	maxWayBack = 256
	// MaxStep is what a guest may execute beyond its ration.
	MaxStep = maxUnchecked + maxBlock

	// A block of at most maxMerged is charged with the one before it, which takes at most maxMergedAll so.
	maxMerged, maxMergedAll = 32, 128
	// After a call, where the same is done thousands of times when deep recursion returns, less is, and no access.
	maxTail = 24
)

// weigh is what an instruction weighs, calls of functions that are charged by their callers not included.
func (f *function) weigh(i *wasm.Instruction) uint32 {
	switch i.Class {
	case wasm.Access:
		return weightAccess
	case wasm.Call:
		if i.Index < f.in.ImportedFunctions {
			return weightHost
		}
		return weightCall + weighValues(f.in.FunctionType(i.Index))
	case wasm.CallIndirect:
		return weightIndirect + weighValues(f.typeOf(i))
	case wasm.Grow:
		return weightGrow
	case wasm.Bulk:
		return weightBulk
	case wasm.Table:
		if i.Op == wasm.OpMisc && i.ChangesTable() {
			return weightTable
		}
		return weightAccess
	case wasm.Structure:
		return weighValues(f.typeOf(i)) // of a block
	default:
		return weightPlain
	}
}

// fewValues is how many parameters and results of a function or block are not charged for by themselves.
const fewValues = 8

// weighValues is what the parameters and results of a function or a block weigh: there is not even a byte of code for each,
// and yet they are moved, and take room on the machine stack.
func weighValues(t *validate.Type) uint32 {
	if t == nil {
		return 0
	}
	return uint32(max(0, len(t.Params)+len(t.Results)-fewValues)) //nolint:gosec // bounded
}

// typeOf is the type that an instruction names by its number, nil for none.
func (f *function) typeOf(i *wasm.Instruction) *validate.Type {
	switch i.Op {
	case wasm.OpBlock, wasm.OpLoop, wasm.OpIf, wasm.OpCallIndirect:
		if uint64(i.Index) < uint64(len(f.in.Types)) {
			return &f.in.Types[i.Index]
		}
	}
	return nil
}
