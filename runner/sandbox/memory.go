package sandbox

import (
	"errors"

	"github.com/tetratelabs/wazero/experimental"
)

// memory is the linear memory of one sandbox, up to what was reserved. wazero's own limit is one for all modules.
type memory struct {
	pages []byte
	image *image
	// refused is set when the guest wanted more.
	refused bool
	// start and size are what the guest had at first, and has.
	start, size uint64
	// ended tells whether the run is over.
	ended func() bool
}

// errNoMemory is a host that cannot make another sandbox.
var errNoMemory = errors.New("the host has no memory left for a sandbox")

// newMemory takes all of a sandbox's address space at once, so that growing moves nothing. It does so before the sandbox
// is made: an Allocate that fails would be a panic of wazero. With an image, the memory begins with it.
//
// # Errors
//
// When the system has no room.
func newMemory(size uint64, image *image) (*memory, error) {
	pages := reserve(size)
	if uint64(len(pages)) < size {
		return nil, errNoMemory
	}
	m := &memory{pages: pages, image: image}
	if image != nil {
		if err := image.mapAt(pages); err != nil {
			release(pages)
			return nil, errors.Join(errNoMemory, err)
		}
	}
	return m, nil
}

// Allocate implements experimental.MemoryAllocator. It is called once: a guest has one memory.
func (m *memory) Allocate(_, _ uint64) experimental.LinearMemory { return m }

// Reallocate implements experimental.LinearMemory: nil refuses, and memory.grow answers -1.
func (m *memory) Reallocate(size uint64) []byte {
	if size > uint64(len(m.pages)) {
		m.refused = true
		return nil
	}
	switch {
	case m.start == 0:
		m.start = size
	case !m.populate(m.size, size):
		return nil
	}
	m.size = size
	return m.pages[:size]
}

// populate puts pages in place that the guest gets in addition. So it touches few for the first time, which takes long and
// is interrupted by nothing. It reports whether it came to its end before the run did.
func (m *memory) populate(from, to uint64) bool {
	const step = 256 << 10
	for ; from < to; from += step {
		if m.ended != nil && m.ended() {
			return false
		}
		touch(m.pages[from:min(from+step, to)])
	}
	return true
}

// Free implements experimental.LinearMemory. wazero calls it as soon as a guest exits, while a host function may still use
// the memory: it is freed with the sandbox instead.
func (m *memory) Free() {}

func (m *memory) free() {
	if m != nil {
		release(m.pages)
		m.pages = nil
	}
}
