package fair

import (
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
)

func TestSingleJobIsNotBehindAHundredThousand(t *testing.T) {
	t.Parallel()
	q := New[int](noLimits{})
	many, one := uuid.UUID{1}, uuid.UUID{2}
	for i := range 100_000 {
		q.Push(Lane{"e", 1, many}, i)
	}
	for range 1000 {
		q.Next()
	}
	q.Push(Lane{"e", 1, one}, -1)
	for range 2 {
		if _, j, _ := q.Next(); j == -1 {
			return
		}
	}
	t.Error("the single job of a library was not among the next two")
}

// The library of the single job is dealt jobs of another extension all the while, and so is never behind in turns.
func TestSingleJobIsNotBehindAHundredThousandAtALimit(t *testing.T) {
	t.Parallel()
	q := New[int](limits{extension: map[string]int{"narrow": 1}})
	many, one := uuid.UUID{1}, uuid.UUID{2}
	for range 100_000 {
		q.Push(Lane{"narrow", 1, many}, 0)
		q.Push(Lane{"wide", 1, one}, 0)
	}
	q.Push(Lane{"narrow", 1, one}, -1)
	r := rand.New(rand.NewPCG(1, 1))
	for slots := 0; slots <= 3; {
		from, j, _ := q.Next()
		if j == -1 {
			return
		}
		if from.Extension == "narrow" {
			slots++
			for range 1 + r.IntN(3) {
				if from, _, _ := q.Next(); from.Extension == "narrow" {
					t.Fatal("two run of an extension of which one may")
				}
			}
			q.Done("narrow", from.Library)
		}
	}
	t.Error("the single job had none of three slots")
}

// A library that empties and comes back at once has no more turns than one whose jobs wait.
func TestComingBackGainsNothing(t *testing.T) {
	t.Parallel()
	q := New[int](noLimits{})
	patient, eager := Lane{"e", 1, uuid.UUID{1}}, Lane{"e", 1, uuid.UUID{2}}
	dealt := map[Lane]int{}
	for range 1000 {
		q.Push(patient, 0)
	}
	q.Push(eager, 0)
	for range 1000 {
		from, _, _ := q.Next()
		dealt[from]++
		if from == eager {
			q.Push(eager, 0)
		}
	}
	if diff := cmp.Diff(map[Lane]int{patient: 500, eager: 500}, dealt); diff != "" {
		t.Errorf("dealt (-want +got):\n%s", diff)
	}
}

func TestPausedSavesNothingUp(t *testing.T) {
	t.Parallel()
	lim := limits{extension: map[string]int{"paused": 0}}
	q := New[int](lim)
	paused, other := Lane{"paused", 1, uuid.UUID{1}}, Lane{"e", 1, uuid.UUID{2}}
	for range 1000 {
		q.Push(paused, 0)
		q.Push(other, 0)
	}
	for range 500 {
		if from, _, _ := q.Next(); from != other {
			t.Fatalf("%v is dealt", from)
		}
	}
	lim.extension["paused"] = 1000
	q.Changed("paused")
	dealt := map[Lane]int{}
	for range 100 {
		from, _, _ := q.Next()
		dealt[from]++
	}
	if diff := cmp.Diff(map[Lane]int{paused: 50, other: 50}, dealt); diff != "" {
		t.Errorf("dealt (-want +got):\n%s", diff)
	}
}

// However many libraries come, one that waits has its turn: the more that wait with it, the fewer.
func TestNewcomersDoNotStarve(t *testing.T) {
	t.Parallel()
	q := New[int](limits{extension: map[string]int{"narrow": 10}})
	old := Lane{"e", 1, uuid.UUID{1}}
	for range 1000 {
		q.Push(old, 0)
	}
	dealt := 0
	for i := range 2000 {
		newcomer := uuid.UUID{2, byte(i), byte(i >> 8)}
		q.Push(Lane{[]string{"e", "narrow"}[i%2], 1, newcomer}, 0)
		from, _, _ := q.Next()
		q.Done(from.Extension, from.Library)
		if from == old {
			dealt++
		}
	}
	if dealt < 30 {
		t.Errorf("%d of 2000 were of the library that waited", dealt)
	}
}

