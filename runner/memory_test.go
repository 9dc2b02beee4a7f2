package runner

import (
	"testing"
	"testing/fstest"
)

func TestDefaultBudget(t *testing.T) {
	t.Parallel()
	const meminfo = "MemTotal:       10485760 kB\nMemFree:         1 kB\n" // 10 GB
	for name, c := range map[string]struct {
		files map[string]string
		want  int
	}{
		"unknown":            {nil, 4096},
		"meminfo broken":     {map[string]string{"proc/meminfo": "MemTotal: many kB\n"}, 4096},
		"machine":            {map[string]string{"proc/meminfo": meminfo}, 6144},
		"v2":                 {map[string]string{"proc/meminfo": meminfo, "proc/self/cgroup": "0::/\n", "sys/fs/cgroup/memory.max": "1073741824\n"}, 614},
		"v2, no limit":       {map[string]string{"proc/meminfo": meminfo, "proc/self/cgroup": "0::/a\n", "sys/fs/cgroup/a/memory.max": "max\n"}, 6144},
		"v2, of a parent":    {map[string]string{"proc/meminfo": meminfo, "proc/self/cgroup": "0::/a/b\n", "sys/fs/cgroup/a/b/memory.max": "max\n", "sys/fs/cgroup/a/memory.max": "1073741824\n"}, 614},
		"v2, above machine":  {map[string]string{"proc/meminfo": meminfo, "proc/self/cgroup": "0::/\n", "sys/fs/cgroup/memory.max": "99999999999999\n"}, 6144},
		"v2 alone":           {map[string]string{"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/memory.max": "1073741824\n"}, 614},
		"v2, path outside":   {map[string]string{"proc/meminfo": meminfo, "proc/self/cgroup": "0::/../../x\n", "sys/fs/cgroup/memory.max": "1073741824\n"}, 614},
		"v1":                 {map[string]string{"proc/meminfo": meminfo, "proc/self/cgroup": "5:cpu:/\n4:memory:/docker/1\n0::/\n", "sys/fs/cgroup/memory/memory.limit_in_bytes": "2147483648\n"}, 1228},
		"v1, no limit":       {map[string]string{"proc/meminfo": meminfo, "proc/self/cgroup": "4:memory:/\n", "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n"}, 6144},
		"tiny":               {map[string]string{"proc/meminfo": meminfo, "proc/self/cgroup": "0::/\n", "sys/fs/cgroup/memory.max": "1048576\n"}, minBudget},
		"cgroup file broken": {map[string]string{"proc/meminfo": meminfo, "proc/self/cgroup": "what\n::\n0:x:/\n"}, 6144},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			system := fstest.MapFS{}
			for file, text := range c.files {
				system[file] = &fstest.MapFile{Data: []byte(text)}
			}
			if got := defaultBudget(system); got != c.want {
				t.Errorf("%d MB, want %d", got, c.want)
			}
		})
	}
}
