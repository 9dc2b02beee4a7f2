package fair

import (
	"math/rand/v2"
	"slices"
	"testing"
)

func TestFIFOIsASlice(t *testing.T) {
	t.Parallel()
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 3))
		var f fifo[int]
		var want []int
		for n := range 3000 {
			grow := 1 + int(seed+uint64(n/500))%3 // long and short by turns
			switch r.IntN(5) {
			case 0:
				f.pushFront(n)
				want = slices.Insert(want, 0, n)
			case 1, 2, 3:
				if grow > 1 {
					f.push(n)
					want = append(want, n)
					continue
				}
				fallthrough
			default:
				for range grow {
					if len(want) == 0 {
						break
					}
					if got := f.pop(); got != want[0] {
						t.Fatalf("seed %d step %d: %d, want %d", seed, n, got, want[0])
					}
					want = want[1:]
				}
			}
			if f.n != len(want) || f.n > 0 && f.first() != want[0] {
				t.Fatalf("seed %d step %d: holds %d, want %d", seed, n, f.n, len(want))
			}
		}
	}
}

// room is for how many jobs a fifo holds memory.
func (f *fifo[J]) room() int {
	n := 0
	for c := f.front; c != nil; c = c.next {
		n += len(c.jobs)
	}
	if f.spare != nil {
		n += len(f.spare.jobs)
	}
	return n
}

func TestFIFOGivesMemoryBack(t *testing.T) {
	t.Parallel()
	var f fifo[int]
	for i := range 100_000 {
		f.push(i)
	}
	for f.n > 0 {
		if slack := f.room() - f.n; slack > 3*largeChunk {
			t.Fatalf("room for %d more than the %d that wait", slack, f.n)
		}
		f.pop()
	}
	if f.room() > smallChunk {
		t.Errorf("room for %d when empty", f.room())
	}
}
