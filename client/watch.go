package client

import (
	"context"
	"iter"
	"time"

	"github.com/google/uuid"

	"github.com/airlock-run/airlock/bus"
)

// UpdateKind is what an Update tells.
type UpdateKind string

// The kinds of update.
const (
	// StateUpdate tells a new State: running on a Worker, waiting for sub-jobs, scheduled until Due.
	StateUpdate UpdateKind = "state"
	// ProgressUpdate has Progress, from 0 to 1, and a Text.
	ProgressUpdate UpdateKind = "progress"
	// LogUpdate has a Level and a Text, WarningUpdate a Text.
	LogUpdate     UpdateKind = "log"
	WarningUpdate UpdateKind = "warning"
	// FailureUpdate tells that an attempt failed and the next one is Due. The failure that ends a job is in its outcome.
	FailureUpdate UpdateKind = "failure"
	// CancelUpdate tells that somebody wants the job cancelled, and it has yet to stop. PauseUpdate and ResumeUpdate tell that somebody has
	// paused it and let it go on.
	CancelUpdate UpdateKind = "cancel_requested"
	PauseUpdate  UpdateKind = "paused"
	ResumeUpdate UpdateKind = "resumed"
	// OutcomeUpdate is the last one: the job has ended.
	OutcomeUpdate UpdateKind = "outcome"
)

// Update is one thing that happened to a job. Which fields are set is a matter of its Kind.
type Update struct {
	Kind     UpdateKind `json:"kind"`
	At       time.Time  `json:"at"`
	Attempt  uint64     `json:"attempt,omitempty"`
	State    State      `json:"state,omitempty"`
	Worker   string     `json:"worker,omitempty"`
	Due      *time.Time `json:"due,omitempty"`
	Progress float32    `json:"progress,omitempty"`
	Level    string     `json:"level,omitempty"`
	Text     string     `json:"text,omitempty"`
	Failure  *Failure   `json:"failure,omitempty"`
	Outcome  *Outcome   `json:"outcome,omitempty"`
}

// Watch is what happens to a job, from its first attempt on and live, and in the end its outcome. The sequence ends after that, or after an
// error. What a job tells may be lost on the way, but for what is left to tell when it ends: then every log line and warning of the last
// attempt that is kept has been told.
//
// # Errors
//
// ErrNotFound; ctx's, when that ends first. A bus that does not answer is waited for.
func (c *Client) Watch(ctx context.Context, id uuid.UUID) iter.Seq2[Update, error] {
	return func(yield func(Update, error) bool) {
		now, err := c.Status(ctx, id)
		if err != nil {
			yield(Update{}, err)
			return
		}
		w := &watch{yield: func(u Update) bool { return yield(u, nil) }}
		if !now.State.Ended() {
			w.after = now.Revision()
		}
		for ctx.Err() == nil {
			if c.watch(ctx, id, w) {
				return
			}
			pause(ctx)
			w.since = w.newest
		}
		yield(Update{}, ctx.Err())
	}
}

// watch hands out what happens until the sequence is over, and then returns true; or until the bus stops telling.
func (c *Client) watch(ctx context.Context, id uuid.UUID, w *watch) (over bool) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	activities, err := c.conn.Watch(ctx, id)
	if err != nil {
		return false
	}
	runs, err := c.conn.WatchRun(ctx, id)
	if err != nil {
		return false
	}
	for {
		select {
		case activity, ok := <-activities:
			if !ok {
				return false
			}
			if !w.activity(activity) {
				return true
			}
		case run, ok := <-runs:
			if !ok {
				return false
			}
			if run.State.Ended() && run.Revision() <= w.after {
				continue // before it was retried
			}
			if !w.record(run) || run.State.Ended() {
				return true
			}
		}
	}
}

