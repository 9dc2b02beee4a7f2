package wasm

import "errors"

// ErrMalformed is what a Reader fails with when it met what is no WebAssembly.
var ErrMalformed = errors.New("malformed or cut off")

// Reader reads the binary format of WebAssembly. It keeps its first error, after which every read answers zero.
type Reader struct {
	// Data is what was not read yet.
	Data []byte
	// Err is the first error; with one, there is no more Data.
	Err error
}

// Fail ends reading with an error, unless there was one before.
func (r *Reader) Fail(err error) {
	if r.Err == nil {
		r.Err = err
	}
	r.Data = nil
}

// Bytes reads n bytes.
func (r *Reader) Bytes(n uint32) []byte {
	if uint64(n) > uint64(len(r.Data)) {
		r.Fail(ErrMalformed)
		return nil
	}
	data := r.Data[:n:n]
	r.Data = r.Data[n:]
	return data
}

// Byte reads one byte.
func (r *Reader) Byte() byte {
	if len(r.Data) == 0 {
		r.Fail(ErrMalformed)
		return 0
	}
	b := r.Data[0]
	r.Data = r.Data[1:]
	return b
}

// U32 reads an unsigned LEB128 number.
func (r *Reader) U32() uint32 {
	var value uint32
	for shift := 0; shift < 35; shift += 7 {
		b := r.Byte()
		if shift == 28 && b > 0x0f {
			break
		}
		value |= uint32(b&0x7f) << shift
		if b < 0x80 {
			return value
		}
	}
	r.Fail(ErrMalformed)
	return 0
}

// SkipNumber skips a LEB128 number, signed or not.
func (r *Reader) SkipNumber() {
	for range 10 {
		if r.Byte() < 0x80 {
			return
		}
	}
	r.Fail(ErrMalformed)
}

// Name reads a name, which may be no UTF-8.
func (r *Reader) Name() string { return string(r.Bytes(r.U32())) }

// Each reads a vector: its length, and that many items. More than limit are refused, as so many of what.
func (r *Reader) Each(limit uint32, what string, item func()) {
	count := r.U32()
	if count > limit {
		r.Fail(TooMany(uint64(count), what, uint64(limit)))
	}
	for range count {
		if r.Err != nil {
			return
		}
		item()
	}
}

// AppendU32 appends a number as unsigned LEB128.
func AppendU32(data []byte, value uint32) []byte {
	for value >= 0x80 {
		data = append(data, byte(value)|0x80)
		value >>= 7
	}
	return append(data, byte(value))
}

// AppendI32 appends a number as signed LEB128.
func AppendI32(data []byte, value int32) []byte { return AppendI64(data, int64(value)) }

// AppendI64 appends a number as signed LEB128.
func AppendI64(data []byte, value int64) []byte {
	for value < -64 || value > 63 {
		data = append(data, byte(value)|0x80) //nolint:gosec // seven bits at a time
		value >>= 7
	}
	return append(data, byte(value)&0x7f)
}

// AppendName appends a name.
func AppendName(data []byte, name string) []byte {
	return append(AppendU32(data, uint32(len(name))), name...) //nolint:gosec // names are short
}
