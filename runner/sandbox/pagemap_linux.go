package sandbox

import (
	"os"
	"runtime"
	"sync"
	"unsafe"

	"golang.org/x/sys/unix"
)

// What PAGEMAP_SCAN takes and gives: include/uapi/linux/fs.h. Linux has it since 6.7.
type (
	scanArgument struct {
		size, flags, start, end, walkEnd, regions, regionsLen, maxPages uint64
		categoryInverted, categoryMask, categoryAnyOf, returnMask       uint64
	}
	scanRegion struct{ start, end, categories uint64 }
)

const (
	pagemapScan = 0xc0606610
	pageFile    = 1 << 2
	pagePresent = 1 << 3
	pageSwapped = 1 << 4
	pageZero    = 1 << 5
)

// pagemap is the list of this process' pages, nil when there is none.
var pagemap = sync.OnceValue(func() *os.File {
	file, err := os.Open("/proc/self/pagemap")
	if err != nil {
		return nil
	}
	return file
})

// scan calls found with each range of pages that are this process' own: written to, and so no longer those of a file, nor
// never touched. It ends when found answers false, and reports whether the kernel could tell.
func scan(pages []byte, found func(from, to int) bool) bool {
	file := pagemap()
	if file == nil || len(pages) == 0 {
		return false
	}
	var regions [64]scanRegion
	start := uint64(uintptr(unsafe.Pointer(&pages[0]))) //nolint:gosec // the kernel wants addresses
	argument := scanArgument{
		start: start, end: start + uint64(len(pages)),
		regions: uint64(uintptr(unsafe.Pointer(&regions[0]))), regionsLen: uint64(len(regions)), //nolint:gosec // as above
		// Not of a file, nor the page of zeros that stands for all that were only read, and in memory or swapped out.
		categoryInverted: pageFile | pageZero, categoryMask: pageFile | pageZero, categoryAnyOf: pagePresent | pageSwapped, returnMask: pagePresent,
	}
	argument.size = uint64(unsafe.Sizeof(argument))
	for argument.start < argument.end {
		n, _, errno := unix.Syscall(unix.SYS_IOCTL, file.Fd(), pagemapScan, uintptr(unsafe.Pointer(&argument))) //nolint:gosec // as above
		runtime.KeepAlive(&regions)
		if errno != 0 {
			return false
		}
		for _, r := range regions[:n] {
			if !found(int(r.start-start), int(r.end-start)) { //nolint:gosec // within pages
				return true
			}
		}
		if argument.walkEnd <= argument.start {
			return false
		}
		argument.start = argument.walkEnd
	}
	return true
}