// Gates take turns, however many libraries come to one of them.
func TestNewcomersDoNotHoldAnotherGate(t *testing.T) {
	t.Parallel()
	lim := limits{extension: map[string]int{"busy": 0, "quiet": 0}}
	q := New[int](lim)
	for i := range 100 {
		q.Push(Lane{"busy", 1, uuid.UUID{1, byte(i)}}, 0)
		q.Push(Lane{"quiet", 1, uuid.UUID{2, byte(i)}}, 0)
	}
	lim.extension["busy"], lim.extension["quiet"] = 1000, 1000
	q.ChangedAll()
	dealt := map[string]int{}
	for i := range 50 {
		q.Push(Lane{"busy", 1, uuid.UUID{3, byte(i)}}, 0)
		from, _, _ := q.Next()
		dealt[from.Extension]++
	}
	if diff := cmp.Diff(map[string]int{"busy": 25, "quiet": 25}, dealt); diff != "" {
		t.Errorf("dealt (-want +got):\n%s", diff)
	}
}

// Who comes when a slot is free does not have it before those who stand in line.
func TestNewcomerStandsInLine(t *testing.T) {
	t.Parallel()
	lim := limits{extension: map[string]int{"e": 0}}
	q := New[int](lim)
	for i := range 10 {
		q.Push(Lane{"e", 1, uuid.UUID{1, byte(i)}}, 0)
	}
	lim.extension["e"] = 20
	q.Changed("e")
	q.Push(Lane{"e", 1, uuid.UUID{2}}, 0)
	for i := range 10 {
		if from, _, _ := q.Next(); from.Library == (uuid.UUID{2}) {
			t.Fatalf("who came last is dealt after %d of 10", i)
		}
	}
}

// A library at its own limit when its lane is first in line is first again.
func TestPlaceInLineIsKept(t *testing.T) {
	t.Parallel()
	full := uuid.UUID{1}
	q := New[int](limits{extension: map[string]int{"e": 1}, library: map[uuid.UUID]int{full: 1}})
	q.Began(Lane{"e", 1, uuid.UUID{9}})
	for i := range byte(5) {
		q.Push(Lane{"e", 1, uuid.UUID{1 + i}}, 0)
	}
	q.Began(Lane{"other", 1, full})
	q.Done("e", uuid.UUID{9})
	from, _, _ := q.Next()
	if want := (uuid.UUID{2}); from.Library != want {
		t.Fatalf("%v is dealt, want the second", from)
	}
	q.Done("other", full)
	if from, _, ok := q.Next(); ok {
		t.Fatalf("%v is dealt beyond the limit", from)
	}
	q.Done("e", from.Library)
	if from, _, _ = q.Next(); from.Library != full {
		t.Errorf("%v is dealt, want the first", from)
	}
}

func TestExtensionsOfALibraryTakeTurns(t *testing.T) {
	t.Parallel()
	q := New[int](noLimits{})
	for range 10 {
		for _, e := range []string{"a", "b", "c"} {
			q.Push(Lane{e, 1, uuid.UUID{1}}, 0)
		}
	}
	var got []string
	for range 6 {
		from, _, _ := q.Next()
		got = append(got, from.Extension)
	}
	if diff := cmp.Diff([]string{"a", "b", "c", "a", "b", "c"}, got); diff != "" {
		t.Errorf("dealt (-want +got):\n%s", diff)
	}
}

func TestPrioritiesShare(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		paused string
		want   [3]int
	}{
		"all":        {"", [3]int{1600, 400, 100}},
		"none high":  {"0", [3]int{0, 1680, 420}},
		"none usual": {"1", [3]int{1976, 0, 124}},
		"none low":   {"2", [3]int{1680, 420, 0}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			q := New[int](limits{extension: map[string]int{c.paused: 0}})
			for i := range 30_000 {
				q.Push(Lane{strconv.Itoa(i % 3), i % 3, uuid.UUID{byte(i % 7)}}, 0)
			}
			var dealt [3]int
			for range 2100 {
				from, _, _ := q.Next()
				dealt[from.Priority]++
			}
			for i := range dealt {
				if d := dealt[i] - c.want[i]; d < -1 || d > 1 {
					t.Errorf("dealt %v of high, normal and low, want %v", dealt, c.want)
				}
			}
		})
	}
}

