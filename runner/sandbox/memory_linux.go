package sandbox

import (
	"fmt"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// reserve maps zeroed memory that takes room only where it is touched. It returns nil when the system has none, and
// then every allocation is refused.
func reserve(size uint64) []byte {
	if size == 0 {
		return nil
	}
	pages, err := unix.Mmap(-1, 0, int(size), //nolint:gosec // at most 4 GiB
		unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON|unix.MAP_NORESERVE)
	if err != nil {
		return nil
	}
	return pages
}

func release(pages []byte) {
	if len(pages) > 0 {
		_ = unix.Munmap(pages)
	}
}

// image is what memories begin with: a file without a name, which each maps for itself, copy-on-write.
type image struct {
	// file is nil when each copies the image.
	file *os.File
	// data is the file, to read.
	data []byte
}

func newImage(content []byte, copying bool) (*image, error) {
	if copying {
		return &image{data: content}, nil
	}
	fd, err := unix.MemfdCreate("airlock-snapshot", unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
	if err != nil {
		return nil, os.NewSyscallError("memfd_create", err)
	}
	i := &image{file: os.NewFile(uintptr(fd), "airlock-snapshot")}
	if err := i.write(content); err != nil {
		_ = i.file.Close()
		return nil, err
	}
	// From now on nobody can change it, whoever has it mapped.
	if _, err := unix.FcntlInt(i.file.Fd(), unix.F_ADD_SEALS, unix.F_SEAL_WRITE|unix.F_SEAL_SHRINK|unix.F_SEAL_GROW|unix.F_SEAL_SEAL); err != nil {
		_ = i.file.Close()
		return nil, os.NewSyscallError("seal", err)
	}
	if i.data, err = unix.Mmap(int(i.file.Fd()), 0, len(content), unix.PROT_READ, unix.MAP_SHARED); err != nil {
		_ = i.file.Close()
		return nil, os.NewSyscallError("mmap", err)
	}
	return i, nil
}

// write writes what is not zero; the rest are holes, which take no room.
func (i *image) write(content []byte) error {
	if err := i.file.Truncate(int64(len(content))); err != nil {
		return fmt.Errorf("size the snapshot: %w", err)
	}
	for at := 0; at < len(content); at += systemPage {
		page := content[at:min(at+systemPage, len(content))]
		if notZero(page) == 0 {
			continue
		}
		if _, err := i.file.WriteAt(page, int64(at)); err != nil {
			return fmt.Errorf("write the snapshot: %w", err)
		}
	}
	return nil
}

func (i *image) size() uint64 { return uint64(len(i.data)) }

func (i *image) close() error {
	if i.file == nil {
		return nil
	}
	_ = unix.Munmap(i.data)
	return i.file.Close() //nolint:wrapcheck // the caller says what was closed
}

// mapAt maps the image over the first pages of a memory.
func (i *image) mapAt(pages []byte) error {
	if i.file == nil {
		copy(pages, i.data)
		return nil
	}
	_, err := unix.MmapPtr(int(i.file.Fd()), 0, unsafe.Pointer(&pages[0]), uintptr(len(i.data)), //nolint:gosec // a descriptor; within pages
		unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_FIXED|unix.MAP_NORESERVE)
	return os.NewSyscallError("mmap", err)
}

// maxCopied is how many bytes of copies a memory keeps for the next run; with more, it lets go of all.
const maxCopied = 2 << 20

// restore makes the memory what the image is, if it can. The pages that differ are those that the kernel copied when they
// were written to. To copy the image over one costs a tenth of a microsecond, and to let go of it has the next run fault,
// and the kernel copy it, anew, which is ten times that.
func (m *memory) restore() bool {
	image := m.image.data
	pages := m.pages[:len(image)]
	if m.image.file == nil {
		copy(pages, image)
		return true
	}
	copied := 0
	ok := scan(pages, func(from, to int) bool {
		copied += copy(pages[from:to], image[from:to])
		return copied <= maxCopied
	})
	return ok && copied <= maxCopied || unix.Madvise(pages, unix.MADV_DONTNEED) == nil
}

// touch puts pages in place that were never touched.
func touch(pages []byte) {
	if unix.Madvise(pages, unix.MADV_POPULATE_WRITE) == nil {
		return
	}
	for i := 0; i < len(pages); i += systemPage { // before Linux 5.14
		pages[i] = 0
	}
}

// untouched is how many of the first size bytes of the memory fault when they are written to, in pages.
func (m *memory) untouched(size uint64) int {
	untouched := int(size) / systemPage //nolint:gosec // at most 4 GiB
	scan(m.pages[:size], func(from, to int) bool {
		untouched -= (to - from) / systemPage
		return true
	})
	return untouched
}
