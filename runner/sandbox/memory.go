package sandbox

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"unicode/utf8"

	"github.com/tetratelabs/wazero/api"
)

// Fault is a guest's misuse of a host function. It ends the guest.
type Fault struct {
	// Function is the import that was called.
	Function string
	Problem  string
}

// Error says which function was misused and how.
func (f *Fault) Error() string { return f.Function + ": " + f.Problem }

// fault ends the guest: wazero turns the panic of a host function into the error of the call into the guest.
func fault(function, format string, args ...any) {
	panic(&Fault{Function: function, Problem: fmt.Sprintf(format, args...)})
}

// read copies length bytes at ptr of the guest's memory.
func (s *instance) read(function, what string, ptr, length uint32) []byte {
	return bytes.Clone(s.view(function, what, ptr, length))
}

// view returns bytes of the guest's memory, valid until the guest runs again.
func (s *instance) view(function, what string, ptr, length uint32) []byte {
	data, ok := s.module.Memory().Read(ptr, length)
	if !ok {
		fault(function, "%s at %d with length %d is outside of the guest's memory of %d bytes", what, ptr, length, s.module.Memory().Size())
	}
	return data
}

// text reads UTF-8, of which the first limit bytes count.
func (s *instance) text(function, what string, ptr, length, limit uint32) string {
	data := s.view(function, what, ptr, length)
	if uint32(len(data)) > limit { //nolint:gosec // a view is below 4 GiB
		data = data[:limit]
	}
	if utf8.Valid(data) {
		return string(data)
	}
	return string(bytes.ToValidUTF8(data, []byte("\uFFFD")))
}

// checkJob refuses a job id that is not the running job's.
func (s *instance) checkJob(function string, ptr uint32) {
	id := s.view(function, "job id", ptr, 16)
	if !bytes.Equal(id, s.job[:]) {
		fault(function, "job id %x is not that of the running job", id)
	}
}

// place allocates in the guest and copies data there.
//
// # Errors
//
// When the guest's allocator traps, answers 0 or memory that is not the guest's.
func (s *instance) place(ctx context.Context, data []byte) (uint32, error) {
	ptr, err := s.alloc(ctx, len(data))
	if err != nil {
		return 0, err
	}
	if !s.module.Memory().Write(ptr, data) {
		return 0, fmt.Errorf("wasm_alloc(%d) answered %d, which is outside of the guest's memory", len(data), ptr)
	}
	return ptr, nil
}

// result places a result as the ABI wants it: its length as u32, little-endian, then its bytes. It answers 0 when the
// guest has no memory for it.
func (s *instance) result(ctx context.Context, data []byte) uint32 {
	ptr, err := s.alloc(ctx, 4+len(data))
	if err != nil {
		s.host.Log(Error, "result of a call does not fit: "+err.Error())
		return 0
	}
	var length [4]byte
	binary.LittleEndian.PutUint32(length[:], uint32(len(data))) //nolint:gosec // alloc refuses what is larger
	memory := s.module.Memory()
	if !memory.Write(ptr, length[:]) || !memory.Write(ptr+4, data) {
		s.host.Log(Error, fmt.Sprintf("result of a call does not fit: wasm_alloc(%d) answered %d, outside of the guest's memory", 4+len(data), ptr))
		return 0
	}
	return ptr
}

func (s *instance) alloc(ctx context.Context, size int) (uint32, error) {
	if size > 1<<30 {
		return 0, fmt.Errorf("%d bytes are more than a guest can be given", size)
	}
	if s.allocate == nil {
		s.allocate = s.module.ExportedFunction("wasm_alloc")
	}
	stack := [1]uint64{api.EncodeU32(uint32(size))} //nolint:gosec // checked above
	if err := s.allocate.CallWithStack(ctx, stack[:]); err != nil {
		return 0, fmt.Errorf("wasm_alloc(%d): %w", size, err)
	}
	ptr := api.DecodeU32(stack[0])
	if ptr == 0 {
		return 0, fmt.Errorf("wasm_alloc(%d) answered 0: the guest is out of memory", size)
	}
	return ptr, nil
}
