//go:build unix

package sandbox

import "syscall"

// reserve maps zeroed memory that takes room only where it is touched. It returns nil when the system has none, and
// then every allocation is refused.
func reserve(size uint64) []byte {
	if size == 0 {
		return nil
	}
	pages, err := syscall.Mmap(-1, 0, int(size), //nolint:gosec // at most 4 GiB
		syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_PRIVATE|syscall.MAP_ANON|syscall.MAP_NORESERVE)
	if err != nil {
		return nil
	}
	return pages
}

func release(pages []byte) {
	if len(pages) > 0 {
		_ = syscall.Munmap(pages)
	}
}
