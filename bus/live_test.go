package bus

import (
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// What the bitmap says of sequences is what a map says.
func TestLiveIsAMap(t *testing.T) {
	t.Parallel()
	for range 20 {
		seed := rand.Uint64()
		random := rand.New(rand.NewPCG(seed, 0))
		var l live
		want := map[uint64]bool{}
		last, from := uint64(0), random.Uint64N(4*segmentSize)
		for range 20_000 {
			at := from + random.Uint64N(6*segmentSize)
			switch {
			case at < from: // swept already
			case random.IntN(3) > 0:
				l.add(at)
				want[at], last = true, max(last, at)
			default:
				l.remove(at)
				delete(want, at)
			}
			if random.IntN(5000) == 0 && len(want) > 0 {
				before := slices.Min(slices.Collect(maps.Keys(want)))
				l.forget(before)
				from = max(from, before)
			}
		}
		if l.used != len(want) {
			t.Errorf("seed %d: %d are in use, want %d", seed, l.used, len(want))
		}
		for at := range uint64(11 * segmentSize) {
			if l.has(at) != want[at] {
				t.Fatalf("seed %d: %d is in use: %v, want %v", seed, at, l.has(at), want[at])
			}
		}
		floor := last + 1
		if len(want) > 0 {
			floor = slices.Min(slices.Collect(maps.Keys(want)))
		}
		if l.floor() != floor {
			t.Errorf("seed %d: the floor is %d, want %d", seed, l.floor(), floor)
		}
	}
}

func TestLiveFindsBlockers(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		used, free int
		want       int
	}{
		"a few before many that are over": {3, 20 * segmentSize, 3},
		"a few before few":                {3, segmentSize, 0},
		"many before many":                {segmentSize, 2 * segmentSize, 0},
		"none":                            {0, 20 * segmentSize, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var l live
			var want []uint64
			for i := range uint64(c.used + c.free) {
				l.add(i + 1)
				if i < uint64(c.used) {
					want = append(want, i+1)
				}
			}
			for i := range uint64(c.free - 1) {
				l.remove(uint64(c.used) + i + 1)
			}
			if diff := cmp.Diff(want[:c.want], l.blockers()); diff != "" && c.want+len(l.blockers()) > 0 {
				t.Errorf("blockers (-want +got):\n%s", diff)
			}
		})
	}
}

func TestLiveBefore(t *testing.T) {
	t.Parallel()
	var l live
	for i := range uint64(4 * segmentSize) {
		l.add(i + 10)
	}
	if got := l.before(3*segmentSize, 5); got != nil {
		t.Errorf("nothing is free, and these are to be moved: %d", got)
	}
	l.remove(2*segmentSize + 100)
	if diff := cmp.Diff([]uint64{10, 11, 12}, l.before(3*segmentSize, 3)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := l.before(2*segmentSize, 3); got != nil {
		t.Errorf("nothing is free that far, and these are to be moved: %d", got)
	}
	l.remove(11)
	if diff := cmp.Diff([]uint64{10, 12, 13}, l.before(14, 300)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
