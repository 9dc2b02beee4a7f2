package wasm

// The types of values.
const (
	I32       = 0x7f
	I64       = 0x7e
	F32       = 0x7d
	F64       = 0x7c
	V128      = 0x7b
	FuncRef   = 0x70
	ExternRef = 0x6f
)

// typeFunction begins the type of a function, blockVoid is the type of a block that takes and leaves nothing.
const typeFunction, blockVoid = 0x60, 0x40

// ValueType reads the type of a value.
func (r *Reader) ValueType() byte {
	kind := r.Byte()
	switch kind {
	case I32, I64, F32, F64, V128, FuncRef, ExternRef:
	case 0x69, 0x68: // exnref, and what is thrown with it
		r.Fail(notAccepted(exceptions))
	case 0x63, 0x64, 0x65, 0x6a, 0x6b, 0x6c, 0x6d, 0x6e, 0x71, 0x72, 0x73, 0x78, 0x77: // typed references, packed types
		r.Fail(notAccepted(references))
	default:
		r.Fail(ErrMalformed)
	}
	return kind
}

// ReferenceType reads the type of what a table holds; wazero would take any byte for one.
func (r *Reader) ReferenceType() byte {
	kind := r.Byte()
	switch kind {
	case FuncRef, ExternRef:
	case blockVoid, 0x63, 0x64, 0x6a, 0x6b, 0x6c, 0x6d, 0x6e: // a first value for the entries, typed references
		r.Fail(notAccepted(references))
	default:
		r.Fail(ErrMalformed)
	}
	return kind
}

// FunctionType begins to read the type of a function; its parameters and results follow.
func (r *Reader) FunctionType() {
	switch r.Byte() {
	case typeFunction:
	case 0x4e, 0x4f, 0x50, 0x5e, 0x5f: // recursive groups, sub-types, arrays and structures
		r.Fail(notAccepted(references))
	default:
		r.Fail(ErrMalformed)
	}
}

// NoLimit is the upper limit of a table or memory that names none.
const NoLimit = 1<<32 - 1

// TableLimits reads the limits of a table, in entries.
func (r *Reader) TableLimits() (low, high uint32) {
	flags := r.Byte()
	if flags > 1 {
		r.Fail(ErrMalformed)
	}
	if low, high = r.U32(), NoLimit; flags&1 != 0 {
		high = r.U32()
	}
	return low, high
}

// MemoryLimits reads the limits of a memory, in pages.
func (r *Reader) MemoryLimits() (low, high uint32) {
	flags := r.Byte()
	switch {
	case flags > 7:
		r.Fail(ErrMalformed)
	case flags&4 != 0:
		r.Fail(notAccepted(memory64))
	case flags&2 != 0:
		r.Fail(notAccepted(threads))
	}
	if low, high = r.U32(), NoLimit; flags&1 != 0 {
		high = r.U32()
	}
	return low, high
}
