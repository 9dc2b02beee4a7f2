package runner

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/runner/sandbox"
)

// told is what a reporter told live, in words.
type told struct {
	mu    sync.Mutex
	words []string
}

func (h *told) publish(a bus.Activity) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.words = append(h.words, strings.TrimSpace(fmt.Sprintf("%s %s %s", a.Kind, a.Level, a.Text)))
}

// heard returns what was told since it was asked last.
func (h *told) heard() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	words := h.words
	h.words = nil
	return words
}

func TestReporterTellsNothingOfWhatEndsAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var h told
		r := newReporter(1, newArenas(), h.publish)
		r.tellState(bus.StateRunning, "w")
		r.finish()
		<-time.After(10 * tellPause)
		if words := h.heard(); len(words) > 0 {
			t.Errorf("told %q", words)
		}
	})
}

func TestReporterTells(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var h told
		r := newReporter(7, newArenas(), h.publish)
		expect := func(want ...string) {
			t.Helper()
			synctest.Wait()
			if diff := cmp.Diff(want, h.heard()); diff != "" {
				t.Errorf("told (-want +got):\n%s", diff)
			}
		}
		r.tellState(bus.StateRunning, "w")
		line := []byte("one")
		logged(r, sandbox.Info, line)
		copy(line, "xxx") // the guest goes on
		warned(r, "careful")
		progressed(r, 0.25, "a quarter")
		logged(r, sandbox.Error, []byte("two"))
		progressed(r, 0.5, []byte("half"))
		expect() // not yet: the guest does not wait for the bus
		<-time.After(tellPause)
		expect("state", "log info one", "warning  careful", "log error two", "progress  half")
		<-time.After(10 * tellPause)
		expect()
		logged(r, sandbox.Info, "three")
		r.snapshot() // takes nothing away
		r.finish()
		expect("log info three")
		logged(r, sandbox.Info, "too late")
		progressed(r, 1, "too late")
		<-time.After(10 * tellPause)
		expect()

		got := r.snapshot()
		var lines []string
		for _, l := range got.Logs {
			lines = append(lines, l.Level+" "+l.Text)
		}
		if diff := cmp.Diff([]string{"info one", "error two", "info three"}, lines); diff != "" {
			t.Errorf("record (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([]string{"careful"}, got.Warnings); diff != "" {
			t.Errorf("warnings (-want +got):\n%s", diff)
		}
		if got.Logs[2].At.Sub(got.Logs[0].At) != 11*tellPause {
			t.Errorf("the lines came at %s and %s", got.Logs[0].At, got.Logs[2].At)
		}
		if r.complaint() != "two" {
			t.Errorf("the complaint is %q", r.complaint())
		}
	})
}

func TestReporterKeepsWithinLimits(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		line    string
		times   int
		kept    int
		dropped int
	}{
		"lines": {"x", maxLogLines + 5, maxLogLines, 5},
		"bytes": {strings.Repeat("x", maxLogBytes/4), 6, 4, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var h told
			r := newReporter(1, newArenas(), h.publish)
			for range c.times {
				logged(r, sandbox.Info, c.line)
			}
			r.finish()
			if got, live := r.snapshot(), len(h.heard()); len(got.Logs) != c.kept || got.LogsDropped != c.dropped || live != c.kept {
				t.Errorf("%d lines kept, %d dropped, %d told", len(got.Logs), got.LogsDropped, live)
			}
		})
	}
	t.Run("warnings and messages", func(t *testing.T) {
		t.Parallel()
		r := newReporter(1, newArenas(), func(bus.Activity) {})
		long := strings.Repeat("é", maxMessage)
		for range maxWarnings + 1 {
			warned(r, long)
		}
		progressed(r, 1, "x"+long)
		r.finish()
		got := r.snapshot()
		if len(got.Warnings) != maxWarnings || got.Warnings[0] != long[:maxMessage] || got.Message != ("x" + long)[:maxMessage-1] {
			t.Errorf("%d warnings, of %d bytes, a message of %d", len(got.Warnings), len(got.Warnings[0]), len(got.Message))
		}
	})
}

