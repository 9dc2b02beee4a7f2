package prepare

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strconv"
	"syscall"
)

// volunteer makes this process the one that goes when the system is out of memory.
func volunteer() { _ = os.WriteFile("/proc/self/oom_score_adj", []byte("1000"), 0) }

// restrictMemory limits what this process may take beyond what it has. It limits writable memory of its own, used or
// not. Not the address space: the Go runtime reserves that without use, gigabytes of it.
func restrictMemory(size uint64) error {
	has, err := dataSize()
	if err != nil {
		return err
	}
	if err := setLimit(syscall.RLIMIT_DATA, has+size); err != nil {
		return fmt.Errorf("memory: %w", err)
	}
	return nil
}

// dataSize is how much writable memory of its own this process has, used or not.
func dataSize() (uint64, error) {
	kilobytes, err := status("VmData:")
	return kilobytes << 10, err
}

// peakMemory is the most memory this process had at once. What the kernel adds up for its parent would begin with the
// parent's own, which a child has for the moment between its fork and its exec.
func peakMemory() uint64 {
	kilobytes, err := status("VmHWM:")
	if err != nil {
		return 0
	}
	return kilobytes << 10
}

// status reads a line of what the kernel says of this process.
func status(name string) (uint64, error) {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, fmt.Errorf("read memory size: %w", err)
	}
	for line := range bytes.Lines(text) {
		if fields := bytes.Fields(line); len(fields) > 1 && string(fields[0]) == name {
			return strconv.ParseUint(string(fields[1]), 10, 64)
		}
	}
	return 0, errors.New("read memory size: the kernel does not say")
}
