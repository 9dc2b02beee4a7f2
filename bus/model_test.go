package bus_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/bus/bustest"
)

// The model is the table of states in docs/protocol.md, and nothing else: what a job is, and what somebody wants of it. Random operations
// are done to it and to a bus, whose answers and records have to agree.

// modelled is a job of the model.
type modelled struct {
	job   *bus.Job
	state bus.State
	// shut jobs are of an extension without slots, far ones are due in an hour, and early ones have not begun.
	shut, far bool
	paused    bool
	// attempt runs, if the state says so. It is silent while it has written nothing, and then whoever changes the record gets before it.
	attempt *bus.Attempt
	silent  bool
	cancel  bool
	token   uint64
	// revived says that somebody had it run again, and it has not begun.
	revived bool
	history []string
	// backoff says that it failed and has not begun since: its record may still say that it is scheduled.
	backoff bool
	// failures counts those since somebody had it run again.
	failures   int
	checkpoint string
	// children are what it waits for.
	children map[*modelled]bool
}

func (m *modelled) String() string {
	return fmt.Sprintf("job %s of %s (%s, paused %t, far %t, token %d)", m.job.ID, m.job.Extension, m.state, m.paused, m.far, m.token)
}

// dealable tells whether the job has to be dealt now.
func (m *modelled) dealable() bool {
	return m.state == bus.StateAvailable && !m.shut && !m.paused
}

// world is a bus and the model of it.
type world struct {
	t       *testing.T
	random  *rand.Rand
	server  *bus.Server
	conn    *bus.Conn
	library uuid.UUID
	jobs    []*modelled

	attempts chan *bus.Attempt
	// worker is behind a proxy; leave ends it, and stop the dealer.
	worker  *bustest.Proxy
	workers int
	leave   func()
	stop    func()
}

func newWorld(t *testing.T, seed uint64) *world {
	t.Helper()
	w := &world{
		t: t, random: rand.New(rand.NewPCG(seed, seed)), server: bustest.Start(t), library: uuid.New(), attempts: make(chan *bus.Attempt, 1000),
	}
	w.conn = bustest.Connect(t, w.server)
	w.deal()
	w.work()
	return w
}

func (w *world) deal() {
	w.stop = bustest.Deal(w.t, w.conn, bus.DealerConfig{ExtensionLimit: func(id string) int {
		if id == "shut" {
			return 0
		}
		return 1000
	}})
}

// work starts a worker with room for all jobs.
func (w *world) work() {
	w.workers++
	w.worker = bustest.NewProxy(w.t, w.server)
	w.leave = work(w.t, w.worker.Connect(w.t), fmt.Sprintf("w%d", w.workers), 1000, func(a *bus.Attempt) { w.attempts <- a })
}

func (w *world) chance(n int) bool { return w.random.IntN(n) == 0 }

// any is a random job for which ok holds, or nil.
func (w *world) any(ok func(*modelled) bool) *modelled {
	for _, i := range w.random.Perm(len(w.jobs)) {
		if ok(w.jobs[i]) {
			return w.jobs[i]
		}
	}
	return nil
}

func (w *world) running() *modelled {
	return w.any(func(m *modelled) bool { return m.state == bus.StateRunning })
}

func (w *world) anyJob() *modelled { return w.any(func(*modelled) bool { return true }) }

// expect holds the answer to an operation against the model's: the code it has to have, empty for success.
func (w *world) expect(what string, m *modelled, err error, want bus.Code) {
	w.t.Helper()
	m.history = append(m.history, fmt.Sprintf("%s %q", what, want))
	if bus.CodeOf(err) != want {
		run, _ := w.conn.Run(w.t.Context(), m.job.ID)
		w.t.Fatalf("%s %s: %v, want code %q; its record: %+v", what, m, err, want, run)
	}
}

// settle takes the attempts that are dealt until every job that has to run does. Nothing else may be dealt.
func (w *world) settle() {
	w.t.Helper()
	for w.any((*modelled).dealable) != nil {
		select {
		case a := <-w.attempts:
			w.take(a)
		case <-time.After(again):
			status, err := w.conn.QueueStatus(w.t.Context())
			w.t.Fatalf("%s is not dealt; the queue: %+v, %v", w.any((*modelled).dealable), status, err)
		}
	}
	select {
	case a := <-w.attempts:
		w.take(a)
	default:
	}
}

func (w *world) take(a *bus.Attempt) {
	w.t.Helper()
	m := w.any(func(m *modelled) bool { return m.job.ID == a.Job.ID })
	switch {
	case m == nil:
		w.t.Fatalf("job %s, which nobody knows, is dealt", a.Job.ID)
	case !m.dealable():
		w.t.Fatalf("%s is dealt", m)
	case a.Token <= m.token:
		w.t.Fatalf("%s is dealt with token %d", m, a.Token)
	case a.Failures != m.failures:
		w.t.Fatalf("%s is dealt with %d failures, want %d", m, a.Failures, m.failures)
	case state(a.Checkpoint) != m.checkpoint:
		w.t.Fatalf("%s is dealt with the checkpoint %q, want %q", m, state(a.Checkpoint), m.checkpoint)
	}
	m.state, m.attempt, m.token, m.silent, m.revived, m.backoff = bus.StateRunning, a, a.Token, a.Token == 1, false, false
}

