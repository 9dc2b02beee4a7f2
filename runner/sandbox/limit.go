package sandbox

import "github.com/tetratelabs/wazero/experimental"

// memoryLimit gives one sandbox its linear memory, up to max bytes. wazero's own limit is one for all modules.
type memoryLimit struct {
	max   uint64
	pages []byte
	// refused is set when the guest wanted more.
	refused bool
}

// Allocate implements experimental.MemoryAllocator. It is called once: a guest has one memory. All of its address space
// is taken at once, so that growing moves nothing.
func (l *memoryLimit) Allocate(_, limit uint64) experimental.LinearMemory {
	l.pages = reserve(min(limit, l.max))
	return l
}

// Reallocate implements experimental.LinearMemory: nil refuses, and memory.grow answers -1.
func (l *memoryLimit) Reallocate(size uint64) []byte {
	if size > uint64(len(l.pages)) {
		l.refused = true
		return nil
	}
	return l.pages[:size]
}

// Free implements experimental.LinearMemory. wazero calls it as soon as a guest's context ends, while a host function may
// still use the memory: it is freed with the sandbox instead.
func (l *memoryLimit) Free() {}

func (l *memoryLimit) free() {
	release(l.pages)
	l.pages = nil
}
