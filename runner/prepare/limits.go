package prepare

import (
	"errors"
	"time"
)

// Limits bound one preparation. Zero values mean the defaults.
type Limits struct {
	// Memory is what it may take, in bytes, beside the memory of the guest itself. Linux only. Default 2 GiB.
	Memory uint64
	// CPU is how much processor time it may take, in whole seconds. Unix only. Default 60 s.
	CPU time.Duration
	// Wall is how long it may last, on a machine that has other work as well: CPU is what bounds the work. Default 5 min.
	Wall time.Duration
}

func (l Limits) withDefaults() Limits {
	if l.Memory == 0 {
		l.Memory = 2 << 30
	}
	if l.CPU == 0 {
		l.CPU = time.Minute
	}
	if l.Wall == 0 {
		l.Wall = 5 * time.Minute
	}
	return l
}

// minMemory is with how little a child can begin at all.
const minMemory = 64 << 20

func (l Limits) validate() error {
	switch {
	case l.Memory < minMemory || l.Memory > 1<<40:
		return errors.New("limits of a preparation: memory must be from 64 MiB to 1 TiB")
	case l.CPU < time.Second || l.Wall <= 0:
		return errors.New("limits of a preparation: CPU must be at least 1 s, and the time above 0")
	}
	return nil
}

// Cost is what a preparation took.
type Cost struct {
	Wall time.Duration `json:"wall"`
	CPU  time.Duration `json:"cpu"`
	// Memory is the most the child had at once, in bytes; 0 where the system does not tell.
	Memory uint64 `json:"memory"`
}
