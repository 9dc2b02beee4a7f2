package jobs

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/operations/store"
	"github.com/airlock-run/airlock/operations/store/storetest"
)

// crowd keeps some hundred jobs of all kinds and states, and returns them newest first.
func crowd(t *testing.T, k *keeper) []Job {
	t.Helper()
	random := rand.New(rand.NewPCG(3, 4))
	now := time.Now()
	libraries, parents := []uuid.UUID{uuid.New(), uuid.New(), uuid.New()}, []uuid.UUID{uuid.New(), uuid.New()}
	var changes []*bus.Change
	for i := range 240 {
		c := &bus.Change{
			Job: uuid.New(), Extension: fmt.Sprintf("e%d", random.IntN(3)), Name: fmt.Sprintf("j%d", random.IntN(2)),
			Library: libraries[random.IntN(len(libraries))], CreatedAt: now.Add(-time.Duration(i) * time.Minute), Version: 2,
			State: states[random.IntN(len(states))],
		}
		if random.IntN(4) == 0 {
			c.State = bus.StateCompleted
		}
		if random.IntN(5) == 0 {
			c.Parent = parents[random.IntN(2)]
		}
		if c.State == bus.StateScheduled {
			c.Due = now.Add(time.Duration(random.IntN(3)-1) * time.Hour)
		}
		changes = append(changes, c)
	}
	keepOne(t, k, changes...)
	keepOne(t, k, &bus.Change{Job: uuid.New(), Version: 2, Deleted: true})
	var jobs []Job
	for _, c := range changes {
		job := jobOf(c, now)
		job.Due, job.StartedAt, job.FinishedAt = store.Time(store.Micros(job.Due)), time.Time{}, time.Time{}
		jobs = append(jobs, job)
	}
	slices.SortFunc(jobs, func(a, b Job) int { return b.CreatedAt.Compare(a.CreatedAt) })
	return jobs
}

// combinations are all combinations of filters that find something among jobs, and some that do not.
func combinations(jobs []Job) (requests []ListRequest) {
	from, to := jobs[180].CreatedAt, jobs[50].CreatedAt
	parent := jobs[slices.IndexFunc(jobs, func(j Job) bool { return j.Parent != uuid.Nil })].Parent
	for _, extension := range []string{"", "e1", "none"} {
		for _, name := range []string{"", "j1"} {
			for _, library := range []string{"", jobs[0].Library.String()} {
				for _, parent := range []string{"", parent.String()} {
					for _, state := range append([]bus.State{""}, states...) {
						for _, in := range []ListRequest{{}, {CreatedAfter: &from}, {CreatedBefore: &to}, {CreatedAfter: &from, CreatedBefore: &to}} {
							in.Extension, in.Name, in.Library, in.Parent, in.State = extension, name, library, parent, state
							requests = append(requests, in)
						}
					}
				}
			}
		}
	}
	return requests
}

func (in ListRequest) matches(job Job) bool {
	return (in.State == "" || in.State == job.State) && (in.Extension == "" || in.Extension == job.Extension) &&
		(in.Name == "" || in.Name == job.Name) && (in.Library == "" || in.Library == job.Library.String()) &&
		(in.Parent == "" || in.Parent == job.Parent.String()) &&
		(in.CreatedAfter == nil || !job.CreatedAt.Before(*in.CreatedAfter)) && (in.CreatedBefore == nil || job.CreatedAt.Before(*in.CreatedBefore))
}

func TestEveryCombinationOfFilters(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, newURL func(testing.TB) string) {
		k := newTestKeeper(t, newURL(t))
		jobs := crowd(t, k)
		for name, b := range map[string]bounds{
			"as they are":           pageBounds,
			"pages that end early":  {legs: 200, looks: []int{8, 24}},
			"too many kinds to try": {legs: 1, looks: []int{8, 64}},
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				for _, in := range combinations(jobs) {
					want := []Job{}
					for _, job := range jobs {
						if in.matches(job) {
							want = append(want, job)
						}
					}
					in.Limit = 25
					if diff := gocmp.Diff(want, pages(t, k.list, in, b)); diff != "" {
						t.Fatalf("%+v (-want +got):\n%s", in, diff)
					}
				}
			})
		}
	})
}

