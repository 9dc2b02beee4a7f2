//go:build linux || darwin

package prepare

import (
	"fmt"
	"syscall"
	"time"
)

// maxFile is the largest file a child may write, and maxFiles how many it may have open.
const (
	maxFile  = 1 << 30
	maxFiles = 64
)

// yield lets others have the processor first.
func yield() {
	// A child has a process group of its own. By group it is for all threads, by process for one.
	_ = syscall.Setpriority(syscall.PRIO_PGRP, 0, niceness)
	volunteer()
}

// niceness leaves a child a third of a processor while jobs keep all of them busy. With 10 it would be a tenth, and a large
// module would not be ready in time.
const niceness = 5

// restrict limits this process, for good: soft and hard limits are the same.
func restrict(limits Limits, guestMemory uint64) error {
	cpu := uint64(limits.CPU / time.Second) //nolint:gosec // at least one
	for _, limit := range []struct {
		what  string
		which int
		value uint64
	}{
		{"core dumps", syscall.RLIMIT_CORE, 0},
		{"file size", syscall.RLIMIT_FSIZE, max(maxFile, guestMemory)},
		{"open files", syscall.RLIMIT_NOFILE, maxFiles},
		{"CPU time", syscall.RLIMIT_CPU, cpu},
	} {
		if err := setLimit(limit.which, limit.value); err != nil {
			return fmt.Errorf("%s: %w", limit.what, err)
		}
	}
	return restrictMemory(limits.Memory + guestMemory)
}

// setLimit sets a limit, or leaves a lower one that is there already.
func setLimit(which int, value uint64) error {
	var now syscall.Rlimit
	if err := syscall.Getrlimit(which, &now); err != nil {
		return err //nolint:wrapcheck // restrict says which
	}
	value = min(value, now.Max)
	return syscall.Setrlimit(which, &syscall.Rlimit{Cur: value, Max: value}) //nolint:wrapcheck // restrict says which
}