// A priority that comes back is not dealt what it did not use.
func TestIdlePrioritySavesNothingUp(t *testing.T) {
	t.Parallel()
	q := New[int](noLimits{})
	low, high := Lane{"e", 2, uuid.UUID{1}}, Lane{"e", 0, uuid.UUID{1}}
	q.Push(low, 0)
	for range 10_000 {
		q.Push(high, 0)
	}
	for range 5000 {
		q.Next()
	}
	for range 100 {
		q.Push(low, 0)
	}
	dealt := 0
	for range 170 {
		if from, _, _ := q.Next(); from == low {
			dealt++
		}
	}
	if dealt < 9 || dealt > 11 {
		t.Errorf("%d of 170 were low, want one in 17", dealt)
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	setup := func() (limits, *Queue[int]) {
		lim := limits{extension: map[string]int{"e": 3}, library: map[uuid.UUID]int{{1}: 3}}
		q := New[int](lim)
		for range 10 {
			q.Push(Lane{"e", 1, uuid.UUID{1}}, 0)
		}
		return lim, q
	}
	dealt := func(q *Queue[int]) (n int) {
		for {
			if _, _, ok := q.Next(); !ok {
				return n
			}
			n++
		}
	}
	t.Run("lowered below what runs", func(t *testing.T) {
		t.Parallel()
		lim, q := setup()
		got := []int{dealt(q)}
		lim.extension["e"] = 1
		q.Changed("e")
		for range 3 {
			q.Done("e", uuid.UUID{1})
			got = append(got, dealt(q))
		}
		if diff := cmp.Diff([]int{3, 0, 0, 1}, got); diff != "" {
			t.Errorf("dealt (-want +got):\n%s", diff)
		}
	})
	t.Run("paused and resumed", func(t *testing.T) {
		t.Parallel()
		lim, q := setup()
		lim.library[uuid.UUID{1}] = 0
		q.ChangedLibrary(uuid.UUID{1})
		got := []int{dealt(q)}
		lim.library[uuid.UUID{1}] = 2
		q.ChangedLibrary(uuid.UUID{1})
		got = append(got, dealt(q))
		if diff := cmp.Diff([]int{0, 2}, got); diff != "" {
			t.Errorf("dealt (-want +got):\n%s", diff)
		}
	})
	t.Run("began elsewhere", func(t *testing.T) {
		t.Parallel()
		_, q := setup()
		for range 5 {
			q.Began(Lane{"e", 0, uuid.UUID{2}})
		}
		got := []int{dealt(q)}
		for range 3 {
			q.Done("e", uuid.UUID{2})
			got = append(got, dealt(q))
		}
		if diff := cmp.Diff([]int{0, 0, 0, 1}, got); diff != "" {
			t.Errorf("dealt (-want +got):\n%s", diff)
		}
	})
	t.Run("done too often", func(t *testing.T) {
		t.Parallel()
		_, q := setup()
		q.Done("e", uuid.UUID{1})
		q.Done("unknown", uuid.UUID{9})
		if n := dealt(q); n != 3 {
			t.Errorf("dealt %d, want 3", n)
		}
	})
}

// Many libraries come and go.
func TestNothingLeaks(t *testing.T) {
	t.Parallel()
	q := New[int](limits{extension: map[string]int{"e": 2, "paused": 0}})
	q.Push(Lane{"paused", 1, uuid.UUID{1}}, 0)
	for i := range 100_000 {
		l := Lane{"e", i % priorities, uuid.UUID{2, byte(i), byte(i >> 8), byte(i >> 16)}}
		q.Push(l, 1)
		if from, _, ok := q.Next(); !ok || from != l {
			t.Fatalf("dealt %v, want %v", from, l)
		}
		q.Done(l.Extension, l.Library)
		if len(q.lanes) > 2 || len(q.extensions) > 2 || len(q.libraries) > 10 {
			t.Fatalf("%d lanes, %d extensions, %d libraries are kept", len(q.lanes), len(q.extensions), len(q.libraries))
		}
	}
}