// pages are the jobs of all pages, none of which has more than its limit.
func pages(t *testing.T, db *store.DB, in ListRequest, b bounds) []Job {
	t.Helper()
	jobs := []Job{}
	for {
		f, err := in.filter(db, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		f.bounds = b
		var page ListResponse
		err = db.Read(t.Context(), func(tx *store.Tx) (err error) {
			page, err = f.page(t.Context(), tx)
			return err
		})
		if err != nil || len(page.Jobs) > in.Limit || page.Jobs == nil {
			t.Fatalf("%+v: page of %d, %v", in, len(page.Jobs), err)
		}
		jobs = append(jobs, page.Jobs...)
		if page.Next == in.After && in.After != "" {
			t.Fatalf("%+v: the next page is this one", in)
		}
		if in.After = page.Next; in.After == "" {
			return jobs
		}
	}
}

func TestPagesUseIndexes(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, newURL func(testing.TB) string) {
		k := newTestKeeper(t, newURL(t))
		for _, in := range combinations(crowd(t, k)) {
			f, err := in.filter(k.list, time.Now())
			if err != nil {
				t.Fatal(err)
			}
			err = k.list.Read(t.Context(), func(tx *store.Tx) error {
				if err := steer(t.Context(), k.list, tx); err != nil {
					return err
				}
				var ids []int64
				if len(f.kind) > 0 {
					if ids, _, err = f.kinds(t.Context(), tx); err != nil || len(ids) == 0 {
						return err
					}
				}
				for _, s := range f.sources(ids, true) {
					w := &walk{source: s, high: f.high}
					query, args := f.horizonQuery(w, 10)
					checkPlan(t, k.list, tx, query, args)
					query, args = f.walkQuery(w, f.low)
					checkPlan(t, k.list, tx, query, args)
				}
				return nil
			})
			if err != nil {
				t.Fatalf("%+v: %v", in, err)
			}
		}
	})
}

// checkPlan fails when a statement would read the table of jobs, or one of its indexes, as a whole.
func checkPlan(t *testing.T, db *store.DB, tx *store.Tx, query string, args []any) {
	t.Helper()
	explain := "EXPLAIN QUERY PLAN "
	if db.Dialect() == store.PostgreSQL {
		explain = "EXPLAIN "
	}
	var plan []string
	err := tx.Query(t.Context(), func(scan func(...any) error) error {
		var line string
		var a, b, c int
		into := []any{&line}
		if db.Dialect() == store.SQLite {
			into = []any{&a, &b, &c, &line}
		}
		err := scan(into...)
		plan = append(plan, line)
		return err
	}, explain+query, args...)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	for _, line := range plan {
		if strings.Contains(line, "SCAN jobs") || strings.Contains(line, "Seq Scan on jobs") || strings.Contains(line, "Bitmap") {
			t.Fatalf("%s\nreads all jobs:\n%s", query, strings.Join(plan, "\n"))
		}
	}
	if !slices.ContainsFunc(plan, func(line string) bool { return strings.Contains(line, "jobs") }) {
		t.Fatalf("the plan does not say how jobs are found:\n%s", strings.Join(plan, "\n"))
	}
}

func TestPagesAreOrderedByPlace(t *testing.T) {
	t.Parallel()
	k := newTestKeeper(t, storetest.SQLite(t))
	jobs := crowd(t, k)
	got := pages(t, k.list, ListRequest{Limit: 7, State: bus.StateCompleted, Extension: "e1"}, pageBounds)
	if !slices.IsSortedFunc(got, func(a, b Job) int { return cmp.Compare(b.CreatedAt.UnixMicro(), a.CreatedAt.UnixMicro()) }) || len(got) == 0 {
		t.Errorf("%d of %d jobs are not newest first", len(got), len(jobs))
	}
}
