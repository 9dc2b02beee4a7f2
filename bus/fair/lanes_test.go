package fair

import (
	"maps"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
)

type noLimits struct{}

func (noLimits) Extension(string) int  { return math.MaxInt }
func (noLimits) Library(uuid.UUID) int { return math.MaxInt }

func TestLanes(t *testing.T) {
	t.Parallel()
	q := New[int](noLimits{})
	high := Lane{Extension: "a", Priority: 0, Library: uuid.UUID{1}}
	low := Lane{Extension: "b", Priority: 2, Library: uuid.UUID{1}}
	emptied := Lane{Extension: "c", Priority: 0, Library: uuid.UUID{2}}
	q.Push(emptied, 9)
	if lane, _, ok := q.Next(); !ok || lane != emptied {
		t.Fatalf("dealt %v", lane)
	}
	q.Push(high, 1)
	q.Push(high, 2)
	q.PushFront(high, 3)
	q.Push(low, 4)
	got := maps.Collect(q.Lanes())
	if diff := cmp.Diff(map[Lane]Waiting[int]{high: {3, 3}, low: {1, 4}}, got); diff != "" {
		t.Errorf("lanes (-want +got):\n%s", diff)
	}
	for range q.Lanes() {
		break
	}
}
