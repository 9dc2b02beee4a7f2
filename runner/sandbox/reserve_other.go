//go:build !unix

package sandbox

// reserve makes zeroed memory.
func reserve(size uint64) []byte { return make([]byte, size) }

func release([]byte) {}
