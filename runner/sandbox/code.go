package sandbox

import (
	"fmt"
	"math"
	"slices"
)

// blockVoid is the type of a block that takes and leaves nothing.
const blockVoid = 0x40

// kind is what an instruction means for the checks.
type kind int

const (
	plain kind = iota
	// loop is a loop opcode.
	loop
	// bulk works on as much of a memory or table as the value on top of the stack says.
	bulk
)

// codeSection returns the section with a check at the head of each loop and after each bulk instruction, and an empty loop
// with one at the head of each function: a guest that calls itself twice, and those twice again, would need no other for a
// thousand years.
func (in *inspection) codeSection(r *reader) []byte {
	perRound, keep, perLength := in.checks()
	head := slices.Concat([]byte{opLoop, blockVoid}, perRound, []byte{opEnd})
	bodies := make([]byte, 0, len(r.data)+len(r.data)/4)
	var body []byte
	var count uint32
	each(r, maxItems, "functions", func() {
		code := &reader{data: r.bytes(r.u32())}
		whole := code.data
		in.localGroups(code)
		body = append(append(body[:0], whole[:len(whole)-len(code.data)]...), head...)
		for len(code.data) > 0 {
			rest := code.data
			kind := in.instruction(code)
			if code.err != nil {
				code.err = fmt.Errorf("function %d at %d: %w", count, len(whole)-len(rest), code.err)
				break
			}
			instruction := rest[:len(rest)-len(code.data)]
			switch kind {
			case loop:
				body = append(append(body, instruction...), perRound...)
				in.checked++
			case bulk:
				body = append(append(append(body, keep...), instruction...), perLength...)
				in.checked++
			default:
				body = append(body, instruction...)
			}
		}
		if in.checked > maxChecked {
			code.fail(tooMany(in.checked, "loops and bulk instructions", maxChecked))
		}
		if code.err != nil {
			r.fail(code.err)
			return
		}
		count++
		bodies = append(appendU32(bodies, uint32(len(body))), body...) //nolint:gosec // maxChecked bounds it
	})
	return append(appendU32(nil, count), bodies...)
}

// localGroups reads a function's locals.
func (in *inspection) localGroups(code *reader) {
	var locals uint64
	each(code, maxLocals, "groups of locals", func() {
		locals += uint64(code.u32())
		valueType(code)
	})
	if locals > maxLocals {
		code.fail(tooMany(locals, "locals of a function", maxLocals))
	}
	if in.locals += locals; in.locals > maxAllLocals {
		code.fail(tooMany(in.locals, "locals", maxAllLocals))
	}
}

// The instructions that more than one place knows.
const (
	opUnreachable = 0x00
	opLoop        = 0x03
	opIf          = 0x04
	opEnd         = 0x0b
	opDrop        = 0x1a
	opGlobalGet   = 0x23
	opGlobalSet   = 0x24
	opMemoryGrow  = 0x40
	opI32Const    = 0x41
	opI32Eqz      = 0x45
	opI32LtS      = 0x48
	opI32Sub      = 0x6b
	opI32ShrU     = 0x76
	opMisc        = 0xfc
	opVector      = 0xfd
)

// instruction reads one instruction with what belongs to it. It reads as the standard has it; what the engine would read
// in another way is refused, for there a loop could hide.
func (in *inspection) instruction(r *reader) kind {
	opcode := r.byte()
	switch opcode {
	case opUnreachable, 0x01, 0x05, opEnd, 0x0f, opDrop, 0x1b, 0xd1: // nop, else, end, return, drop, select, ref.is_null
	case 0x02, opIf: // block
		blockType(r)
	case opLoop:
		blockType(r)
		return loop
	case 0x0c, 0x0d, 0x10, 0x20, 0x21, 0x22, 0x25, 0x26, 0xd2: // br, br_if, call, locals, table.get, table.set, ref.func
		r.u32()
	case opGlobalGet, opGlobalSet:
		if index := r.u32(); index >= in.globals {
			r.fail(fmt.Errorf("global %d of %d", index, in.globals))
		}
	case 0x0e: // br_table
		each(r, math.MaxUint32, "labels", func() { r.u32() })
		r.u32()
	case 0x11: // call_indirect
		r.u32()
		r.u32()
	case 0x1c: // select of a type
		if r.byte() != 1 {
			r.fail(errMalformed)
		}
		valueType(r)
	case 0x3f, opMemoryGrow: // memory.size
		memoryIndex(r)
	case opI32Const, 0x42: // i64.const
		r.skipNumber()
	case 0x43: // f32.const
		r.bytes(4)
	case 0x44: // f64.const
		r.bytes(8)
	case 0xd0: // ref.null
		referenceType(r)
	case opMisc:
		return miscellaneous(r)
	case opVector:
		vector(r)
	default:
		switch {
		case opcode >= 0x28 && opcode <= 0x3e: // loads and stores
			memoryArgument(r)
		case opcode >= opI32Eqz && opcode <= 0xc4: // numbers
		default:
			r.fail(unknownInstruction(opcode))
		}
	}
	return plain
}

