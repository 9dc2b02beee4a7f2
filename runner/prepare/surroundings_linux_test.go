package prepare_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
)

// surrounding is what a child finds.
type surrounding struct {
	Environment []string `json:"environment"`
	Directory   []string `json:"directory"`
	Mode        os.FileMode
	// Nice are the priorities of threads that have not the right one.
	Nice       []string          `json:"nice"`
	Processors int               `json:"processors"`
	Limits     map[string]uint64 `json:"limits"`
	OOMScore   string            `json:"oom_score"`
	Group      bool              `json:"group"`
}

func surroundings() ([]byte, error) {
	s := surrounding{Environment: os.Environ(), Processors: runtime.GOMAXPROCS(0), Limits: map[string]uint64{}}
	items, err := os.ReadDir(".")
	if err != nil {
		return nil, err
	}
	for _, item := range items {
		s.Directory = append(s.Directory, item.Name())
	}
	info, err := os.Stat(".")
	if err != nil {
		return nil, err
	}
	s.Mode = info.Mode().Perm()
	threads, err := filepath.Glob("/proc/self/task/*")
	if err != nil {
		return nil, err
	}
	for _, thread := range threads {
		text, err := os.ReadFile(filepath.Join(thread, "stat"))
		if err != nil {
			return nil, err
		}
		_, rest, _ := strings.Cut(string(text), ") ")
		if fields := strings.Fields(rest); len(fields) > 16 && fields[16] != "5" {
			s.Nice = append(s.Nice, fields[16])
		}
	}
	for name, which := range map[string]int{
		"core": syscall.RLIMIT_CORE, "cpu": syscall.RLIMIT_CPU, "data": syscall.RLIMIT_DATA, "file": syscall.RLIMIT_FSIZE, "files": syscall.RLIMIT_NOFILE,
	} {
		var limit syscall.Rlimit
		if err := syscall.Getrlimit(which, &limit); err != nil {
			return nil, err
		}
		s.Limits[name] = limit.Max
	}
	score, err := os.ReadFile("/proc/self/oom_score_adj")
	if err != nil {
		return nil, err
	}
	s.OOMScore, s.Group = strings.TrimSpace(string(score)), syscall.Getpgrp() == os.Getpid()
	return json.Marshal(s)
}