func state(c *bus.Checkpoint) string {
	if c == nil {
		return ""
	}
	return string(c.State)
}

// ended takes a job to its outcome, and its parent on.
func (w *world) ended(m *modelled, outcome bus.State) {
	m.state, m.cancel, m.attempt, m.far, m.revived, m.backoff = outcome, false, nil, false, false, false
	for _, parent := range w.jobs {
		delete(parent.children, m) // for good, even if somebody has it run once more
		if parent.state == bus.StateWaiting && len(parent.children) == 0 {
			parent.state = bus.StateAvailable
		}
	}
}

// released is what becomes of a job whose attempt gives it back: it is cancelled if somebody wanted that.
func (w *world) released(m *modelled, to bus.State) {
	m.attempt = nil
	if m.cancel {
		w.ended(m, bus.StateCancelled)
		return
	}
	m.state = to
}

func (w *world) newJob() *modelled {
	job := &bus.Job{ID: uuid.New(), Extension: "x", Name: "job", Library: w.library, Input: []byte("1")}
	job.Priority = []bus.Priority{bus.Low, bus.Normal, bus.High}[w.random.IntN(3)]
	m := &modelled{job: job, state: bus.StateAvailable, children: map[*modelled]bool{}}
	if w.chance(4) {
		job.Extension, m.shut = "shut", true
	}
	return m
}

// holds tells whether the job keeps another with the same unique key from being enqueued.
func (m *modelled) holds(job *bus.Job) bool {
	return m.job.Unique != nil && job.Unique != nil && m.job.Unique.Key == job.Unique.Key && m.job.Extension == job.Extension &&
		m.job.ID != job.ID && !m.state.Ended()
}

// overtake has an attempt that has written nothing find out that somebody was faster.
func (w *world) overtake(m *modelled) {
	w.t.Helper()
	if m.attempt == nil {
		return
	}
	if err := m.attempt.End(w.t.Context(), completed()); !errors.Is(err, bus.ErrFenced) {
		w.t.Fatalf("%s ends with %v, want ErrFenced", m, err)
	}
	m.attempt = nil
}

// check holds the records against the model.
func (w *world) check() {
	w.t.Helper()
	for _, m := range w.jobs {
		run, err := w.conn.Run(w.t.Context(), m.job.ID)
		switch {
		case bus.CodeOf(err) == bus.NotFound && !m.state.Ended() && !m.paused && (m.token == 0 || m.silent):
		case err != nil:
			w.t.Fatalf("%s: %v", m, err)
		case run.State.Ended() != m.state.Ended() && m.shut && m.state == bus.StateAvailable: // run again by a person, not begun
		case run.State.Ended() != m.state.Ended() || m.state.Ended() && run.State != m.state:
			becomes(w.t, w.conn, m.job.ID, string(m.state), func(r *bus.Run) bool { return r.State == m.state })
		case !m.state.Ended() && run.Paused != m.paused:
			w.t.Fatalf("%s: its record says paused %t", m, run.Paused)
		}
	}
	waiting, running, held := 0, 0, 0
	for _, m := range w.jobs {
		switch {
		case m.state == bus.StateRunning:
			running++
		case m.shut && m.state == bus.StateAvailable: // paused or not: it is found out when its turn comes
			waiting++
		case m.state.Ended():
		default:
			held++
		}
	}
	queueIs(w.t, w.conn, fmt.Sprintf("%d waiting, %d running, at most %d held", waiting, running, held), func(s bus.QueueStatus) bool {
		return s.Waiting <= waiting+held && s.Running == running && s.Held <= held+waiting
	})
}

// tell says, of a world that differs from its model, what was done to each job.
func (w *world) tell() {
	if w.t.Failed() {
		for _, m := range w.jobs {
			w.t.Logf("%s: %q", m, m.history)
		}
	}
}

// empty waits until the dealer has nothing left.
func (w *world) empty() {
	w.t.Helper()
	queueIs(w.t, w.conn, "empty", func(s bus.QueueStatus) bool { return s.Waiting+s.Running+s.Held == 0 })
}

// finish ends all jobs: each has the one outcome it is to have.
func (w *world) finish() {
	w.t.Helper()
	for {
		w.settle()
		m := w.any(func(m *modelled) bool { return !m.state.Ended() })
		switch {
		case m == nil:
			w.empty()
			none(w.t, w.attempts, 200*time.Millisecond)
			w.check()
			return
		case m.state == bus.StateRunning:
			w.expect("complete", m, m.attempt.End(w.t.Context(), completed()), "")
			w.ended(m, bus.StateCompleted)
		default:
			w.expect("cancel", m, w.conn.Cancel(w.t.Context(), m.job.ID), "")
			w.ended(m, bus.StateCancelled)
		}
	}
}

// Whatever is done to jobs in whatever order, each is where the table of states has it, and what is not to run does not.
func TestModel(t *testing.T) {
	t.Parallel()
	total := 0
	for _, o := range operations {
		total += o.weight
	}
	for range scale(1, 2) {
		seed := rand.Uint64()
		t.Run(strconv.FormatUint(seed, 10), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, seed)
			defer w.tell()
			for range scale(100, 250) {
				at := w.random.IntN(total)
				for _, o := range operations {
					if at -= o.weight; at < 0 {
						o.do(w)
						break
					}
				}
				w.settle()
				w.check()
			}
			w.finish()
		})
	}
}
