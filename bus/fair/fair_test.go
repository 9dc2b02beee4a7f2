package fair

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/google/uuid"
)

type limits struct {
	extension map[string]int
	library   int
}

func (l limits) Extension(id string) int { return l.extension[id] }
func (l limits) Library(uuid.UUID) int   { return l.library }

type job struct {
	lane Lane
	n    int
}

// model is the queue as one would write it who has time.
type model struct {
	limits  *limits
	lanes   map[Lane][]job
	running map[string]int
	library map[uuid.UUID]int
}

func (m *model) mayRun(l Lane) bool {
	return len(m.lanes[l]) > 0 && m.running[l.Extension] < m.limits.extension[l.Extension] && m.library[l.Library] < m.limits.library
}

func (m *model) any() bool {
	for l := range m.lanes {
		if m.mayRun(l) {
			return true
		}
	}
	return false
}

func exercise(t *testing.T, seed uint64, steps int) {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 1))
	lim := &limits{extension: map[string]int{}, library: 1 + r.IntN(4)}
	extensions := make([]string, 1+r.IntN(5))
	for i := range extensions {
		extensions[i] = fmt.Sprint("e", i)
		lim.extension[extensions[i]] = r.IntN(4)
	}
	libraries := make([]uuid.UUID, 1+r.IntN(6))
	for i := range libraries {
		libraries[i] = uuid.UUID{byte(i + 1)}
	}
	q := New[job](lim)
	m := &model{limits: lim, lanes: map[Lane][]job{}, running: map[string]int{}, library: map[uuid.UUID]int{}}
	var running []Lane
	pick := func() Lane {
		return Lane{extensions[r.IntN(len(extensions))], r.IntN(3), libraries[r.IntN(len(libraries))]}
	}
	for n := range steps {
		switch r.IntN(10) {
		case 0, 1, 2:
			j := job{pick(), n}
			q.Push(j.lane, j)
			m.lanes[j.lane] = append(m.lanes[j.lane], j)
		case 3:
			j := job{pick(), n}
			q.PushFront(j.lane, j)
			m.lanes[j.lane] = append([]job{j}, m.lanes[j.lane]...)
		case 4, 5, 6:
			lane, j, ok := q.Next()
			if ok != m.any() {
				t.Fatalf("seed %d step %d: Next answers %v, and that a job may run is %v", seed, n, ok, m.any())
			}
			if !ok {
				continue
			}
			if !m.mayRun(lane) || m.lanes[lane][0] != j || j.lane != lane {
				t.Fatalf("seed %d step %d: dealt %v of %v, want %v (may run: %v)", seed, n, j, lane, m.lanes[lane], m.mayRun(lane))
			}
			m.lanes[lane] = m.lanes[lane][1:]
			m.running[lane.Extension]++
			m.library[lane.Library]++
			running = append(running, lane)
		case 7, 8:
			if len(running) == 0 {
				continue
			}
			i := r.IntN(len(running))
			l := running[i]
			running = append(running[:i], running[i+1:]...)
			m.running[l.Extension]--
			m.library[l.Library]--
			q.Done(l.Extension, l.Library)
		case 9:
			switch r.IntN(3) {
			case 0:
				id := extensions[r.IntN(len(extensions))]
				lim.extension[id] = r.IntN(5)
				q.Changed(id)
			case 1:
				l := pick()
				q.Began(l)
				m.running[l.Extension]++
				m.library[l.Library]++
				running = append(running, l)
			case 2:
				lim.library = 1 + r.IntN(5)
				q.ChangedAll()
			}
		}
		waiting := 0
		for _, jobs := range m.lanes {
			waiting += len(jobs)
		}
		if q.Len() != waiting {
			t.Fatalf("seed %d step %d: %d wait, want %d", seed, n, q.Len(), waiting)
		}
	}
}

// The queue deals what the model may deal, in the order of each lane, whatever is done to it.
func TestQueueIsTheModel(t *testing.T) {
	t.Parallel()
	for seed := range uint64(2000) {
		exercise(t, seed, 300)
	}
}

func FuzzQueue(f *testing.F) {
	f.Add(uint64(1))
	f.Fuzz(func(t *testing.T, seed uint64) { exercise(t, seed, 1000) })
}

func unlimited() limits {
	return limits{extension: map[string]int{"e": 1 << 30, "f": 1 << 30}, library: 1 << 30}
}

func TestOneJobIsNotBehindAHundredThousand(t *testing.T) {
	t.Parallel()
	q := New[int](unlimited())
	many, one := uuid.New(), uuid.New()
	for i := range 100_000 {
		q.Push(Lane{"e", 1, many}, i)
	}
	for range 1000 {
		q.Next()
	}
	q.Push(Lane{"e", 1, one}, -1)
	for n := range 2 {
		if _, j, _ := q.Next(); j == -1 {
			return
		} else if n == 1 {
			t.Error("the single job of a library was not among the next two")
		}
	}
}

func TestPrioritiesShare(t *testing.T) {
	t.Parallel()
	q := New[int](unlimited())
	for i := range 30_000 {
		q.Push(Lane{"e", i % 3, uuid.UUID{byte(i % 7)}}, 0)
	}
	var dealt [3]int
	for range 2100 {
		lane, _, _ := q.Next()
		dealt[lane.Priority]++
	}
	if dealt != [3]int{1600, 400, 100} {
		t.Errorf("dealt %v of high, normal and low, want 16 to 4 to 1", dealt)
	}
}

// What is not used any more is not kept.
func TestNothingLeaks(t *testing.T) {
	t.Parallel()
	q := New[int](limits{extension: map[string]int{"e": 2}, library: 1})
	for range 1000 {
		l := Lane{"e", 1, uuid.New()}
		q.Push(l, 1)
		q.Push(l, 2)
		for range 2 {
			if _, _, ok := q.Next(); !ok {
				t.Fatal("nothing is dealt")
			}
			q.Next()
			q.Done(l.Extension, l.Library)
		}
	}
	if len(q.libraries)+len(q.extensions)+len(q.classes[1].shares) != 0 {
		t.Errorf("%d libraries, %d extensions, %d shares are left", len(q.libraries), len(q.extensions), len(q.classes[1].shares))
	}
}

func BenchmarkQueue(b *testing.B) {
	for name, c := range map[string]struct{ extensions, libraries, limit int }{
		"one lane":                                 {1, 1, 1 << 30},
		"50 extensions, 200 libraries, 10 each":    {50, 200, 10},
		"10,000 libraries, one extension at limit": {1, 10_000, 10},
	} {
		b.Run(name, func(b *testing.B) {
			lim := limits{extension: map[string]int{}, library: 1 << 30}
			q := New[[4]uint64](lim)
			libraries := make([]uuid.UUID, c.libraries)
			for i := range libraries {
				libraries[i] = uuid.New()
			}
			for i := range c.extensions {
				id := fmt.Sprint("e", i)
				lim.extension[id] = c.limit
				for _, library := range libraries {
					l := Lane{id, 1, library}
					for range 3 {
						q.Push(l, [4]uint64{})
					}
				}
			}
			running := make([]Lane, 0, 1000)
			for range min(1000, c.limit*c.extensions) {
				l, _, ok := q.Next()
				if !ok {
					break
				}
				running = append(running, l)
			}
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				l := running[i%len(running)]
				q.Done(l.Extension, l.Library)
				q.Push(l, [4]uint64{})
				next, _, ok := q.Next()
				if !ok {
					b.Fatal("nothing is dealt")
				}
				running[i%len(running)] = next
				i++
			}
		})
	}
}
