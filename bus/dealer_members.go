package bus

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go"

	"github.com/airlock-run/airlock/bus/fair"
)

// member is a worker the dealer knows.
type member struct {
	name    string
	beat    beat
	heard   time.Time
	started time.Time
	// deals are the jobs dealt to it that are neither ended nor held, by number; busy are those whose guest has not returned.
	deals map[uint64]*entry
	busy  int
	// pool is the worker's, empty for one that runs any job, and serving when it last proved of each extension that it may run its jobs.
	pool    string
	serving map[string]time.Time
}

func (m *member) free() int {
	if m.beat.Draining {
		return 0
	}
	return m.beat.Slots - m.busy
}

// census is what a new term does not know yet: the workers that may run jobs of an earlier term.
type census struct {
	// expected are the workers not heard from yet, with their slots.
	expected map[string]int
	// slots is how many they have.
	slots int
	// until is when they are given up.
	until time.Time
	// replayed are the jobs that were there before the term: dealt when it is known which of them run.
	replayed []laned
	// read says that all of them were read.
	read bool
}

type laned struct {
	lane fair.Lane
	job  queued
}

// over tells whether all is known.
func (c *census) over() bool { return len(c.expected) == 0 }

// beginCensus finds out which workers there are and asks them what they run.
func (t *term) beginCensus() error {
	workers, since, err := t.conn.registered(t.ctx)
	if err != nil {
		return err
	}
	t.census.expected = workers
	t.census.until = time.Now().Add(workerTimeout)
	if t.conn.config.Server == nil && since < workerTimeout {
		// The server has just lost the list of workers, as it was started: there may be some that are on no list.
		t.census.expected["(unknown)"] = 0
		t.census.until = time.Now().Add(workerTimeout - since)
	}
	t.count()
	t.hello()
	return nil
}

// hello says who deals. Every worker answers with a beat.
func (t *term) hello() {
	if err := t.conn.nc.Publish(helloSubject, fmt.Append(nil, t.epoch)); err != nil {
		t.log.DebugContext(t.ctx, "workers not greeted", "error", err)
	}
}

// count counts the slots of those that are missing, which may all be taken.
func (t *term) count() {
	t.census.slots = 0
	for _, slots := range t.census.expected {
		t.census.slots += slots
	}
}

// found takes workers off the list of those that are missing.
func (t *term) found(names ...string) {
	if t.census.over() {
		return
	}
	for _, name := range names {
		delete(t.census.expected, name)
	}
	t.count()
	t.waiting.ChangedAll()
	if !t.census.over() {
		return
	}
	replayed := t.census.replayed
	t.census.replayed = nil
	for _, r := range replayed {
		if e := t.known[r.job.id]; e != nil {
			t.cameAgain(e, r.job.sequence)
			continue
		}
		t.push(r.lane, r.job)
	}
}

func (t *term) replayEnded() { t.census.read = true }

// memberFor is the worker with the most free slots that may run the jobs of an extension: one of its pool, if there is one.
func (t *term) memberFor(extension string) *member {
	var best *member
	for _, m := range t.members {
		switch {
		case m.free() <= 0 || !m.serves(extension):
		case best == nil, best.pool == "" && m.pool != "", (best.pool == "") == (m.pool == "") && m.free() > best.free():
			best = m
		}
	}
	return best
}

// reported takes a message to the dealer.
func (t *term) reported(msg *nats.Msg) {
	var r struct {
		report
		notice
	}
	if err := json.Unmarshal(msg.Data, &r); err != nil {
		t.log.WarnContext(t.ctx, "message to the dealer is none", "error", err)
		return
	}
	pool, extension, pooled := parsePoolReport(msg.Subject)
	switch {
	case r.Worker == "" && pooled:
		return // what other processes tell is not a pool's to say
	case r.Worker == "":
		t.noticed(r.notice)
		return
	}
	r.Worker = Pool{Name: pool}.worker(r.Worker)
	for _, number := range r.Returned {
		if e := t.deals[number]; e.of(r.Worker) {
			t.free(e)
		}
	}
	for _, number := range r.Ended {
		if e := t.deals[number]; e.of(r.Worker) {
			t.end(e)
		}
	}
	for _, h := range r.Held {
		if e := t.deals[h.Deal]; e.of(r.Worker) {
			t.heldBack(e, h)
		}
	}
	for _, parent := range r.Parents {
		t.childEnded(parent)
	}
	if r.Beat != nil {
		t.beaten(r.Worker, pool, extension, *r.Beat)
	}
}

// of tells whether a deal is a worker's.
func (e *entry) of(worker string) bool { return e != nil && e.member != nil && e.member.name == worker }

// childEnded counts down what a job waits for.
func (t *term) childEnded(parent uuid.UUID) {
	switch e := t.known[parent]; {
	case e == nil:
	case e.state == StateRunning: // it may just have counted what it waits for
		e.early++
	case e.state == StateWaiting:
		if e.pending--; e.pending <= 0 {
			t.wake(e)
		}
	}
}

func (t *term) heldBack(e *entry, h heldDeal) {
	if e.over {
		t.end(e)
		return
	}
	if h.State == StateAvailable && h.Due.IsZero() || e.woken {
		t.wake(e)
		return
	}
	if h.State == StateWaiting && h.Pending <= e.early {
		t.wake(e) // perhaps for nothing: then it waits again, for those that are left
		return
	}
	if h.State != StateAvailable { // its record says so
		delete(t.again, e.id)
	}
	e.state, e.due, e.pending = h.State, h.Due, h.Pending-e.early
	t.hold(e)
}

