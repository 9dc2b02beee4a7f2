package runner

import (
	"slices"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/runner/sandbox"
)

// Limits of what the record of a job keeps of what its newest attempt told.
const (
	maxLogLines = 1000
	maxLogBytes = 128 << 10
	maxWarnings = 100
	maxMessage  = 1 << 10
	// progressPause is the shortest time between two progress reports that are told live.
	progressPause = 50 * time.Millisecond
)

// reporter collects what an attempt tells about itself and tells it live to who watches. It is safe for concurrent use.
type reporter struct {
	conn    *bus.Conn
	job     uuid.UUID
	attempt uint64

	mu        sync.Mutex
	report    bus.Report
	logBytes  int
	told      time.Time
	lastError string
	inCalls   time.Duration
}

func (r *reporter) tell(activity bus.Activity) {
	activity.At, activity.Attempt = time.Now().UTC(), r.attempt
	r.conn.Tell(r.job, activity)
}

func (r *reporter) log(level sandbox.Level, text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if level == sandbox.Error {
		r.lastError = text
	}
	if len(r.report.Logs) >= maxLogLines || r.logBytes+len(text) > maxLogBytes {
		r.report.LogsDropped++
		return
	}
	r.logBytes += len(text)
	r.report.Logs = append(r.report.Logs, bus.LogLine{At: time.Now().UTC(), Level: string(level), Text: text})
	r.tell(bus.Activity{Kind: bus.ActivityLog, Level: string(level), Text: text})
}

func (r *reporter) progress(fraction float32, message string) {
	message = cut(message, maxMessage)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.report.Progress, r.report.Message = fraction, message
	if time.Since(r.told) < progressPause {
		return
	}
	r.told = time.Now()
	r.tell(bus.Activity{Kind: bus.ActivityProgress, Progress: fraction, Text: message})
}

func (r *reporter) warn(message string) {
	message = cut(message, maxMessage)
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.report.Warnings) < maxWarnings {
		r.report.Warnings = append(r.report.Warnings, message)
		r.tell(bus.Activity{Kind: bus.ActivityWarning, Text: message})
	}
}

// call counts one call to an operation.
func (r *reporter) call(took time.Duration, denied bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.report.Calls++
	if denied {
		r.report.Denied++
	}
	r.inCalls += took
	r.report.CallMS = r.inCalls.Milliseconds()
}

// change changes the counters of the report.
func (r *reporter) change(f func(*bus.Report)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	f(&r.report)
}

// snapshot returns the report as it is now.
func (r *reporter) snapshot() bus.Report {
	r.mu.Lock()
	defer r.mu.Unlock()
	report := r.report
	report.Logs = slices.Clip(report.Logs)
	report.Warnings = slices.Clip(report.Warnings)
	return report
}

// complaint is the last line the guest logged as an error.
func (r *reporter) complaint() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.lastError
}

// cut shortens a text to at most limit bytes, between two characters.
func cut(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	for limit > 0 && !utf8.RuneStart(text[limit]) {
		limit--
	}
	return text[:limit]
}
