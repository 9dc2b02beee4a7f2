package fair

import (
	"encoding/binary"
	"fmt"
	"maps"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
)

// limits are those of extensions and libraries that are named; others have none.
type limits struct {
	extension map[string]int
	library   map[uuid.UUID]int
}

func (l limits) Extension(id string) int {
	if limit, ok := l.extension[id]; ok {
		return limit
	}
	return noLimits{}.Extension(id)
}

func (l limits) Library(id uuid.UUID) int {
	if limit, ok := l.library[id]; ok {
		return limit
	}
	return noLimits{}.Library(id)
}

// job is one that no other equals.
type job struct {
	lane Lane
	n    int
}

// tenant is a library in a priority.
type tenant struct {
	priority int
	library  uuid.UUID
}

// model is the queue as one writes it who has time: it looks at everything at each step.
type model struct {
	limits  limits
	lanes   map[Lane][]job
	began   []Lane
	running map[string]int
	library map[uuid.UUID]int
	// since is how many jobs each other library was dealt while a tenant had one that might have run all the while.
	since map[tenant]map[uuid.UUID]int
}

func (m *model) mayRun(l Lane) bool {
	return len(m.lanes[l]) > 0 && m.running[l.Extension] < m.limits.Extension(l.Extension) &&
		m.library[l.Library] < m.limits.Library(l.Library)
}

func (m *model) start(l Lane) {
	m.began = append(m.began, l)
	m.running[l.Extension]++
	m.library[l.Library]++
}

// tenants are those that have a job which may run.
func (m *model) tenants() map[tenant]bool {
	able := map[tenant]bool{}
	for l := range m.lanes {
		if m.mayRun(l) {
			able[tenant{l.Priority, l.Library}] = true
		}
	}
	return able
}

// watch forgets how long those have waited that have no job which may run.
func (m *model) watch() {
	able := m.tenants()
	maps.DeleteFunc(m.since, func(t tenant, _ map[uuid.UUID]int) bool { return !able[t] })
	for t := range able {
		if m.since[t] == nil {
			m.since[t] = map[uuid.UUID]int{}
		}
	}
}

// deal checks what the queue has dealt.
func (m *model) deal(from Lane, j job, ok bool) error {
	able := m.tenants()
	if !ok && len(able) == 0 {
		return nil
	}
	if !ok {
		return fmt.Errorf("nothing is dealt though jobs may run: %v", able)
	}
	if j.lane != from || !m.mayRun(from) || m.lanes[from][0] != j {
		return fmt.Errorf("%v is dealt of %v, where %v wait and may run: %v", j, from, m.lanes[from], m.mayRun(from))
	}
	m.lanes[from] = m.lanes[from][1:]
	m.start(from)
	dealt := tenant{from.Priority, from.Library}
	delete(m.since, dealt)
	for t, others := range m.since {
		if t.priority != dealt.priority {
			continue
		}
		others[dealt.library]++
		if others[dealt.library] > 2 {
			return fmt.Errorf("%v is dealt %d jobs while %v waits for one", dealt, others[dealt.library], t)
		}
	}
	return nil
}

// exercise does to a queue and to the model what choose chooses, which answers a number below the one it is given, and false
// when it is over.
func exercise(choose func(n int) (int, bool)) error {
	pick := func(n int) int { i, _ := choose(n); return i }
	lim := limits{extension: map[string]int{}, library: map[uuid.UUID]int{}}
	extensions := make([]string, 1+pick(6))
	for i := range extensions {
		extensions[i] = fmt.Sprint("e", i)
		if limit := pick(6); limit < 5 {
			lim.extension[extensions[i]] = limit
		}
	}
	libraries := make([]uuid.UUID, 1+pick(8))
	for i := range libraries {
		libraries[i] = uuid.UUID{byte(i + 1)}
		if limit := pick(8); limit < 4 {
			lim.library[libraries[i]] = limit
		}
	}
	q := New[job](lim)
	m := &model{
		limits: lim, lanes: map[Lane][]job{}, running: map[string]int{}, library: map[uuid.UUID]int{},
		since: map[tenant]map[uuid.UUID]int{},
	}
	somewhere := func() Lane {
		return Lane{extensions[pick(len(extensions))], pick(priorities), libraries[pick(len(libraries))]}
	}
	for n := 0; ; n++ {
		what, ok := choose(16)
		if !ok {
			return drain(q, m)
		}
		switch what {
		case 0, 1, 2, 3:
			j := job{somewhere(), n}
			q.Push(j.lane, j)
			m.lanes[j.lane] = append(m.lanes[j.lane], j)
		case 4:
			j := job{somewhere(), n}
			q.PushFront(j.lane, j)
			m.lanes[j.lane] = append([]job{j}, m.lanes[j.lane]...)
		case 5, 6, 7, 8:
			if err := m.deal(q.Next()); err != nil {
				return fmt.Errorf("step %d: %w", n, err)
			}
		case 9, 10, 11:
			if len(m.began) > 0 {
				m.done(q, pick(len(m.began)))
			}
		case 12:
			l := somewhere()
			q.Began(l)
			m.start(l)
		case 13:
			id := extensions[pick(len(extensions))]
			lim.extension[id] = pick(6) - 1
			q.Changed(id)
		case 14:
			id := libraries[pick(len(libraries))]
			lim.library[id] = pick(6) - 1
			q.ChangedLibrary(id)
		case 15:
			lim.extension[extensions[pick(len(extensions))]] = pick(6)
			lim.library[libraries[pick(len(libraries))]] = pick(6)
			q.ChangedAll()
		}
		m.watch()
		if err := m.compare(q); err != nil {
			return fmt.Errorf("step %d: %w", n, err)
		}
	}
}

