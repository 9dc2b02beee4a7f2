package sandbox

import (
	"context"
	"encoding/binary"
	"fmt"

	"github.com/tetratelabs/wazero/api"
)

// allocatorError is a wasm_alloc that trapped, exited or misused a host function. It ends the guest.
type allocatorError struct{ cause error }

// Error says that it was the allocator.
func (e *allocatorError) Error() string { return "wasm_alloc: " + e.cause.Error() }

// Unwrap returns what wasm_alloc did.
func (e *allocatorError) Unwrap() error { return e.cause }

// alloc asks the guest for size bytes and returns where they are: bytes of its memory, nil when it has none left.
//
// # Errors
//
// When the guest's allocator fails or answers what is not its memory.
func (s *instance) alloc(ctx context.Context, size int) (ptr uint32, room []byte, err error) {
	if uint64(size) > uint64(len(s.memory.pages)) { //nolint:gosec // not negative
		return 0, nil, nil
	}
	s.allocating = true
	stack := [1]uint64{uint64(size)} //nolint:gosec // at most the guest's memory
	err = s.call(ctx, allocExport, stack[:])
	s.allocating = false
	if err != nil {
		return 0, nil, &allocatorError{s.reason(err)}
	}
	ptr = api.DecodeU32(stack[0])
	if ptr == 0 {
		return 0, nil, nil
	}
	room, ok := s.module.Memory().Read(ptr, uint32(size)) //nolint:gosec // at most the guest's memory
	if !ok {
		return 0, nil, &FaultError{"wasm_alloc", fmt.Sprintf("answered %d for %d bytes, which is outside of the guest's memory of %d bytes",
			ptr, size, s.module.Memory().Size())}
	}
	return ptr, room, nil
}

// place copies what a job starts with into the guest.
//
// # Errors
//
// Those of alloc; a *LimitError when the guest has no memory for it.
func (s *instance) place(ctx context.Context, what string, data []byte) (uint32, error) {
	ptr, room, err := s.alloc(ctx, len(data))
	if err != nil {
		return 0, err
	}
	if room == nil && uint64(len(data)) <= s.of.memory {
		return 0, fmt.Errorf("the guest has no memory for its %s of %d bytes", what, len(data))
	}
	if room == nil {
		return 0, &LimitError{Limit: LimitMemory, Problem: fmt.Sprintf("the guest has no memory for its %s of %d bytes, it may have %d", what, len(data), s.of.memory)}
	}
	copy(room, data)
	return ptr, nil
}

// notAllocating ends a guest that asks for a result from within its wasm_alloc: there would be no end to it.
func (s *instance) notAllocating(function string) {
	if s.allocating {
		fault(function, "called by wasm_alloc, which is to make room for its result")
	}
}

// deliver places a result as the ABI wants it: its length as u32, little-endian, then its bytes. It answers 0 when the
// guest has no memory for it, and ends the guest when its allocator fails.
func (s *instance) deliver(ctx context.Context, data []byte) uint32 {
	ptr, room, err := s.alloc(ctx, 4+len(data))
	if err != nil {
		panic(err) // as in fault
	}
	if room == nil {
		return 0
	}
	binary.LittleEndian.PutUint32(room, uint32(len(data))) //nolint:gosec // alloc refuses what is larger
	s.transfer(allocExport, room[4:], data)
	return ptr
}

// result delivers the answer of a call. A guest without memory for it gets an error instead, and one that has none for
// that either gets 0.
func (s *instance) result(ctx context.Context, data []byte) uint32 {
	ptr := s.deliver(ctx, data)
	if ptr == 0 {
		ptr = s.deliver(ctx, failure("resource_exhausted", fmt.Sprintf("the guest has no memory for an answer of %d bytes", len(data))))
	}
	if ptr == 0 {
		s.log(Error, fmt.Appendf(nil, "the guest has no memory for an answer of %d bytes", len(data)))
	}
	return ptr
}
