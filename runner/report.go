package runner

import (
	"slices"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/runner/sandbox"
)

// Limits of what the record of a job keeps of what its newest attempt told.
const (
	maxLogLines = 1000
	maxLogBytes = 128 << 10
	maxWarnings = 100
	maxMessage  = 1 << 10
	maxCalls    = 20
	maxMethod   = 128
)

// reporter collects what an attempt tells about itself and tells it live to who watches. What a guest says costs it a copy
// into memory that is there already: strings are made, and the bus is spoken to, a few times a second at most, on other
// goroutines (telling.go). It is safe for concurrent use.
type reporter struct {
	attempt uint64
	begun   time.Time
	arenas  *sync.Pool
	// publish tells one thing live, without waiting for anybody.
	publish func(bus.Activity)

	mu sync.Mutex
	// report is what is known, but for what is still in pending, and for the message and the times.
	report  bus.Report
	message []byte
	// pending are lines that came since they were last kept; nil while there never was one.
	pending *arena
	// logLines, logBytes and warnings count what the limits above are about.
	logLines, logBytes, warnings int
	lastError                    []byte
	// calls are the newest maxCalls calls; once there were more, the next one replaces the oldest.
	calls   []bus.CallNote
	clock   guestClock
	telling telling
}

func newReporter(attempt uint64, arenas *sync.Pool, publish func(bus.Activity)) *reporter {
	return &reporter{attempt: attempt, begun: time.Now(), arenas: arenas, publish: publish}
}

// said is what guests say. It is theirs again once what takes it has returned.
type said interface{ string | []byte }

// logged takes a line of the log.
func logged[T said](r *reporter, level sandbox.Level, line T) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if level == sandbox.Error {
		r.lastError = append(r.lastError[:0], line...)
	}
	if r.logLines >= maxLogLines || r.logBytes+len(line) > maxLogBytes {
		r.report.LogsDropped++
		return
	}
	r.logLines++
	r.logBytes += len(line)
	pend(r, false, level, line)
}

// warned takes a warning.
func warned[T said](r *reporter, message T) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.warnings >= maxWarnings {
		return
	}
	r.warnings++
	pend(r, true, "", cut(message, maxMessage))
}

// progressed takes how far the guest is.
func progressed[T said](r *reporter, fraction float32, message T) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.report.Progress, r.message = fraction, append(r.message[:0], cut(message, maxMessage)...)
	r.telling.progress = true
	r.tellSoon()
}

func (r *reporter) addItems(n int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.report.Items += n
}

func (r *reporter) addBytes(n int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.report.Bytes += n
}

// called counts one call to an operation, and remembers it for a while.
func (r *reporter) called(call bus.CallNote) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.calls) < maxCalls {
		r.calls = append(r.calls, call)
	} else {
		r.calls[r.report.Calls%maxCalls] = call
	}
	r.report.Calls++
	if call.Code == bus.PermissionDenied || call.Code == bus.ResourceExhausted {
		r.report.Denied++
	}
}

// lastCalls are the newest calls, the oldest of them first. It needs r.mu.
func (r *reporter) lastCalls() []bus.CallNote {
	if len(r.calls) < maxCalls {
		return slices.Clone(r.calls)
	}
	oldest := r.report.Calls % maxCalls
	return slices.Concat(r.calls[oldest:], r.calls[:oldest])
}

// started, waits, goesOn and returned tell what the guest does: it runs, it waits for a call or a checkpoint, it runs
// again, it has returned.
func (r *reporter) started() { r.locked(r.clock.start) }

func (r *reporter) waits() { r.locked(r.clock.wait) }

func (r *reporter) goesOn() { r.locked(r.clock.goOn) }

func (r *reporter) returned(result sandbox.Result) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.clock.stop()
	r.report.MemoryBytes, r.report.Fuel = result.Memory, result.Fuel
}

func (r *reporter) locked(do func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	do()
}

// snapshot returns the report as it is now.
func (r *reporter) snapshot() bus.Report {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.keep()
	report := r.report
	report.Message = string(r.message)
	report.Logs = slices.Clip(report.Logs)
	report.Warnings = slices.Clip(report.Warnings)
	report.LastCalls = r.lastCalls()
	report.GuestMS, report.CallMS = r.clock.milliseconds()
	return report
}

// complaint is the last line the guest logged as an error.
func (r *reporter) complaint() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return string(r.lastError)
}

// cut shortens a text to at most limit bytes, between two characters.
func cut[T said](s T, limit int) T {
	if len(s) <= limit {
		return s
	}
	for limit > 0 && !utf8.RuneStart(s[limit]) {
		limit--
	}
	return s[:limit]
}
