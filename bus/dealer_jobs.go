package bus

import (
	"container/heap"
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/airlock-run/airlock/bus/fair"
)

// entry is a job that is dealt or held.
type entry struct {
	id       uuid.UUID
	lane     fair.Lane
	sequence uint64
	// state is running while the job is dealt, or why it is held.
	state State

	// Of a job that is dealt:
	number   uint64
	member   *member
	returned bool
	// sent is when it was sent to its worker; the zero time while its payload is read.
	sent time.Time
	// early is how many of its sub-jobs have ended since it was dealt.
	early int
	// again says that its message came once more meanwhile, woken that somebody has changed its record so that it may go on, and over that
	// somebody has ended it.
	again, woken, over bool

	// Of a job that is held: when it goes on or is looked at again, its place among the holds, and how many sub-jobs it
	// waits for.
	due     time.Time
	index   int
	pending int
}

// arrived takes a message of JOBS.
func (t *term) arrived(a arrival) {
	if a.tick != "" {
		t.ticked(a)
		return
	}
	t.times.note(a.sequence, a.at)
	t.live.add(a.sequence)
	if a.stray != "" {
		t.bury(a)
		return
	}
	if expires := parseTime(a.header.Get(headerExpires)); !expires.IsZero() {
		t.expireAt(expires, a.address, a.sequence)
	}
	if old := parseUint(a.header.Get(headerMoved)); t.sweep.moving[old] && t.live.has(old) {
		t.relocate(a, old)
		return
	}
	if e := t.known[a.address.Job]; e != nil {
		t.cameAgain(e, a.sequence)
		return
	}
	if t.overtaken(a.sequence) || a.over { // it was cancelled while it was on its way here, or enqueued again after its end
		t.live.remove(a.sequence)
		go t.conn.withdraw(t.ctx, a.address.Job, a.sequence)
		return
	}
	lane := laneOf(a.address)
	q := queued{id: a.address.Job, sequence: a.sequence, fresh: a.fresh}
	if a.data != nil {
		q.msg = &jobMessage{header: a.header, data: a.data}
	}
	now := time.Now()
	if due := parseTime(a.header.Get(headerDue)); due.After(now) {
		t.hold(&entry{id: q.id, lane: lane, sequence: q.sequence, state: StateScheduled, due: due})
		return
	}
	if a.replay && t.unclean {
		t.again[q.id] = struct{}{}
	}
	if a.replay && !t.census.over() {
		t.census.replayed = append(t.census.replayed, laned{lane, q})
		return
	}
	t.push(lane, q)
}

// overtaken tells whether a job is over whose message comes now.
func (t *term) overtaken(sequence uint64) bool {
	t.seen = max(t.seen, sequence)
	_, over := t.gone[sequence]
	for gone := range t.gone { // they are few, and of schedules no message comes
		if gone <= t.seen {
			delete(t.gone, gone)
		}
	}
	return over
}

// cameAgain takes note of another message of a job that is dealt or held. The server keeps the newer one. It may be that a person has
// the job run again of which it is not known here yet that it has ended.
func (t *term) cameAgain(e *entry, sequence uint64) {
	if sequence <= e.sequence {
		if sequence < e.sequence {
			t.live.remove(sequence)
		}
		return
	}
	t.live.remove(e.sequence)
	e.sequence, e.again = sequence, true
}

func laneOf(a jobAddress) fair.Lane {
	lane := fair.Lane{Extension: a.Extension, Priority: 1, Library: a.Library}
	switch a.Priority {
	case High:
		lane.Priority = 0
	case Low:
		lane.Priority = 2
	case Normal:
	}
	return lane
}

// push puts a job at the end of its lane.
func (t *term) push(lane fair.Lane, q queued) {
	if q.msg != nil {
		if t.cached+len(q.msg.data) > t.config.CacheBytes {
			q.msg = nil
		} else {
			t.cached += len(q.msg.data)
		}
	}
	t.waiting.Push(lane, q)
}

// dealAll deals while a worker has a free slot and a job may run.
func (t *term) dealAll() {
	for {
		if !t.lookWhoIsFree() {
			return
		}
		lane, q, ok := t.waiting.Next()
		if !ok {
			return
		}
		if q.msg != nil {
			t.cached -= len(q.msg.data)
		}
		for sequence, ok := t.moved[q.sequence]; ok; sequence, ok = t.moved[q.sequence] {
			delete(t.moved, q.sequence)
			q.sequence = sequence
		}
		if over, ok := t.changed[q.sequence]; ok {
			delete(t.changed, q.sequence)
			if over {
				t.over[lane.Extension]--
				t.waiting.Done(lane.Extension, lane.Library)
				continue
			}
			q.fresh = false
		}
		if e := t.known[q.id]; e != nil {
			t.waiting.Done(lane.Extension, lane.Library)
			t.cameAgain(e, q.sequence)
			continue
		}
		m := t.memberFor(lane.Extension)
		if m == nil { // it was kept back a moment ago; and it stays so
			t.waiting.Done(lane.Extension, lane.Library)
			t.waiting.PushFront(lane, q)
			return
		}
		t.give(m, lane, q)
	}
}