// unknownInstruction names the feature that an instruction belongs to.
func unknownInstruction(opcode byte) error {
	switch opcode {
	case 0x12, 0x13: // return_call, return_call_indirect
		return notAccepted(tailCalls)
	case 0x06, 0x07, 0x08, 0x09, 0x0a, 0x18, 0x19, 0x1f: // try, catch, throw, rethrow, throw_ref, delegate, catch_all, try_table
		return notAccepted(exceptions)
	case 0x14, 0x15, 0xd3, 0xd4, 0xd5, 0xd6, 0xfb: // call_ref, return_call_ref, ref.eq and more
		return notAccepted(references)
	case 0xfe:
		return notAccepted(threads)
	default:
		return fmt.Errorf("unknown instruction %#02x", opcode)
	}
}

// blockType reads the type of a block: none, that of its one value, or the number of a type.
func blockType(r *reader) {
	if r.err != nil || len(r.data) == 0 {
		r.fail(errMalformed)
		return
	}
	switch first := r.data[0]; {
	case first == blockVoid:
		r.byte()
	case first > blockVoid && first < 0x80:
		valueType(r)
	default:
		r.u32()
	}
}

// memoryIndex reads the number of a memory, of which there is one.
func memoryIndex(r *reader) {
	if r.byte() != 0 {
		r.fail(notAccepted(multiMemory))
	}
}

// memoryArgument reads the alignment and the offset of a load or store.
func memoryArgument(r *reader) {
	if r.u32() >= 32 { // there is a memory's number, too
		r.fail(notAccepted(multiMemory))
	}
	r.u32()
}

// miscellaneous reads an instruction after its prefix: conversions that saturate, and those on whole memories and tables.
func miscellaneous(r *reader) kind {
	switch opcode := r.u32(); opcode {
	case 0, 1, 2, 3, 4, 5, 6, 7: // conversions
		return plain
	case 9, 13, 16: // data.drop, elem.drop, table.size
		r.u32()
		return plain
	case 8: // memory.init
		r.u32()
		memoryIndex(r)
	case 10: // memory.copy
		memoryIndex(r)
		memoryIndex(r)
	case 11: // memory.fill
		memoryIndex(r)
	case 12, 14: // table.init, table.copy
		r.u32()
		r.u32()
	case 15, 17: // table.grow, table.fill
		r.u32()
	default:
		r.fail(fmt.Errorf("unknown instruction 0xfc %d", opcode))
	}
	return bulk
}

// vector reads an instruction of SIMD after its prefix.
func vector(r *reader) {
	opcode := r.byte()
	switch {
	case opcode <= 0x0b, opcode == 0x5c, opcode == 0x5d: // loads, v128.store
		memoryArgument(r)
	case opcode == 0x0c, opcode == 0x0d: // v128.const, i8x16.shuffle
		r.bytes(16)
	case opcode >= 0x15 && opcode <= 0x22: // extract_lane, replace_lane
		r.byte()
	case opcode >= 0x54 && opcode <= 0x5b: // load_lane, store_lane
		memoryArgument(r)
		r.byte()
	case opcode >= 0x80:
		// Its number is LEB128 of two bytes. The engine looks at the first alone, and the second, 1, is a nop to it.
		if high := r.byte(); high != 1 {
			r.fail(notAccepted(relaxedSIMD))
		}
	}
}
