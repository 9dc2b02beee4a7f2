package sandbox

import (
	"errors"

	"github.com/tetratelabs/wazero/experimental"
)

// memoryLimit gives one sandbox its linear memory, up to what was reserved. wazero's own limit is one for all modules.
type memoryLimit struct {
	pages []byte
	// refused is set when the guest wanted more.
	refused bool
}

// reserveMemory takes all of a sandbox's address space at once, so that growing moves nothing. It does so before the
// sandbox is made: an Allocate that fails would be a panic of wazero.
//
// # Errors
//
// When the system has no room.
func reserveMemory(size uint64) (*memoryLimit, error) {
	pages := reserve(size)
	if uint64(len(pages)) < size {
		return nil, errors.New("the host has no memory left for a sandbox")
	}
	return &memoryLimit{pages: pages}, nil
}

// Allocate implements experimental.MemoryAllocator. It is called once: a guest has one memory.
func (l *memoryLimit) Allocate(_, _ uint64) experimental.LinearMemory { return l }

// Reallocate implements experimental.LinearMemory: nil refuses, and memory.grow answers -1.
func (l *memoryLimit) Reallocate(size uint64) []byte {
	if size > uint64(len(l.pages)) {
		l.refused = true
		return nil
	}
	return l.pages[:size]
}

// Free implements experimental.LinearMemory. wazero calls it as soon as a guest exits, and in the interpreter when its
// context ends, while a host function may still use the memory: it is freed with the sandbox instead.
func (l *memoryLimit) Free() {}

func (l *memoryLimit) free() {
	release(l.pages)
	l.pages = nil
}