// give deals a job to a worker.
func (t *term) give(m *member, lane fair.Lane, q queued) {
	t.dealt++
	e := &entry{
		id: q.id, lane: lane, sequence: q.sequence, state: StateRunning, number: dealNumber(t.epoch, t.dealt), member: m,
	}
	t.known[e.id], t.deals[e.number], m.deals[e.number] = e, e, e
	m.busy++
	if q.msg != nil {
		t.send(e, q.msg, q.fresh)
		return
	}
	go t.fetch(e.number, e.sequence)
}

// fetch reads a job whose payload is not in memory, and sends it.
func (t *term) fetch(number, sequence uint64) {
	for {
		stream, err := t.conn.stream(t.ctx, jobsStream)
		var msg *jetstream.RawStreamMsg
		if err == nil {
			msg, err = stream.GetMsg(t.ctx, sequence)
		}
		if err == nil || errors.Is(err, jetstream.ErrMsgNotFound) {
			t.call(func() { t.fetched(number, sequence, msg) })
			return
		}
		select {
		case <-t.ctx.Done():
			return
		case <-time.After(250 * time.Millisecond):
		}
	}
}

func (t *term) fetched(number, sequence uint64, msg *jetstream.RawStreamMsg) {
	e := t.deals[number]
	switch {
	case e == nil:
	case msg != nil:
		t.renumber(e)
		t.send(e, &jobMessage{header: msg.Header, data: msg.Data}, false)
	case e.sequence != sequence: // it has moved meanwhile
		go t.fetch(number, e.sequence)
	default:
		t.end(e) // it was removed: by its expiry, or by a person
	}
}

// renumber gives a deal a new number: a worker gets them in the order of their numbers, which is how it is known what got lost.
func (t *term) renumber(e *entry) {
	delete(t.deals, e.number)
	delete(e.member.deals, e.number)
	t.dealt++
	e.number = dealNumber(t.epoch, t.dealt)
	t.deals[e.number], e.member.deals[e.number] = e, e
}

// send sends a job to the worker it is dealt to. What its publisher wrote into the headers that are ours is overwritten.
func (t *term) send(e *entry, job *jobMessage, fresh bool) {
	e.sent = time.Now()
	msg := &nats.Msg{Subject: e.member.dealSubject(e.lane.Extension), Header: job.header, Data: job.data}
	if msg.Header == nil {
		msg.Header = nats.Header{}
	}
	msg.Header[headerDeal] = []string{strconv.FormatUint(e.number, 10)}
	msg.Header[headerSequence] = []string{strconv.FormatUint(e.sequence, 10)}
	msg.Header[headerSubject] = []string{e.subject()}
	_, again := t.again[e.id]
	for name, set := range map[string]bool{headerAgain: again, headerFresh: fresh && !again} {
		delete(msg.Header, name)
		if set {
			msg.Header[name] = []string{"1"}
		}
	}
	if err := t.conn.nc.PublishMsg(msg); err != nil {
		t.log.DebugContext(t.ctx, "job not dealt", "job_id", e.id, "error", err) // the worker's beats tell that it has not got it
	}
}

// dealSubject is where a member gets jobs of an extension.
func (m *member) dealSubject(extension string) string {
	if m.pool == "" {
		return dealSubject(m.name)
	}
	return poolDealSubject(m.pool, strings.TrimPrefix(m.name, m.pool+"/"), extension)
}

func (e *entry) subject() string {
	return JobSubject(e.lane.Extension, [...]Priority{High, Normal, Low}[e.lane.Priority], e.lane.Library, e.id)
}

// free gives back the slot of a deal.
func (t *term) free(e *entry) {
	if e.member == nil || e.returned {
		return
	}
	e.returned = true
	e.member.busy--
	t.waiting.Done(e.lane.Extension, e.lane.Library)
}

// take takes a deal from its worker.
func (t *term) take(e *entry) {
	t.free(e)
	if e.member != nil {
		delete(e.member.deals, e.number)
		e.member = nil
	}
	delete(t.deals, e.number)
}

// end forgets a job that is over.
func (t *term) end(e *entry) {
	t.take(e)
	t.holds.remove(e)
	delete(t.known, e.id)
	delete(t.again, e.id)
	if e.again {
		t.waiting.Push(e.lane, queued{id: e.id, sequence: e.sequence})
		return
	}
	t.live.remove(e.sequence)
}

