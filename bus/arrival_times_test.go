package bus

import (
	"testing"
	"time"
)

func TestArrivalTimes(t *testing.T) {
	t.Parallel()
	var times arrivalTimes
	start := time.Date(2026, 11, 22, 18, 0, 0, 0, time.UTC)
	if got := times.at(7); !got.IsZero() {
		t.Errorf("it knows of nothing, but says %s", got)
	}
	// Ten messages a second, from sequence 100 on.
	when := func(sequence uint64) time.Time {
		return start.Add(time.Duration(sequence-100) * 100 * time.Millisecond)
	}
	for sequence := uint64(100); sequence < 400; sequence++ {
		times.note(sequence, when(sequence))
	}
	times.note(50, start.Add(time.Hour)) // a copy out of order changes nothing
	if got := times.at(99); !got.IsZero() {
		t.Errorf("a message before all came at %s", got)
	}
	for sequence := uint64(100); sequence < 500; sequence += 7 {
		got := times.at(sequence)
		if late := when(min(sequence, 399)).Sub(got); late < 0 || late >= arrivalStep {
			t.Errorf("message %d came at %s, it says %s", sequence, when(sequence), got)
		}
	}
	times.forget(250)
	if got := times.at(251); got.IsZero() || len(times.marks) > 16 {
		t.Errorf("after forgetting what is older, %d marks, and message 251 came at %s", len(times.marks), got)
	}
	times.forget(1 << 40)
	if len(times.marks) != 1 {
		t.Errorf("%d marks are left, want the newest", len(times.marks))
	}
}

func TestArrivalTimesAreFew(t *testing.T) {
	t.Parallel()
	var times arrivalTimes
	start := time.Date(2026, 11, 22, 18, 0, 0, 0, time.UTC)
	for sequence := range uint64(10 * maxArrivalMarks) {
		times.note(sequence, start.Add(time.Duration(sequence)*arrivalStep))
	}
	if len(times.marks) > maxArrivalMarks {
		t.Errorf("%d marks, at most %d", len(times.marks), maxArrivalMarks)
	}
	if got := times.at(0); !got.Equal(start) {
		t.Errorf("the first message came at %s, want %s", got, start)
	}
}
