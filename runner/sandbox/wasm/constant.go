package wasm

// Constant reads a constant expression and returns its bytes, end included.
func (r *Reader) Constant() []byte { return r.constant(nil) }

// ShiftedConstant reads a constant expression and returns it with the functions it refers to numbered anew.
func (r *Reader) ShiftedConstant(function func(uint32) uint32) []byte { return r.constant(function) }

func (r *Reader) constant(function func(uint32) uint32) []byte {
	whole := r.Data
	var shifted []byte
	copied := len(whole)
	for r.Err == nil {
		switch opcode := r.Byte(); opcode {
		case OpEnd:
			if shifted == nil {
				return whole[: len(whole)-len(r.Data) : len(whole)-len(r.Data)]
			}
			return append(shifted, whole[len(whole)-copied:len(whole)-len(r.Data)]...)
		case OpRefFunc:
			before := whole[len(whole)-copied : len(whole)-len(r.Data)]
			index := r.U32()
			if function != nil {
				shifted = AppendU32(append(shifted, before...), function(index))
				copied = len(r.Data)
			}
		case OpI32Const, OpI64Const, OpGlobalGet:
			r.SkipNumber()
		case OpRefNull:
			r.ReferenceType()
		case OpF32Const:
			r.Bytes(4)
		case OpF64Const:
			r.Bytes(8)
		case 0x6a, 0x6b, 0x6c, 0x7c, 0x7d, 0x7e: // add, sub and mul of i32 and i64
			r.Fail(notAccepted(extendedConst))
		case 0xfb:
			r.Fail(notAccepted(references))
		case OpVector:
			if r.Byte() != vectorConst {
				r.Fail(ErrMalformed)
			}
			r.Bytes(16)
		default:
			r.Fail(ErrMalformed)
		}
	}
	return nil
}
