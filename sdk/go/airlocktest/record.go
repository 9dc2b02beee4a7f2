package airlocktest

import (
	"encoding/json"
	"fmt"
	"slices"

	airlock "github.com/airlock-run/airlock/sdk/go"
)

// Call is a call a job made. Library is empty for the job's own.
type Call struct {
	Method  string
	Library string
	Payload json.RawMessage
}

// Log is a line a job logged.
type Log struct {
	Level   airlock.Level
	Message string
}

// Progress is how far a job said it was.
type Progress struct {
	Fraction float32
	Message  string
}

// Calls returns the calls made so far, in order.
func (h *Host) Calls() []Call { return snapshot(h, &h.calls) }

// Logs returns the lines logged so far, in order.
func (h *Host) Logs() []Log { return snapshot(h, &h.logs) }

// ProgressReports returns what was told of progress so far, in order.
func (h *Host) ProgressReports() []Progress { return snapshot(h, &h.progress) }

// Warnings returns the warnings given so far, in order.
func (h *Host) Warnings() []string { return snapshot(h, &h.warnings) }

// Checkpoints returns the states saved so far, in order.
func (h *Host) Checkpoints() []json.RawMessage { return snapshot(h, &h.checkpoints) }

// Trace returns every call of a host function so far, in order, as `function(what matters of its arguments)`.
func (h *Host) Trace() []string { return snapshot(h, &h.trace) }

// Bytes returns the bytes counted so far.
func (h *Host) Bytes() int64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.bytes
}

// Items returns the items counted so far.
func (h *Host) Items() int64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.items
}

// Log records a line.
func (h *Host) Log(level airlock.Level, message string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.logs = append(h.logs, Log{level, message})
	h.trace = append(h.trace, fmt.Sprintf("spacedrive_log(%s, %q)", level, message))
}

// Progress records a report. A fraction outside 0 to 1 fails the test.
func (h *Host) Progress(job airlock.UUID, fraction float32, message string) {
	h.running(job)
	if fraction < 0 || fraction > 1 || fraction != fraction { // the last is NaN
		h.t.Errorf("airlocktest: progress of %v (%q): want 0 to 1", fraction, message)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.progress = append(h.progress, Progress{fraction, message})
	h.trace = append(h.trace, fmt.Sprintf("job_report_progress(%.3f, %q)", fraction, message))
}

// Checkpoint records a state.
func (h *Host) Checkpoint(job airlock.UUID, state []byte) bool {
	h.running(job)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.trace = append(h.trace, fmt.Sprintf("job_checkpoint(%d bytes)", len(state)))
	if h.refuseSaves {
		return false
	}
	h.checkpoints = append(h.checkpoints, slices.Clone(state))
	return true
}

// CheckInterrupt answers as [Host.InterruptAt] said, Continue without it.
func (h *Host) CheckInterrupt(job airlock.UUID) airlock.Interrupt {
	h.running(job)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.trace = append(h.trace, "job_check_interrupt()")
	return h.interrupt()
}

// Warn records a warning.
func (h *Host) Warn(job airlock.UUID, message string) {
	h.running(job)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.warnings = append(h.warnings, message)
	h.trace = append(h.trace, fmt.Sprintf("job_add_warning(%q)", message))
}

// AddBytes counts bytes.
func (h *Host) AddBytes(job airlock.UUID, count int64) {
	h.running(job)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.bytes += count
	h.trace = append(h.trace, fmt.Sprintf("job_increment_bytes(%d)", count))
}

// AddItems counts items.
func (h *Host) AddItems(job airlock.UUID, count int64) {
	h.running(job)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.items += count
	h.trace = append(h.trace, fmt.Sprintf("job_increment_items(%d)", count))
}

// RegisterJob records a registration and takes it.
func (h *Host) RegisterJob(name, export string, resumable bool) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.trace = append(h.trace, fmt.Sprintf("register_job(%s, %s, %t)", name, export, resumable))
	return true
}

func (h *Host) running(job airlock.UUID) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if job != h.job {
		h.t.Errorf("airlocktest: job %s is not the one that runs, which is %s", job, h.job)
	}
}

func snapshot[T any](h *Host, records *[]T) []T {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(*records)
}