// watch is one who watches a job, and what was told so far.
type watch struct {
	yield func(Update) bool
	// newest is when the newest activity was. After the bus was away, what is not newer than since was told before.
	newest, since time.Time
	// told is what attempt told live.
	told    bus.Report
	attempt uint64
	// after is the revision of an outcome that is none any more; 0 for none.
	after uint64
	// before is the record as it was; nil before the first.
	before *bus.Run
}

// activity hands on what the job tells live. It returns false when nobody wants more.
func (w *watch) activity(a bus.Activity) bool {
	if !w.since.IsZero() && !a.At.After(w.since) {
		return true
	}
	w.newest = a.At
	if a.Attempt != w.attempt {
		w.attempt, w.told = a.Attempt, bus.Report{}
	}
	switch a.Kind {
	case bus.ActivityLog:
		w.told.Logs = append(w.told.Logs, bus.LogLine{})
	case bus.ActivityProgress:
		w.told.Progress, w.told.Message = a.Progress, a.Text
	case bus.ActivityWarning:
		w.told.Warnings = append(w.told.Warnings, a.Text)
	case bus.ActivityState: // nothing that is told again
	}
	return w.yield(Update{
		Kind: UpdateKind(a.Kind), At: a.At, Attempt: a.Attempt, State: a.State, Worker: a.Worker, Progress: a.Progress, Level: a.Level, Text: a.Text,
	})
}

// record hands on what is new in a run record. It returns false when nobody wants more.
func (w *watch) record(run *bus.Run) bool {
	before := w.before
	if before == nil {
		before = &bus.Run{}
	}
	w.before = run
	u := Update{At: time.Now().UTC(), Attempt: run.Attempt, State: run.State}
	if run.State.Ended() {
		u.Kind, u.Outcome = OutcomeUpdate, &Outcome{run}
		if run.FinishedAt != nil {
			u.At = *run.FinishedAt
		}
		return w.rest(run) && w.yield(u)
	}
	more := true
	tell := func(kind UpdateKind) {
		u.Kind = kind
		more = more && w.yield(u)
	}
	if run.CancelRequested != nil && before.CancelRequested == nil {
		tell(CancelUpdate)
	}
	if run.Paused && !before.Paused {
		tell(PauseUpdate)
	}
	if !run.Paused && before.Paused {
		tell(ResumeUpdate)
	}
	changed := run.State != before.State || run.Attempt != before.Attempt
	switch {
	case run.State == Scheduled && changed && run.Failures > before.Failures && len(run.Errors) > 0:
		u.Due, u.Failure = run.Due, &run.Errors[len(run.Errors)-1]
		tell(FailureUpdate)
	case (run.State == Scheduled || run.State == Waiting) && changed:
		u.Due = run.Due
		tell(StateUpdate)
	}
	return more
}

// rest hands on what of an outcome's report was not told live, or has not arrived.
func (w *watch) rest(run *bus.Run) bool {
	begun := run.Attempt == w.attempt
	if !begun {
		w.told = bus.Report{}
	}
	report, more := run.Report, true
	tell := func(u Update) {
		u.Attempt = run.Attempt
		if u.At.IsZero() && run.FinishedAt != nil {
			u.At = *run.FinishedAt
		}
		more = more && w.yield(u)
	}
	if !begun && run.Worker != "" && run.StartedAt != nil {
		tell(Update{Kind: StateUpdate, At: *run.StartedAt, State: Running, Worker: run.Worker})
	}
	for _, line := range report.Logs[min(len(w.told.Logs), len(report.Logs)):] {
		tell(Update{Kind: LogUpdate, At: line.At, Level: line.Level, Text: line.Text})
	}
	for _, warning := range report.Warnings[min(len(w.told.Warnings), len(report.Warnings)):] {
		tell(Update{Kind: WarningUpdate, Text: warning})
	}
	if report.Message != w.told.Message || report.Progress != w.told.Progress {
		tell(Update{Kind: ProgressUpdate, Progress: report.Progress, Text: report.Message})
	}
	return more
}
