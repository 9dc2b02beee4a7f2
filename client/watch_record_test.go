package client

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/airlock-run/airlock/bus"
)

// What is told of a run record is what is new in it, whichever versions of it were missed.
func TestWatchTellsWhatIsNew(t *testing.T) {
	t.Parallel()
	at := time.Now()
	failed := []bus.Failure{{Attempt: 1, Error: "broken"}}
	running := bus.Run{State: Running, Attempt: 1}
	for name, c := range map[string]struct {
		records []bus.Run
		want    []string
	}{
		"running":             {[]bus.Run{running}, nil},
		"asked to stop":       {[]bus.Run{running, {State: Running, Attempt: 1, CancelRequested: &at}, {State: Running, Attempt: 1, CancelRequested: &at}}, []string{"cancel_requested"}},
		"paused and let go":   {[]bus.Run{{State: Available, Paused: true}, {State: Available}}, []string{"paused", "resumed"}},
		"waits for sub-jobs":  {[]bus.Run{running, {State: Waiting, Attempt: 1}, {State: Waiting, Attempt: 1}, {State: Running, Attempt: 2}}, []string{"state waiting"}},
		"snoozed":             {[]bus.Run{running, {State: Scheduled, Attempt: 1, Due: &at}}, []string{"state scheduled"}},
		"failed":              {[]bus.Run{running, {State: Scheduled, Attempt: 1, Due: &at, Failures: 1, Errors: failed}}, []string{"failure broken"}},
		"failed before":       {[]bus.Run{{State: Scheduled, Attempt: 1, Due: &at, Failures: 1, Errors: failed}}, []string{"failure broken"}},
		"failed, then snooze": {[]bus.Run{{State: Running, Attempt: 2, Failures: 1, Errors: failed}, {State: Scheduled, Attempt: 2, Failures: 1, Errors: failed, Due: &at}}, []string{"state scheduled"}},
		"ended":               {[]bus.Run{running, {State: Dead, Attempt: 1, Failures: 1, Errors: failed, FinishedAt: &at}}, []string{"outcome dead"}},
		"never begun":         {[]bus.Run{{State: Expired, FinishedAt: &at}}, []string{"outcome expired"}},
		"begun unseen": {
			[]bus.Run{{State: Completed, Attempt: 1, Worker: "w", StartedAt: &at}}, []string{"state running", "outcome completed"},
		},
		"rest of the report": {
			[]bus.Run{{State: Completed, Attempt: 1, Report: bus.Report{Progress: 1, Logs: []bus.LogLine{{Text: "line"}}, Warnings: []string{"careful"}}}},
			[]string{"log line", "warning careful", "progress", "outcome completed"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got []string
			w := &watch{yield: func(u Update) bool {
				text := string(u.Kind)
				switch {
				case u.Kind == StateUpdate || u.Kind == OutcomeUpdate:
					text += " " + string(u.State)
				case u.Failure != nil:
					text += " " + u.Failure.Error
				case u.Text != "":
					text += " " + u.Text
				}
				got = append(got, text)
				return true
			}}
			for _, run := range c.records {
				w.record(&run)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("updates (-want +got):\n%s", diff)
			}
		})
	}
}

// What was told live is not told again at the end, unless it was told by an attempt before the last.
func TestWatchTellsTheRest(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		attempt uint64
		want    int
	}{"same attempt": {1, 1}, "another attempt": {2, 2}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			lines := 0
			w := &watch{yield: func(u Update) bool {
				if u.Kind == LogUpdate {
					lines++
				}
				return true
			}}
			w.activity(bus.Activity{Kind: bus.ActivityLog, At: time.Now(), Attempt: 1, Text: "a"})
			lines = 0
			w.record(&bus.Run{State: Completed, Attempt: c.attempt, Report: bus.Report{Logs: []bus.LogLine{{Text: "a"}, {Text: "b"}}}})
			if lines != c.want {
				t.Errorf("%d lines are told at the end, want %d", lines, c.want)
			}
		})
	}
}
