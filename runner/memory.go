package runner

import (
	"io/fs"
	"path"
	"strconv"
	"strings"
)

// defaultBudget is what guests may have together, in MB, when nobody says: 60 % of what this process may have, and 4 GB on a
// system that does not tell. System is the root of the file system.
func defaultBudget(system fs.FS) int {
	available, ok := processMemory(system)
	if !ok {
		return 4096
	}
	return max(int(available/10*6>>20), minBudget)
}

// processMemory is how many bytes this process may have: what the machine has, or less by the limits of its control groups.
func processMemory(system fs.FS) (available uint64, ok bool) {
	least := func(bytes uint64, known bool) {
		if known && (!ok || bytes < available) {
			available, ok = bytes, true
		}
	}
	least(machineMemory(system))
	groups, err := fs.ReadFile(system, "proc/self/cgroup")
	if err != nil {
		return available, ok
	}
	for entry := range strings.Lines(string(groups)) {
		// "0::/group" is version 2, "4:memory:/group" is version 1.
		parts := strings.SplitN(strings.TrimSpace(entry), ":", 3)
		if len(parts) != 3 {
			continue
		}
		root, file := "sys/fs/cgroup", "memory.max"
		switch {
		case parts[1] == "memory":
			root, file = "sys/fs/cgroup/memory", "memory.limit_in_bytes"
		case parts[0] != "0" || parts[1] != "":
			continue
		}
		// A group is also bound by those above it. In a container the path can be one of the outside, and the root is it.
		for group := path.Clean("/" + parts[2]); ; group = path.Dir(group) {
			least(number(system, path.Join(root, group, file)))
			if group == "/" {
				break
			}
		}
	}
	return available, ok
}

// machineMemory reads what the machine has.
func machineMemory(system fs.FS) (uint64, bool) {
	text, err := fs.ReadFile(system, "proc/meminfo")
	if err != nil {
		return 0, false
	}
	for entry := range strings.Lines(string(text)) {
		if value, found := strings.CutPrefix(entry, "MemTotal:"); found {
			kB, err := strconv.ParseUint(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(value), "kB")), 10, 54)
			return kB << 10, err == nil && kB > 0
		}
	}
	return 0, false
}

// number reads a limit; "max", which is none, is no number.
func number(system fs.FS, file string) (uint64, bool) {
	text, err := fs.ReadFile(system, file)
	if err != nil {
		return 0, false
	}
	n, err := strconv.ParseUint(strings.TrimSpace(string(text)), 10, 64)
	return n, err == nil && n > 0
}