func (t *term) noticed(n notice) {
	e := t.known[n.Job]
	switch {
	case n.Over:
		t.drop(n.Job, n.Extension, n.Sequence)
		if n.Parent != nil {
			t.childEnded(*n.Parent)
		}
	case !n.Wake:
		if e == nil && t.live.has(n.Sequence) {
			t.changed[n.Sequence] = false
		}
	case e == nil:
	case e.state == StateRunning: // it may just have been given back, for what it was not to run for any more
		e.woken = true
	default:
		t.wake(e)
	}
}

// beaten takes a worker's beat.
func (t *term) beaten(name, pool, extension string, b beat) {
	m := t.members[name]
	if m == nil {
		m = &member{name: name, pool: pool, serving: map[string]time.Time{}, deals: map[uint64]*entry{}, started: time.Now()}
		t.members[name] = m
		t.log.InfoContext(t.ctx, "worker is there", "worker", name, "slots", b.Slots)
	}
	m.heard, m.beat = time.Now(), b
	m.beat.Slots = min(max(b.Slots, 0), maxSlots)
	if pool != "" {
		m.serving[extension] = m.heard
	}
	has := make(map[uint64]bool, len(b.Deals))
	for _, d := range b.Deals {
		has[d.Deal] = true
		if t.deals[d.Deal] == nil {
			t.adopt(m, d)
		} else if d.Returned && t.deals[d.Deal].of(name) {
			t.free(t.deals[d.Deal])
		}
	}
	m.beat.Deals = nil
	for number, e := range m.deals {
		if !has[number] && t.missing(e, b) {
			t.lost(e)
		}
	}
	if b.Epoch < t.epoch && !b.Leaving {
		t.greet = true // it has not heard of this dealer
	}
	t.found(name)
	if b.Leaving {
		t.remove(m)
	}
}

// missing tells whether a deal that is not in a worker's beat got lost on the way, or its end on the way back. If the worker has
// received later ones, it did; if not, it has when it was long on the way.
func (t *term) missing(e *entry, b beat) bool {
	switch {
	case e.number>>32 != t.epoch:
		return true
	case e.sent.IsZero():
		return false
	}
	return b.Epoch == t.epoch && e.number <= b.Received || time.Since(e.sent) > workerTimeout
}

// adopt takes over a job that a worker has from an earlier term. One that is another's by now is told to look at its record.
func (t *term) adopt(m *member, d dealtJob) {
	address, ok := parseJobSubject(d.Subject)
	if !ok || !m.serves(address.Extension) {
		return
	}
	if t.known[address.Job] != nil || d.Deal>>32 == t.epoch {
		if err := t.conn.nc.Publish(controlSubject, []byte(address.Job.String())); err != nil {
			t.log.DebugContext(t.ctx, "worker not told", "job_id", address.Job, "error", err)
		}
		return
	}
	e := &entry{
		id: address.Job, lane: laneOf(address), sequence: d.Sequence, state: StateRunning, number: d.Deal, member: m, returned: d.Returned,
	}
	t.known[e.id], t.deals[e.number], m.deals[e.number] = e, e, e
	t.live.add(e.sequence)
	if !e.returned {
		m.busy++
		t.waiting.Began(e.lane)
	}
}

// lost has a job dealt again.
func (t *term) lost(e *entry) {
	t.again[e.id] = struct{}{}
	t.wake(e)
}

// remove has the jobs of a worker that is gone dealt again.
func (t *term) remove(m *member) {
	delete(t.members, m.name)
	entries := make([]*entry, 0, len(m.deals))
	for _, e := range m.deals {
		entries = append(entries, e)
	}
	slices.SortFunc(entries, func(a, b *entry) int { return int(b.number) - int(a.number) }) //nolint:gosec // the order is what counts
	for _, e := range entries {
		t.lost(e)
	}
	t.log.InfoContext(t.ctx, "worker is gone", "worker", m.name, "jobs", len(entries))
}

// checkMembers removes workers that were not heard from for too long. Time in which this process could not hear does not count.
func (t *term) checkMembers(now time.Time) {
	if deaf := now.Sub(t.checked); deaf > 4*tickPause || !t.conn.nc.IsConnected() {
		for _, m := range t.members {
			m.heard = m.heard.Add(deaf)
		}
		t.census.until = t.census.until.Add(deaf)
	}
	t.checked = now
	if t.greet {
		t.greet = false
		t.hello()
	}
	for _, m := range t.members {
		if now.Sub(m.heard) > workerTimeout {
			t.remove(m)
			continue
		}
		for id, proved := range m.serving {
			if m.heard.Sub(proved) > workerTimeout {
				delete(m.serving, id)
			}
		}
	}
	if !t.census.over() && now.After(t.census.until) {
		missing := make([]string, 0, len(t.census.expected))
		for name := range t.census.expected {
			missing = append(missing, name)
		}
		// They may have run what nobody has told of, and may do so still.
		for _, r := range t.census.replayed {
			t.again[r.job.id] = struct{}{}
		}
		t.found(missing...)
	}
}