func (m *model) done(q *Queue[job], i int) {
	l := m.began[i]
	m.began = append(m.began[:i], m.began[i+1:]...)
	m.running[l.Extension]--
	m.library[l.Library]--
	q.Done(l.Extension, l.Library)
}

// compare compares what can be seen of the queue.
func (m *model) compare(q *Queue[job]) error {
	extensions, lanes, waiting := map[string]Counts{}, map[Lane]Waiting[job]{}, 0
	for l, jobs := range m.lanes {
		if len(jobs) > 0 {
			c := extensions[l.Extension]
			c.Waiting += len(jobs)
			extensions[l.Extension] = c
			lanes[l] = Waiting[job]{len(jobs), jobs[0]}
			waiting += len(jobs)
		}
	}
	for id, n := range m.running {
		if c := extensions[id]; n > 0 {
			c.Running = n
			extensions[id] = c
		}
	}
	got := maps.Collect(q.Extensions())
	if q.Len() != waiting || !maps.Equal(got, extensions) || !maps.Equal(maps.Collect(q.Lanes()), lanes) {
		return fmt.Errorf("%d wait, want %d; extensions and lanes (-want +got):\n%s%s", q.Len(), waiting,
			cmp.Diff(extensions, got), cmp.Diff(lanes, maps.Collect(q.Lanes()), cmp.AllowUnexported(job{})))
	}
	return nil
}

// drain lifts all limits, has everything run, and looks whether something is left.
func drain(q *Queue[job], m *model) error {
	clear(m.limits.extension)
	clear(m.limits.library)
	q.ChangedAll()
	m.watch()
	for q.Len() > 0 {
		if err := m.deal(q.Next()); err != nil {
			return fmt.Errorf("drain: %w", err)
		}
		m.watch()
	}
	for len(m.began) > 0 {
		m.done(q, 0)
	}
	for l, jobs := range m.lanes {
		if len(jobs) > 0 {
			return fmt.Errorf("of %v these are lost: %v", l, jobs)
		}
	}
	q.Next() // the rounds in which the last were dealt are over
	return empty(q)
}

// empty says what a queue keeps that has no job.
func empty[J any](q *Queue[J]) error {
	if len(q.lanes)+len(q.extensions)+len(q.libraries) > 0 {
		return fmt.Errorf("%d lanes, %d extensions, %d libraries are kept", len(q.lanes), len(q.extensions), len(q.libraries))
	}
	for i := range q.classes {
		c := &q.classes[i]
		if !c.current.empty() || !c.next.empty() || !c.opened.empty() || !c.later.empty() {
			return fmt.Errorf("something is kept of priority %d", i)
		}
	}
	return nil
}

// The queue deals what the model may deal, in the order of each lane; something whenever the model has something; and no library
// more than two jobs while another waits for one.
func TestQueueIsTheModel(t *testing.T) {
	t.Parallel()
	for seed := range uint64(100) {
		r := rand.New(rand.NewPCG(seed, 1))
		steps := 0
		err := exercise(func(n int) (int, bool) {
			steps++
			return r.IntN(n), steps < 1000
		})
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
	}
}

func FuzzQueue(f *testing.F) {
	for seed := range uint64(8) {
		r := rand.New(rand.NewPCG(seed, 2))
		var data []byte
		for range 100 {
			data = binary.LittleEndian.AppendUint64(data, r.Uint64())
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		data = data[:min(len(data), 4096)]
		err := exercise(func(n int) (int, bool) {
			if len(data) == 0 {
				return 0, false
			}
			i := int(data[0]) % n
			data = data[1:]
			return i, true
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}
