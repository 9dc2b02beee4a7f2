//go:build !linux

package sandbox

// reserve makes zeroed memory.
func reserve(size uint64) []byte { return make([]byte, size) }

func release([]byte) {}

// image is what memories begin with; each copies it.
type image struct{ data []byte }

func newImage(content []byte, _ bool) (*image, error) { return &image{data: content}, nil }

func (i *image) size() uint64 { return uint64(len(i.data)) }

func (i *image) close() error { return nil }

func (i *image) mapAt(pages []byte) error {
	copy(pages, i.data)
	return nil
}

func (m *memory) restore() bool {
	copy(m.pages, m.image.data)
	return true
}

// touch puts pages in place that were never touched.
func touch(pages []byte) { clear(pages) }

// untouched is how many pages fault when they are written to: all may.
func (m *memory) untouched(size uint64) int { return int(size / systemPage) }
