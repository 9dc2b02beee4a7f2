package bus_test

import (
	"encoding/binary"
	"errors"
	"strconv"
	"time"

	"github.com/airlock-run/airlock/bus"
)

// operations are what can happen, and how often.
var operations = []struct {
	name   string
	weight int
	do     func(w *world)
}{
	{"enqueue", 10, func(w *world) {
		m := w.newJob()
		w.expect("enqueue", m, w.conn.Enqueue(w.t.Context(), m.job), "")
		w.jobs = append(w.jobs, m)
	}},
	{"enqueue many", 2, func(w *world) {
		all := []*modelled{w.newJob(), w.newJob(), w.newJob()}
		enqueueAll(w.t, w.conn, []*bus.Job{all[0].job, all[1].job, all[2].job})
		w.jobs = append(w.jobs, all...)
	}},
	{"enqueue again", 3, func(w *world) {
		if m := w.any(func(m *modelled) bool { return m.job.Unique == nil }); m != nil {
			w.expect("enqueue again", m, w.conn.Enqueue(w.t.Context(), m.job), "")
		}
	}},
	{"delay", 4, func(w *world) {
		m := w.newJob()
		delay := time.Hour
		if m.far = w.chance(2); !m.far {
			delay = time.Duration(w.random.IntN(400)) * time.Millisecond
		}
		due := time.Now().Add(delay)
		m.job.Due = &due
		w.expect("delay", m, w.conn.Enqueue(w.t.Context(), m.job), "")
		if m.far {
			m.state = bus.StateScheduled
		} else {
			<-time.After(delay)
		}
		w.jobs = append(w.jobs, m)
	}},
	{"unique", 6, func(w *world) {
		m := w.newJob()
		m.job.Unique = &bus.Unique{Key: strconv.Itoa(w.random.IntN(3))}
		holder := w.any(func(other *modelled) bool { return other.holds(m.job) })
		err := w.conn.Enqueue(w.t.Context(), m.job)
		if holder == nil {
			w.expect("unique", m, err, "")
			w.jobs = append(w.jobs, m)
			return
		}
		var duplicate *bus.DuplicateError
		if !errors.As(err, &duplicate) || duplicate.Job != holder.job.ID {
			w.t.Fatalf("enqueue with the key of %s: %v", holder, err)
		}
	}},
	{"expire", 2, func(w *world) {
		m := w.newJob()
		m.job.Extension, m.shut = "shut", true
		expires := time.Now().Add(300 * time.Millisecond)
		m.job.ExpiresAt = &expires
		w.expect("expire", m, w.conn.Enqueue(w.t.Context(), m.job), "")
		w.jobs = append(w.jobs, m)
		ends(w.t, w.conn, m.job.ID, bus.StateExpired)
		w.ended(m, bus.StateExpired)
	}},
	{"cancel", 8, func(w *world) {
		m := w.anyJob()
		if m == nil {
			return
		}
		err := w.conn.Cancel(w.t.Context(), m.job.ID)
		switch {
		case m.state.Ended():
			w.expect("cancel", m, err, bus.FailedPrecondition)
			return
		case m.state == bus.StateRunning && !m.silent:
			m.cancel = true
		default:
			w.overtake(m)
			w.ended(m, bus.StateCancelled)
		}
		w.expect("cancel", m, err, "")
	}},
	{"pause", 6, func(w *world) {
		m := w.anyJob()
		if m == nil {
			return
		}
		err := w.conn.Pause(w.t.Context(), m.job.ID)
		if m.state.Ended() {
			w.expect("pause", m, err, bus.FailedPrecondition)
			return
		}
		w.expect("pause", m, err, "")
		m.paused, m.revived = true, false
		if m.state == bus.StateRunning && m.silent {
			w.overtake(m)
			m.state = bus.StateAvailable
		}
	}},
	{"resume", 6, func(w *world) {
		m := w.any(func(m *modelled) bool { return m.paused || w.chance(3) })
		if m == nil {
			return
		}
		err := w.conn.Resume(w.t.Context(), m.job.ID)
		switch {
		case m.state.Ended() || !m.paused:
			if code := bus.CodeOf(err); code != bus.FailedPrecondition {
				w.t.Fatalf("resume %s: %v", m, err)
			}
		default:
			w.expect("resume", m, err, "")
			m.paused = false
		}
	}},
	{"retry", 8, func(w *world) {
		m := w.any(func(m *modelled) bool { // a parent would wait once more for a sub-job that runs again
			return m.job.Parent == nil && (m.state.Ended() || m.state == bus.StateScheduled || w.chance(4))
		})
		if m == nil {
			return
		}
		holder := w.any(func(other *modelled) bool { return other != m && other.holds(m.job) })
		err := w.conn.RetryJob(w.t.Context(), m.job.ID, nil)
		switch {
		case m.state == bus.StateScheduled:
			w.expect("retry", m, err, "")
			m.state, m.far = bus.StateAvailable, false
		case m.state == bus.StateAvailable && m.backoff && err == nil:
			m.backoff = false
		case m.state == bus.StateAvailable && m.revived:
			w.expect("retry once more", m, err, "")
		case !m.state.Ended() || m.state == bus.StateCompleted:
			w.expect("retry", m, err, bus.FailedPrecondition)
		case m.job.Unique != nil && holder != nil:
			w.expect("retry", m, err, bus.AlreadyExists)
		default:
			w.expect("retry", m, err, "")
			m.state, m.failures, m.paused, m.revived = bus.StateAvailable, 0, false, true
		}
	}},
	{"delete", 3, func(w *world) {
		m := w.any(func(m *modelled) bool { return len(m.children) == 0 && m.job.Parent == nil })
		if m == nil {
			return
		}
		err := w.conn.DeleteJob(w.t.Context(), m.job.ID)
		if !m.state.Ended() {
			if code := bus.CodeOf(err); code != bus.FailedPrecondition && code != bus.NotFound {
				w.t.Fatalf("delete %s: %v", m, err)
			}
			return
		}
		w.expect("delete", m, err, "")
		for i, other := range w.jobs {
			if other == m {
				w.jobs = append(w.jobs[:i:i], w.jobs[i+1:]...)
				break
			}
		}
	}},
	{"complete", 10, func(w *world) {
		if m := w.running(); m != nil {
			w.expect("complete", m, m.attempt.End(w.t.Context(), completed()), "")
			w.ended(m, bus.StateCompleted)
		}
	}},
	{"die", 5, func(w *world) {
		if m := w.running(); m != nil {
			fail := failure("for good")
			w.expect("die", m, m.attempt.End(w.t.Context(), bus.Outcome{State: bus.StateDead, Failure: &fail}), "")
			m.failures++
			w.ended(m, bus.StateDead)
		}
	}},
	{"fail", 6, func(w *world) {
		m := w.running()
		if m == nil {
			return
		}
		to, due := bus.StateAvailable, time.Now().Add(20*time.Millisecond)
		if w.chance(2) {
			to, due = bus.StateScheduled, time.Now().Add(time.Hour)
		}
		w.expect("fail", m, m.attempt.Retry(w.t.Context(), due, failure("once"), bus.Report{}), "")
		m.failures++
		m.backoff = true
		w.released(m, to)
	}},
	{"snooze", 3, func(w *world) {
		if m := w.running(); m != nil {
			w.expect("snooze", m, m.attempt.Snooze(w.t.Context(), time.Now().Add(time.Hour), bus.Report{}), "")
			w.released(m, bus.StateScheduled)
		}
	}},
	{"hand back", 4, func(w *world) {
		if m := w.running(); m != nil {
			w.expect("hand back", m, m.attempt.HandBack(w.t.Context(), bus.Report{}), "")
			w.released(m, bus.StateAvailable)
		}
	}},
	{"wait", 4, func(w *world) {
		m := w.running()
		if m == nil {
			return
		}
		for range 1 + w.random.IntN(2) {
			child := w.newJob()
			child.job.Parent = &m.job.ID
			w.expect("note", child, w.conn.AddChild(w.t.Context(), child.job), "")
			w.expect("dispatch", child, w.conn.Enqueue(w.t.Context(), child.job), "")
			m.children[child] = true
			w.jobs = append(w.jobs, child)
		}
		w.expect("wait", m, m.attempt.Wait(w.t.Context(), bus.Report{}), "")
		w.released(m, bus.StateWaiting)
	}},
	{"save", 5, func(w *world) {
		if m := w.running(); m != nil {
			m.checkpoint = string(binary.AppendUvarint([]byte("at "), w.random.Uint64()))
			w.expect("save", m, m.attempt.Save(w.t.Context(), &bus.Checkpoint{State: []byte(m.checkpoint)}, bus.Report{}), "")
			m.silent = false
		}
	}},
	{"another dealer", 2, func(w *world) {
		w.stop()
		w.deal()
	}},
	{"crash", 1, func(w *world) {
		old, leave := w.worker, w.leave
		old.Cut()
		w.work()
		var late []*bus.Attempt
		for _, m := range w.jobs {
			if m.state != bus.StateRunning {
				continue
			}
			a := m.attempt
			w.released(m, bus.StateAvailable)
			switch {
			case m.state == bus.StateCancelled:
				ends(w.t, w.conn, m.job.ID, bus.StateCancelled)
			case m.paused: // it may end still, for nobody has taken it over
				continue
			}
			late = append(late, a)
		}
		w.settle()
		old.Heal()
		for _, a := range late { // it comes back, and changes nothing
			if err := a.End(w.t.Context(), completed()); !errors.Is(err, bus.ErrFenced) {
				w.t.Fatalf("the end of a lost attempt of job %s is taken: %v", a.Job.ID, err)
			}
		}
		leave()
	}},
}