// wake has a job dealt as the next of its lane.
func (t *term) wake(e *entry) {
	t.take(e)
	t.holds.remove(e)
	delete(t.known, e.id)
	t.waiting.PushFront(e.lane, queued{id: e.id, sequence: e.sequence})
}

// waitCheck is after how long a job that waits for sub-jobs, or is paused, is dealt to see whether it still has to. It makes up for
// notices that got lost.
const waitCheck = time.Minute

// hold keeps a job from being dealt until it is due.
func (t *term) hold(e *entry) {
	t.take(e)
	if e.due.IsZero() {
		e.due = time.Now().Add(waitCheck)
	}
	t.known[e.id] = e
	heap.Push(&t.holds, e)
}

func (t *term) releaseDue(now time.Time) {
	for {
		at, ok := t.holds.next()
		if !ok || at.After(now) {
			return
		}
		t.wake(t.holds.entries[0])
	}
}

// expireAt ends a job that has not begun by a time.
func (t *term) expireAt(at time.Time, address jobAddress, sequence uint64) {
	time.AfterFunc(time.Until(at), func() {
		t.call(func() {
			if t.known[address.Job] != nil || !t.live.has(sequence) {
				return
			}
			go func() {
				expired, err := t.conn.expire(t.ctx, sequence)
				if err != nil {
					t.log.WarnContext(t.ctx, "job not expired yet", "job_id", address.Job, "error", err)
				}
				if expired != nil {
					t.call(func() {
						t.noticed(notice{Job: address.Job, Extension: address.Extension, Sequence: sequence, Over: true, Parent: expired.Parent})
					})
				}
			}()
		})
	})
}

// drop keeps a job from being dealt: it is over. It leaves the queue when its turn comes.
func (t *term) drop(id uuid.UUID, extension string, sequence uint64) {
	if e := t.known[id]; e != nil {
		switch {
		case e.state != StateRunning:
			t.end(e)
		case e.sequence == sequence: // it may just have been given back
			e.over = true
		}
		return
	}
	if sequence > t.seen {
		t.gone[sequence] = struct{}{}
		return
	}
	if t.live.has(sequence) && !t.changed[sequence] {
		t.changed[sequence] = true
		t.over[extension]++
		t.live.remove(sequence)
	}
}

// expire records that a job has expired and returns its record, unless it has one already: then it has begun, or whoever it is dealt to
// looks.
func (c *Conn) expire(ctx context.Context, sequence uint64) (*Run, error) {
	stream, err := c.stream(ctx, jobsStream)
	if err != nil {
		return nil, err
	}
	msg, err := stream.GetMsg(ctx, sequence)
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return nil, nil //nolint:nilnil // there is nothing to expire
	}
	if err != nil {
		return nil, err
	}
	job, err := decodeJob(msg.Subject, msg.Data)
	if err != nil {
		return nil, nil //nolint:nilerr,nilnil // whoever it is dealt to buries it
	}
	run := newRun(job)
	run.State, run.FinishedAt, run.DeadLetter = StateExpired, now(), &DeadLetter{Subject: msg.Subject, Job: msg.Data}
	err = c.saveRun(ctx, run)
	if errors.Is(err, ErrFenced) {
		return nil, nil //nolint:nilnil // as above
	}
	if err != nil {
		return nil, err
	}
	countEnded(ctx, StateExpired)
	c.withdraw(ctx, job.ID, sequence)
	return run, nil
}

// holds are the jobs that are held, by the time they are due: a container/heap.
type holds struct{ entries []*entry }

func (h *holds) Len() int           { return len(h.entries) }
func (h *holds) Less(i, j int) bool { return h.entries[i].due.Before(h.entries[j].due) }
func (h *holds) Swap(i, j int) {
	h.entries[i], h.entries[j] = h.entries[j], h.entries[i]
	h.entries[i].index, h.entries[j].index = i, j
}

func (h *holds) Push(x any) {
	e := x.(*entry) //nolint:forcetypeassert // hold pushes entries
	e.index = len(h.entries)
	h.entries = append(h.entries, e)
}

func (h *holds) Pop() any {
	last := len(h.entries) - 1
	e := h.entries[last]
	h.entries[last] = nil
	h.entries = h.entries[:last]
	return e
}

func (h *holds) next() (time.Time, bool) {
	if len(h.entries) == 0 {
		return time.Time{}, false
	}
	return h.entries[0].due, true
}

func (h *holds) remove(e *entry) {
	if e.index < len(h.entries) && h.entries[e.index] == e {
		heap.Remove(h, e.index)
	}
}
