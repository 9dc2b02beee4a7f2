package runner

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"runtime"
	"time"

	"github.com/google/uuid"

	"github.com/airlock-run/airlock/capabilities"
)

// Config describes a Worker. The zero value is ready to use.
type Config struct {
	// Name tells workers apart. Default: host name, process id and a random part.
	Name string
	// Slots is how many jobs run at once. Default: 128 for each CPU: most jobs wait for calls, and more jobs share a write of records to the disk. Their memory has a bound of its own, GuestMemory.
	Slots int
	// LibraryJobs is how many jobs of one library run at once in the cluster. Default: no limit.
	LibraryJobs int
	// Version is that of the program, for people.
	Version string
	// CallTimeout bounds one call to an operation. Default 30 s.
	CallTimeout time.Duration
	// JobTimeout bounds one attempt of a job whose manifest and enqueuer name no timeout. Default 10 min.
	JobTimeout time.Duration
	// MaxAttempts is how often a job is tried when its manifest and enqueuer say nothing. Default 5.
	MaxAttempts int
	// MaxDeliveries is how many attempts may end without a word before a job is dead: what ends a job that takes its workers
	// down. Default 20.
	MaxDeliveries int
	// Backoff is the pause before the second attempt when the manifest names none; it doubles with each failure.
	// Default 2 s.
	Backoff time.Duration
	// MaxBackoff bounds the pause when the manifest names no bound. Default 1 h.
	MaxBackoff time.Duration
	// Grace is how long running jobs have at shutdown to save a checkpoint. Default 10 s.
	Grace time.Duration
	// MaxMemory caps what manifests ask for as memory of one job, in MB. Default 1024.
	MaxMemory int
	// GuestMemory is what the memory and the stacks of all running jobs may take together, in MB: jobs wait until there
	// is room. Default: 60 % of what this process may have, 4096 where the system does not tell. At least 16.
	GuestMemory int
	// MaxFuel caps what one attempt burns. Default 1e12.
	MaxFuel uint64
	// MaxHostCalls caps the host calls of one attempt, of whatever kind. Default 10,000,000.
	MaxHostCalls uint64
	// MaxLogBytes caps what one attempt logs, in bytes. Default 4 MiB. The record of a job keeps less of it.
	MaxLogBytes uint64
	// MaxCheckpoints caps how often one attempt saves. Default 10,000.
	MaxCheckpoints uint64
	// rateWindow is what rates are about; a minute but in tests.
	rateWindow time.Duration
	// signatures are what the operator demands of them; what his policy says but in tests.
	signatures func() *capabilities.SignatureSettings
	// AuditRequired tells whether the operator demands now that each action is in the audit before it is sent. Default: as the policy says.
	AuditRequired func() bool
	// AuditReads is how many reads one record of the audit stands for. Default: all of an attempt that are alike.
	AuditReads uint64
	// Logger defaults to one that discards.
	Logger *slog.Logger
}

func (c Config) withDefaults() Config {
	if c.Name == "" {
		host, _ := os.Hostname()
		c.Name = fmt.Sprintf("%s-%d-%s", host, os.Getpid(), uuid.NewString()[:8])
	}
	setDefault(&c.Slots, 128*runtime.NumCPU())
	setDefault(&c.CallTimeout, 30*time.Second)
	setDefault(&c.JobTimeout, 10*time.Minute)
	setDefault(&c.MaxAttempts, 5)
	setDefault(&c.MaxDeliveries, 20)
	setDefault(&c.Backoff, 2*time.Second)
	setDefault(&c.MaxBackoff, time.Hour)
	setDefault(&c.Grace, 10*time.Second)
	setDefault(&c.MaxMemory, 1024)
	if c.GuestMemory == 0 {
		c.GuestMemory = defaultBudget(os.DirFS("/"))
	}
	setDefault(&c.MaxFuel, 1e12)
	setDefault(&c.MaxHostCalls, 10_000_000)
	setDefault(&c.MaxLogBytes, 4<<20)
	setDefault(&c.MaxCheckpoints, 10_000)
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return c
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// minBudget is the least memory with which guests are of any use, in MB.
const minBudget = 16

// Validate reports the first setting that cannot be.
func (c Config) Validate() error {
	if c.Slots < 0 || c.LibraryJobs < 0 || c.MaxAttempts < 0 || c.MaxDeliveries < 0 || c.MaxMemory < 0 {
		return errors.New("worker: slots, jobs of a library, attempts, deliveries and memory must not be negative")
	}
	if c.GuestMemory < 0 || c.GuestMemory > 0 && c.GuestMemory < minBudget {
		return fmt.Errorf("worker: the memory of guests is %d MB, want at least %d", c.GuestMemory, minBudget)
	}
	if min(c.CallTimeout, c.JobTimeout, c.Backoff, c.MaxBackoff, c.Grace) < 0 {
		return errors.New("worker: times must not be negative")
	}
	return nil
}
