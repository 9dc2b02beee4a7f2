package sandbox

import "errors"

// errMalformed is what a reader fails with when it met what is no WebAssembly.
var errMalformed = errors.New("malformed or cut off")

// reader reads the binary format of WebAssembly. It keeps its first error, after which every read answers zero.
type reader struct {
	data []byte
	err  error
}

func (r *reader) fail(err error) {
	if r.err == nil {
		r.err = err
	}
	r.data = nil
}

func (r *reader) bytes(n uint32) []byte {
	if uint64(n) > uint64(len(r.data)) {
		r.fail(errMalformed)
		return nil
	}
	data := r.data[:n:n]
	r.data = r.data[n:]
	return data
}

func (r *reader) byte() byte {
	if b := r.bytes(1); b != nil {
		return b[0]
	}
	return 0
}

// u32 reads an unsigned LEB128 number.
func (r *reader) u32() uint32 {
	var value uint32
	for shift := 0; shift < 35; shift += 7 {
		b := r.byte()
		if shift == 28 && b > 0x0f {
			break
		}
		value |= uint32(b&0x7f) << shift
		if b < 0x80 {
			return value
		}
	}
	r.fail(errMalformed)
	return 0
}

// skipNumber skips a LEB128 number, signed or not.
func (r *reader) skipNumber() {
	for range 10 {
		if r.byte() < 0x80 {
			return
		}
	}
	r.fail(errMalformed)
}

func (r *reader) name() string { return string(r.bytes(r.u32())) }

// constant skips a constant expression.
func (r *reader) constant() {
	for r.err == nil {
		switch opcode := r.byte(); opcode {
		case 0x0b: // end
			return
		case 0x41, 0x42, 0x23, 0xd2: // i32.const, i64.const, global.get, ref.func
			r.skipNumber()
		case 0xd0: // ref.null
			referenceType(r)
		case 0x43: // f32.const
			r.bytes(4)
		case 0x44: // f64.const
			r.bytes(8)
		case 0x6a, 0x6b, 0x6c, 0x7c, 0x7d, 0x7e: // add, sub and mul of i32 and i64
			r.fail(notAccepted(extendedConst))
		case 0xfb:
			r.fail(notAccepted(references))
		case 0xfd:
			if r.byte() != 0x0c { // v128.const
				r.fail(errMalformed)
			}
			r.bytes(16)
		default:
			r.fail(errMalformed)
		}
	}
}

// appendU32 appends a number as unsigned LEB128.
func appendU32(data []byte, value uint32) []byte {
	for value >= 0x80 {
		data = append(data, byte(value)|0x80)
		value >>= 7
	}
	return append(data, byte(value))
}

// appendI32 appends a number as signed LEB128.
func appendI32(data []byte, value int32) []byte {
	for value < -64 || value > 63 {
		data = append(data, byte(value)|0x80) //nolint:gosec // seven bits at a time
		value >>= 7
	}
	return append(data, byte(value)&0x7f)
}
