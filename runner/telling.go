package runner

import (
	"slices"
	"sync"
	"time"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/runner/sandbox"
)

// tellPause is how long what a guest says is collected before it is told to who watches.
const tellPause = 50 * time.Millisecond

// arena holds lines of a guest, one after the other, until somebody wants them as strings.
type arena struct {
	text  []byte
	lines []line
}

// line is one line in an arena. Its text begins where that of the line before ends.
type line struct {
	warning bool
	level   sandbox.Level
	// at is when it came, counted from the attempt's beginning.
	at  time.Duration
	end int
}

// newArenas makes a pool of arenas, which attempts share one after the other.
func newArenas() *sync.Pool {
	return &sync.Pool{New: func() any { return &arena{text: make([]byte, 0, 16<<10), lines: make([]line, 0, 256)} }}
}

// telling is the live side of a reporter.
type telling struct {
	// logs and warnings count those of the report that are told. Untold is the order in which the others came: whether
	// each is a warning. Progress says that there is new progress.
	logs, warnings int
	untold         []bool
	progress       bool
	// state is that the attempt runs, as long as it is not told. Of an attempt that ends at once and says nothing it never is: its
	// outcome tells.
	state *bus.Activity
	// timer tells what there is; it is nil in an attempt that had nothing to tell so far. set says that it will fire.
	timer *time.Timer
	set   bool
	over  bool
	// order is held while something is told.
	order sync.Mutex
}

// pend puts a line into the arena. It needs r.mu.
func pend[T said](r *reporter, warning bool, level sandbox.Level, text T) {
	if r.telling.over {
		return
	}
	if r.pending == nil {
		r.pending, _ = r.arenas.Get().(*arena)
	}
	a := r.pending
	a.text = append(a.text, text...)
	a.lines = append(a.lines, line{warning: warning, level: level, at: time.Since(r.begun), end: len(a.text)})
	r.tellSoon()
}

// keep moves what is in the arena to the report. It needs r.mu.
func (r *reporter) keep() {
	if r.pending == nil || len(r.pending.lines) == 0 {
		return
	}
	all, from := string(r.pending.text), 0
	r.report.Logs = slices.Grow(r.report.Logs, len(r.pending.lines))
	for _, l := range r.pending.lines {
		text := all[from:l.end]
		from = l.end
		if l.warning {
			r.report.Warnings = append(r.report.Warnings, text)
		} else {
			r.report.Logs = append(r.report.Logs, bus.LogLine{At: r.begun.Add(l.at).UTC(), Level: string(l.level), Text: text})
		}
		r.telling.untold = append(r.telling.untold, l.warning)
	}
	r.pending.text, r.pending.lines = r.pending.text[:0], r.pending.lines[:0]
}

// tellSoon sees to it that what there is is told. It needs r.mu.
func (r *reporter) tellSoon() {
	t := &r.telling
	switch {
	case t.set || t.over:
		return
	case t.timer == nil:
		t.timer = time.AfterFunc(tellPause, r.tell)
	default:
		t.timer.Reset(tellPause)
	}
	t.set = true
}

// tell tells what there is, in the order in which it came; of progress the newest.
func (r *reporter) tell() {
	r.telling.order.Lock()
	defer r.telling.order.Unlock()
	n := r.news()
	now := time.Now().UTC()
	if n.state != nil {
		r.publish(*n.state)
	}
	for _, warning := range n.order {
		if warning {
			r.publish(bus.Activity{Kind: bus.ActivityWarning, At: now, Attempt: r.attempt, Text: n.warnings[0]})
			n.warnings = n.warnings[1:]
			continue
		}
		l := n.logs[0]
		n.logs = n.logs[1:]
		r.publish(bus.Activity{Kind: bus.ActivityLog, At: l.At, Attempt: r.attempt, Level: l.Level, Text: l.Text})
	}
	if n.progress {
		r.publish(bus.Activity{Kind: bus.ActivityProgress, At: now, Attempt: r.attempt, Progress: n.fraction, Text: n.message})
	}
}

// news is what is not told yet.
type news struct {
	state    *bus.Activity
	order    []bool
	logs     []bus.LogLine
	warnings []string
	progress bool
	fraction float32
	message  string
}

// news takes what is not told yet. What it shares with the report is only appended to.
func (r *reporter) news() news {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.keep()
	t := &r.telling
	n := news{
		order: t.untold, logs: r.report.Logs[t.logs:], warnings: r.report.Warnings[t.warnings:],
		progress: t.progress, fraction: r.report.Progress,
	}
	if t.progress {
		n.message = string(r.message)
	}
	if !t.over || len(n.order) > 0 || n.progress {
		n.state, t.state = t.state, nil
	}
	t.set, t.untold, t.progress = false, nil, false
	t.logs, t.warnings = len(r.report.Logs), len(r.report.Warnings)
	return n
}

// tellState tells where the attempt stands, soon.
func (r *reporter) tellState(state bus.State, worker string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.telling.state = &bus.Activity{Kind: bus.ActivityState, At: time.Now().UTC(), Attempt: r.attempt, State: state, Worker: worker}
	r.tellSoon()
}

// finish tells what is left, once the guest has returned. Nothing is told after it, and what comes is lost.
func (r *reporter) finish() {
	r.mu.Lock()
	r.telling.over = true
	if r.telling.timer != nil {
		r.telling.timer.Stop()
	}
	r.mu.Unlock()
	r.tell()
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.pending != nil {
		r.arenas.Put(r.pending)
		r.pending = nil
	}
}
