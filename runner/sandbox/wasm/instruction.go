package wasm

import "fmt"

// Class is what an instruction means to who counts what code does.
type Class byte

// The classes of instructions.
const (
	// Plain instructions work on values.
	Plain Class = iota
	// Access instructions load from memory or store there.
	Access
	// Structure: nop, block, loop, if, else, end.
	Structure
	// Branch: br, br_if, br_table, return, unreachable.
	Branch
	// Call and CallIndirect call functions.
	Call
	CallIndirect
	// Grow is memory.grow.
	Grow
	// Bulk works on as much of the memory as the value on top of the stack says: memory.init, memory.copy, memory.fill.
	Bulk
	// Table works on a table; those that change one are told apart by ChangesTable.
	Table
)

// Instruction is one instruction of a function's body.
type Instruction struct {
	Op byte
	// Sub is the number after the prefix Misc or Vector.
	Sub   byte
	Class Class
	// Index is the function, type, local, global, label or segment that is named first.
	Index uint32
	// Start and End are its place in the body.
	Start, End uint32
}

// The instructions that others need to know.
const (
	OpUnreachable  = 0x00
	OpBlock        = 0x02
	OpLoop         = 0x03
	OpIf           = 0x04
	OpElse         = 0x05
	OpEnd          = 0x0b
	OpBr           = 0x0c
	OpBrIf         = 0x0d
	OpBrTable      = 0x0e
	OpReturn       = 0x0f
	OpCall         = 0x10
	OpCallIndirect = 0x11
	OpDrop         = 0x1a
	OpLocalGet     = 0x20
	OpLocalSet     = 0x21
	OpLocalTee     = 0x22
	OpGlobalGet    = 0x23
	OpGlobalSet    = 0x24
	OpMemorySize   = 0x3f
	OpMemoryGrow   = 0x40
	OpI32Const     = 0x41
	OpI64Const     = 0x42
	OpF32Const     = 0x43
	OpF64Const     = 0x44
	OpI32Eqz       = 0x45
	OpI32LtS       = 0x48
	OpI32LtU       = 0x49
	OpI32GtS       = 0x4a
	OpI32GtU       = 0x4b
	OpI32LeU       = 0x4d
	OpI32Add       = 0x6a
	OpI32Sub       = 0x6b
	OpI32ShrU      = 0x76
	OpRefNull      = 0xd0
	OpRefFunc      = 0xd2
	OpMisc         = 0xfc
	OpVector       = 0xfd
)

// BlockVoid is the type of a block that takes and leaves nothing.
const BlockVoid = blockVoid

// The instructions after the prefix Misc.
const (
	MiscMemoryInit = 8
	MiscDataDrop   = 9
	MiscMemoryCopy = 10
	MiscMemoryFill = 11
	MiscTableInit  = 12
	MiscElemDrop   = 13
	MiscTableCopy  = 14
	MiscTableGrow  = 15
	MiscTableSize  = 16
	MiscTableFill  = 17
)

const vectorConst = 0x0c

// opTableGet and opTableSet are the other two that work on tables.
const opTableGet, opTableSet = 0x25, 0x26

// ChangesTable tells whether the instruction can change what is in a table, or which segments are left.
func (i *Instruction) ChangesTable() bool {
	switch i.Op {
	case opTableSet:
		return true
	case OpMisc:
		switch i.Sub {
		case MiscTableInit, MiscTableCopy, MiscTableGrow, MiscTableFill, MiscElemDrop, MiscDataDrop:
			return true
		}
	}
	return false
}

// Instruction reads one instruction with what belongs to it. Where is what of the body was read before.
func (r *Reader) Instruction(where uint32) Instruction {
	rest := len(r.Data)
	i := Instruction{Op: r.Byte(), Start: where}
	r.instruction(&i)
	i.End = where + uint32(rest-len(r.Data)) //nolint:gosec // bodies are far below 4 GiB
	return i
}