// What is said has a price; who says nothing does not pay it.
func TestQuietReporterHasNothing(t *testing.T) {
	t.Parallel()
	r := newReporter(1, newArenas(), func(bus.Activity) { t.Error("it told something") })
	r.started()
	r.addItems(1)
	r.addBytes(2)
	r.called(bus.CallNote{Method: "query:x", Code: bus.PermissionDenied})
	r.returned(sandbox.Result{Memory: 3})
	if r.telling.timer != nil || r.pending != nil {
		t.Error("it has a timer, or an arena")
	}
	r.finish()
	if got := r.snapshot(); got.Items != 1 || got.Bytes != 2 || got.Calls != 1 || got.Denied != 1 || got.MemoryBytes != 3 {
		t.Errorf("report %+v", got)
	}
}

func TestReporterTellsTimes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newReporter(1, newArenas(), func(bus.Activity) {})
		expect := func(guest, calls float64) {
			t.Helper()
			if got := r.snapshot(); got.GuestMS != guest || got.CallMS != calls {
				t.Errorf("%v ms in the guest, %v in calls, want %v and %v", got.GuestMS, got.CallMS, guest, calls)
			}
		}
		<-time.After(time.Second) // waits for memory: nobody's time
		expect(0, 0)
		r.started()
		<-time.After(1500 * time.Microsecond)
		expect(1.5, 0)
		r.waits()
		<-time.After(250 * time.Microsecond)
		expect(1.5, 0.25)
		r.goesOn()
		<-time.After(7 * time.Microsecond)
		expect(1.507, 0.25)
		r.returned(sandbox.Result{})
		<-time.After(time.Second)
		expect(1.507, 0.25)
	})
}

// BenchmarkLog is what a line of the log costs on this side of the sandbox: the guest that says it, as one attempt follows
// the other (call); with what others do to record and to tell it (whole); beyond the limit (dropped). Progress is beside it.
func BenchmarkLog(b *testing.B) {
	line := []byte("processed item 12345 of the mailbox, which took a while")
	kept := func(b *testing.B, pause, goOn func()) {
		b.Helper()
		b.ReportAllocs()
		arenas := newArenas()
		r := newReporter(1, arenas, func(bus.Activity) {})
		for n := 1; b.Loop(); n++ {
			if n%maxLogLines == 0 {
				pause()
				r.finish()
				r = newReporter(1, arenas, func(bus.Activity) {})
				goOn()
			}
			logged(r, sandbox.Info, line)
		}
		r.finish()
	}
	b.Run("call", func(b *testing.B) { kept(b, b.StopTimer, b.StartTimer) })
	b.Run("whole", func(b *testing.B) { kept(b, func() {}, func() {}) })
	b.Run("dropped", func(b *testing.B) {
		b.ReportAllocs()
		r := newReporter(1, newArenas(), func(bus.Activity) {})
		for range maxLogLines {
			logged(r, sandbox.Info, line)
		}
		for b.Loop() {
			logged(r, sandbox.Info, line)
		}
		r.finish()
	})
	b.Run("progress", func(b *testing.B) {
		b.ReportAllocs()
		r := newReporter(1, newArenas(), func(bus.Activity) {})
		for b.Loop() {
			progressed(r, 0.5, line)
		}
		r.finish()
	})
}

// The newest calls are kept, in the order in which they were made.
func TestReporterKeepsTheLastCalls(t *testing.T) {
	t.Parallel()
	r := newReporter(1, newArenas(), func(bus.Activity) {})
	for n := range 2*maxCalls + 7 {
		r.called(bus.CallNote{MS: float64(n)})
		last := r.snapshot().LastCalls
		if len(last) != min(n+1, maxCalls) || last[len(last)-1].MS != float64(n) || last[0].MS != float64(max(0, n+1-maxCalls)) {
			t.Fatalf("after %d calls: %d, from %v to %v", n+1, len(last), last[0].MS, last[len(last)-1].MS)
		}
	}
}
