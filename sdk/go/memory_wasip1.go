//go:build wasip1

package airlock

import (
	"encoding/binary"
	"unsafe"
)

// allocations keeps what the host was given alive, by address, until the host or the reader of an answer lets go of it.
var allocations = map[uint32][]byte{}

//go:wasmexport wasm_alloc
func wasmAlloc(size int32) uint32 {
	if size < 0 {
		return 0
	}
	// An allocation of nothing still needs an address of its own.
	buffer := make([]byte, max(size, 1))
	address := uint32(uintptr(unsafe.Pointer(unsafe.SliceData(buffer))))
	allocations[address] = buffer
	return address
}

//go:wasmexport wasm_free
func wasmFree(address uint32, _ int32) {
	delete(allocations, address)
}

// copied returns a copy of memory the host wrote. What it wrote into an allocation is found there, so that an address is turned
// into a pointer only where a host keeps to itself how it got it.
func copied(address, size uint32) []byte {
	if size == 0 {
		return nil
	}
	if buffer, ok := allocations[address]; ok && int(size) <= len(buffer) {
		return append([]byte(nil), buffer[:size]...)
	}
	return append([]byte(nil), unsafe.Slice((*byte)(unsafe.Add(nil, address)), size)...)
}

// taken returns the result at an address, a length and that many bytes, and frees it. It is nil for an address of 0 and for
// what is not a result.
func taken(address uint32) []byte {
	buffer, ok := allocations[address]
	delete(allocations, address)
	if !ok || len(buffer) < 4 {
		return nil
	}
	size := binary.LittleEndian.Uint32(buffer)
	if uint64(size) > uint64(len(buffer)-4) {
		return nil
	}
	return buffer[4 : 4+size : 4+size]
}
