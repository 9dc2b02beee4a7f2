package runner

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/airlock-run/airlock/bus"
)

// Metrics are what a worker has measured of the jobs it ran and of their calls, since it was made. They are a producer of the
// OpenTelemetry SDK: give them to the readers that are to have them. docs/observability.md lists them. They are safe for
// concurrent use, and a nil *Metrics measures nothing.
//
// Extensions, jobs and operations are named as long as they are ones that were found, and few; others count as "other".
type Metrics struct {
	since time.Time

	mu    sync.RWMutex
	jobs  map[jobKey]*jobMetrics
	calls map[callKey]*histogram
	// operations are those that a service has answered.
	operations map[string]bool
}

type jobKey struct{ extension, job string }

type callKey struct {
	operation string
	code      bus.Code
}

const (
	// maxJobs bounds the pairs of an extension and a job that are told apart.
	maxJobs = 1000
	// maxOperations bounds the operations that are told apart.
	maxOperations = 500
	// other stands for all that is not told apart.
	other = "other"
	// codeOK is the code of a call that was answered.
	codeOK bus.Code = "ok"
)

// Bounds of histograms: of times in nanoseconds, of fuel in units, of memory in bytes.
var (
	timeBounds   = append(steps(int64(time.Millisecond), 10, 5, 1, 2, 5), int64(600*time.Second), int64(3600*time.Second))
	startBounds  = steps(int64(10*time.Microsecond), 10, 5, 1, 2, 5)
	fuelBounds   = steps(1e4, 10, 9, 1)
	memoryBounds = steps(1<<20, 4, 6, 1)
	callBounds   = steps(int64(100*time.Microsecond), 10, 6, 1, 2, 5)
)

// states are those an attempt can lead to.
var states = [...]bus.State{
	bus.StateCompleted, bus.StateDead, bus.StateCancelled, bus.StateExpired,
	bus.StateScheduled, bus.StateAvailable, bus.StateWaiting,
}

// jobMetrics are those of one job of one extension.
type jobMetrics struct {
	wait, run, start, fuel, memory *histogram
	// ended counts attempts by their state's place in states, retries those that failed and are followed by another one.
	ended   [len(states)]atomic.Int64
	retries atomic.Int64
}

func newMetrics() *Metrics {
	return &Metrics{
		since: time.Now(), jobs: map[jobKey]*jobMetrics{}, calls: map[callKey]*histogram{}, operations: map[string]bool{},
	}
}

// measured is what there is to measure of one attempt.
type measured struct {
	// wait is how long the job was ready to run before a worker had it, if that is known.
	wait   time.Duration
	waited bool
	// run is how long the attempt took.
	run time.Duration
	// state is what the attempt led to; empty when it changed nothing. failed says that the attempt failed.
	state  bus.State
	failed bool
	// ran says that the guest ran; the others are zero if not.
	ran          bool
	start        time.Duration
	fuel, memory uint64
}

// ended takes an attempt of a job that was found in its extension, or of one that was not, by two empty names.
func (m *Metrics) ended(extension, job string, a measured) {
	if m == nil {
		return
	}
	j := m.job(jobKey{extension, job})
	if a.waited {
		j.wait.record(int64(a.wait))
	}
	j.run.record(int64(a.run))
	if a.ran {
		j.start.record(int64(a.start))
		j.fuel.record(int64(a.fuel))     //nolint:gosec // its limit is far below
		j.memory.record(int64(a.memory)) //nolint:gosec // at most 4 GiB
	}
	for i, state := range states {
		if state == a.state {
			j.ended[i].Add(1)
			break
		}
	}
	if a.failed && a.state == bus.StateScheduled {
		j.retries.Add(1)
	}
}

func (m *Metrics) job(key jobKey) *jobMetrics {
	if key.extension == "" {
		key = jobKey{other, other}
	}
	m.mu.RLock()
	j, full := m.jobs[key], len(m.jobs) >= maxJobs
	m.mu.RUnlock()
	if j != nil {
		return j
	}
	if full {
		key = jobKey{other, other}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if j := m.jobs[key]; j != nil {
		return j
	}
	j = &jobMetrics{
		wait: newHistogram(timeBounds), run: newHistogram(timeBounds), start: newHistogram(startBounds),
		fuel: newHistogram(fuelBounds), memory: newHistogram(memoryBounds),
	}
	m.jobs[key] = j
	return j
}

// called takes a call. A guest may call whatever its grant lets it, in any number of names; so an operation has its name from
// the first time a service has answered it.
func (m *Metrics) called(operation string, err error, duration time.Duration) {
	if m == nil {
		return
	}
	code := codeOK
	if err != nil {
		code = wireCode(bus.CodeOf(err))
	}
	m.call(operation, code).record(int64(duration))
}

func (m *Metrics) call(operation string, code bus.Code) *histogram {
	m.mu.RLock()
	h := m.calls[callKey{operation, code}]
	m.mu.RUnlock()
	if h != nil {
		return h
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.operations[operation] {
		if code == codeOK && len(m.operations) < maxOperations {
			m.operations[operation] = true
		} else {
			operation = other
		}
	}
	key := callKey{operation, code}
	if m.calls[key] == nil {
		m.calls[key] = newHistogram(callBounds)
	}
	return m.calls[key]
}

// wireCode is a code that docs/protocol.md has: a service may answer with any.
func wireCode(code bus.Code) bus.Code {
	switch code {
	case bus.InvalidArgument, bus.NotFound, bus.AlreadyExists, bus.PermissionDenied, bus.Unauthenticated, bus.ResourceExhausted,
		bus.FailedPrecondition, bus.DeadlineExceeded, bus.Unavailable, bus.Cancelled, bus.Unimplemented, bus.Internal:
		return code
	default:
		return other
	}
}