func (r *Reader) instruction(i *Instruction) {
	switch i.Op {
	case 0x01, OpElse, OpEnd: // nop
		i.Class = Structure
	case OpUnreachable, OpReturn:
		i.Class = Branch
	case OpDrop, 0x1b, 0xd1: // select, ref.is_null
	case OpBlock, OpLoop, OpIf:
		i.Class = Structure
		i.Index = r.blockType()
	case OpBr, OpBrIf:
		i.Class = Branch
		i.Index = r.U32()
	case OpCall:
		i.Class = Call
		i.Index = r.U32()
	case OpLocalGet, OpLocalSet, OpLocalTee, OpGlobalGet, OpGlobalSet, OpRefFunc:
		i.Index = r.U32()
	case opTableGet, opTableSet:
		i.Class = Table
		i.Index = r.U32()
	case OpBrTable:
		i.Class = Branch
		r.Each(NoLimit, "labels", func() { r.U32() })
		r.U32()
	case OpCallIndirect:
		i.Class = CallIndirect
		i.Index = r.U32()
		r.U32()
	case 0x1c: // select of a type
		if r.Byte() != 1 {
			r.Fail(ErrMalformed)
		}
		r.ValueType()
	case OpMemorySize:
		r.memoryIndex()
	case OpMemoryGrow:
		i.Class = Grow
		r.memoryIndex()
	case OpI32Const, OpI64Const:
		r.SkipNumber()
	case OpF32Const:
		r.Bytes(4)
	case OpF64Const:
		r.Bytes(8)
	case OpRefNull:
		r.ReferenceType()
	case OpMisc:
		r.miscellaneous(i)
	case OpVector:
		r.vector(i)
	default:
		switch {
		case i.Op >= 0x28 && i.Op <= 0x3e: // loads and stores
			i.Class = Access
			r.memoryArgument()
		case i.Op >= OpI32Eqz && i.Op <= 0xc4: // numbers
		default:
			r.Fail(unknownInstruction(i.Op))
		}
	}
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

// NoType is the index of a block's type that is not in the type section.
const NoType = NoLimit

// blockType reads the type of a block: none, that of its one value, or the number of a type, which it returns.
func (r *Reader) blockType() uint32 {
	if r.Err != nil || len(r.Data) == 0 {
		r.Fail(ErrMalformed)
		return NoType
	}
	switch first := r.Data[0]; {
	case first == blockVoid:
		r.Byte()
		return NoType
	case first > blockVoid && first < 0x80:
		r.ValueType()
		return NoType
	default:
		return r.U32()
	}
}

// memoryIndex reads the number of a memory, of which there is one.
func (r *Reader) memoryIndex() {
	if r.Byte() != 0 {
		r.Fail(notAccepted(multiMemory))
	}
}

// memoryArgument reads the alignment and the offset of a load or store.
func (r *Reader) memoryArgument() {
	if r.U32() >= 32 { // there is a memory's number, too
		r.Fail(notAccepted(multiMemory))
	}
	r.U32()
}

// miscellaneous reads an instruction after its prefix: conversions that saturate, and those on whole memories and tables.
func (r *Reader) miscellaneous(i *Instruction) {
	opcode := r.U32()
	i.Sub = byte(min(opcode, 0xff))
	switch opcode {
	case 0, 1, 2, 3, 4, 5, 6, 7: // conversions
	case MiscMemoryInit:
		i.Class = Bulk
		i.Index = r.U32()
		r.memoryIndex()
	case MiscDataDrop:
		i.Class = Table
		i.Index = r.U32()
	case MiscMemoryCopy:
		i.Class = Bulk
		r.memoryIndex()
		r.memoryIndex()
	case MiscMemoryFill:
		i.Class = Bulk
		r.memoryIndex()
	case MiscTableInit, MiscTableCopy:
		i.Class = Table
		i.Index = r.U32()
		r.U32()
	case MiscElemDrop, MiscTableGrow, MiscTableSize, MiscTableFill:
		i.Class = Table
		i.Index = r.U32()
	default:
		r.Fail(fmt.Errorf("unknown instruction 0xfc %d", opcode))
	}
}

// vector reads an instruction of SIMD after its prefix.
func (r *Reader) vector(i *Instruction) {
	opcode := r.Byte()
	i.Sub = opcode
	switch {
	case opcode <= 0x0b, opcode == 0x5c, opcode == 0x5d: // loads, v128.store
		i.Class = Access
		r.memoryArgument()
	case opcode == vectorConst, opcode == 0x0d: // i8x16.shuffle
		r.Bytes(16)
	case opcode >= 0x15 && opcode <= 0x22: // extract_lane, replace_lane
		r.Byte()
	case opcode >= 0x54 && opcode <= 0x5b: // load_lane, store_lane
		i.Class = Access
		r.memoryArgument()
		r.Byte()
	case opcode >= 0x80:
		// Its number is LEB128 of two bytes. wazero looks at the first alone, and the second, 1, is a nop to it.
		if high := r.Byte(); high != 1 {
			r.Fail(notAccepted(relaxedSIMD))
		}
	}
}
