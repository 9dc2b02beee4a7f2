package jobs

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/bus/bustest"
	"github.com/airlock-run/airlock/operations/store"
	"github.com/airlock-run/airlock/operations/store/storetest"
)

func newTestKeeper(tb testing.TB, url string) *keeper {
	tb.Helper()
	list, err := storetest.Open(tb, url).JobList(tb.Context())
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = list.Close() })
	k, err := newKeeper(tb.Context(), list)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = k.close() })
	if err := k.begin(tb.Context()); err != nil {
		tb.Fatal(err)
	}
	return k
}

// keepOne keeps changes in one batch.
func keepOne(tb testing.TB, k *keeper, changes ...*bus.Change) {
	tb.Helper()
	batch := &bus.Changes{All: changes, Position: bus.Position{Jobs: k.position.Jobs + 1, Runs: k.position.Runs}}
	if err := k.keep(tb.Context(), batch); err != nil {
		tb.Fatal(err)
	}
}

func keptOf(tb testing.TB, k *keeper, id uuid.UUID) *keptJob {
	tb.Helper()
	kept, err := (&Jobs{list: k.list}).kept(tb.Context(), id)
	if err != nil {
		tb.Fatal(err)
	}
	return kept
}

// lifeOf are the changes of a job that fails, is retried by a person and completes.
func lifeOf() []*bus.Change {
	message := &bus.Change{
		Job: uuid.New(), Extension: "finance", Name: "re\x00ceipt", Library: uuid.New(), Priority: bus.Low, Parent: uuid.New(),
		CreatedAt: time.Now().Add(-time.Hour).UTC().Truncate(time.Microsecond), Version: 1, State: bus.StateAvailable, Details: []byte(`{"input":1}`),
	}
	change := func(version uint64, state bus.State) *bus.Change {
		c := *message
		c.Version, c.State, c.Details = version, state, nil
		return &c
	}
	running, dead := change(2*5, bus.StateRunning), change(2*9, bus.StateDead)
	running.Attempt, running.Progress, running.Message = 1, 0.5, "half\x00way"
	dead.Error, dead.FinishedAt = "a\x00"+strings.Repeat("é", maxText), time.Now()
	again := change(2*9+1, bus.StateAvailable)
	again.Details = []byte(`{"input":2}`)
	return []*bus.Change{message, running, dead, again, change(2*12, bus.StateCompleted)}
}

func TestNewestChangeHolds(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, newURL func(testing.TB) string) {
		k := newTestKeeper(t, newURL(t))
		for name, tt := range map[string]struct {
			// batches are indexes of a life.
			batches [][]int
			want    bus.State
		}{
			"in order, one by one":         {[][]int{{0}, {1}, {2}}, bus.StateDead},
			"in order, together":           {[][]int{{0, 1, 2}}, bus.StateDead},
			"the record before the job":    {[][]int{{2}, {0}}, bus.StateDead},
			"an old record late":           {[][]int{{2}, {1}, {0}}, bus.StateDead},
			"backwards, together":          {[][]int{{2, 1, 0}}, bus.StateDead},
			"twice":                        {[][]int{{0, 1, 2}, {0, 1, 2}}, bus.StateDead},
			"retried":                      {[][]int{{0, 1, 2, 3}}, bus.StateAvailable},
			"retried, told before it died": {[][]int{{0}, {3}, {2}}, bus.StateAvailable},
			"retried and completed":        {[][]int{{4}, {0, 1, 3}, {2}}, bus.StateCompleted},
		} {
			t.Run(name, func(t *testing.T) {
				life := lifeOf()
				for _, batch := range tt.batches {
					var changes []*bus.Change
					for _, i := range batch {
						changes = append(changes, life[i])
					}
					keepOne(t, k, changes...)
				}
				got := keptOf(t, k, life[0].Job)
				if got == nil || got.job.State != tt.want {
					t.Fatalf("job is %+v, want it %s", got, tt.want)
				}
				if diff := cmp.Diff([]any{"finance", "receipt", life[0].Library, life[0].Parent, bus.Low, life[0].CreatedAt},
					[]any{got.job.Extension, got.job.Name, got.job.Library, got.job.Parent, got.job.Priority, got.job.CreatedAt}); diff != "" {
					t.Error(diff)
				}
				if e := got.job.Error; tt.want == bus.StateDead && (!strings.HasPrefix(e, "aé") || !strings.HasSuffix(e, "é…") || len(e) > maxText+len("…")) {
					t.Errorf("error is %d bytes: %.20q…", len(e), e)
				}
			})
		}
	})
}

func TestDeletedJobStaysAway(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, newURL func(testing.TB) string) {
		for name, together := range map[string]bool{"together": true, "one by one": false} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				k := newTestKeeper(t, newURL(t))
				life := lifeOf()
				deleted := &bus.Change{Job: life[0].Job, Version: 2 * 20, Deleted: true}
				changes := append([]*bus.Change{deleted}, life...)
				if together {
					keepOne(t, k, changes...)
				} else {
					for _, c := range changes {
						keepOne(t, k, c)
					}
				}
				if got := keptOf(t, k, life[0].Job); got != nil {
					t.Errorf("a deleted job is shown: %+v", got)
				}
				for _, in := range []ListRequest{{}, {Extension: "finance"}, {State: bus.StateCompleted}, {Parent: life[0].Parent.String()}} {
					if page, err := list(t.Context(), k.list, in, time.Now()); err != nil || len(page.Jobs) != 0 {
						t.Errorf("%+v lists %+v, %v", in, page.Jobs, err)
					}
				}
				// A job with the same id that was submitted after that is another one.
				anew := *life[4]
				anew.Version = 2 * 30
				keepOne(t, k, &anew)
				if page, err := list(t.Context(), k.list, ListRequest{Extension: "finance"}, time.Now()); err != nil || len(page.Jobs) != 1 {
					t.Errorf("the new job is not listed: %+v, %v", page.Jobs, err)
				}
			})
		}
	})
}

func TestJobsOfOneMicrosecond(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, newURL func(testing.TB) string) {
		k := newTestKeeper(t, newURL(t))
		at := time.Now().UTC().Truncate(time.Second)
		ids := map[uuid.UUID]bool{}
		for range 2 { // the second batch finds the places of the first taken
			var changes []*bus.Change
			for range 300 {
				id := uuid.UUID{15: 7}
				copy(id[:8], uuid.NewString())
				ids[id] = true
				changes = append(changes, &bus.Change{Job: id, Extension: "x", Name: "y", CreatedAt: at, Version: 1, State: bus.StateAvailable})
			}
			keepOne(t, k, changes...)
			keepOne(t, k, changes...)
		}
		seen := map[uuid.UUID]bool{}
		for _, job := range all(t, k.list, ListRequest{Limit: 70}) {
			if !job.CreatedAt.Equal(at) || seen[job.ID] {
				t.Errorf("job %s of %s is wrong or twice in the list", job.ID, job.CreatedAt)
			}
			seen[job.ID] = true
		}
		if diff := cmp.Diff(ids, seen); diff != "" {
			t.Error(diff)
		}
	})
}

// all are the jobs of all pages.
func all(t *testing.T, db *store.DB, in ListRequest) (jobs []Job) {
	t.Helper()
	for {
		page, err := list(t.Context(), db, in, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		jobs = append(jobs, page.Jobs...)
		if in.After = page.Next; in.After == "" {
			return jobs
		}
	}
}

func TestOneProcessWrites(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, newURL func(testing.TB) string) {
		url := newURL(t)
		first, second := newTestKeeper(t, url), newTestKeeper(t, url)
		life := lifeOf()
		keepOne(t, first, life[0])
		err := second.keep(t.Context(), &bus.Changes{All: life[1:2], Position: bus.Position{Jobs: 7}})
		if !errors.Is(err, errMoved) {
			t.Fatalf("error is %v, want errMoved", err)
		}
		if err := second.look(t.Context()); !errors.Is(err, errMoved) {
			t.Errorf("looking finds %v, want errMoved", err)
		}
		if got := keptOf(t, second, life[0].Job); got.job.State != bus.StateAvailable {
			t.Errorf("job is %s: the batch was written in part", got.job.State)
		}
		if err := second.begin(t.Context()); err != nil || second.position != first.position {
			t.Fatalf("position is %+v, want %+v (%v)", second.position, first.position, err)
		}
		keepOne(t, second, life[1])
		if err := first.look(t.Context()); !errors.Is(err, errMoved) {
			t.Errorf("looking finds %v, want errMoved", err)
		}
	})
}

func TestManyKinds(t *testing.T) {
	t.Parallel()
	k := newTestKeeper(t, storetest.SQLite(t))
	for i := range maxKinds + 10 { // as if they had been kept
		k.kinds[kind{extension: strconv.Itoa(i)}] = int64(i) + 1<<40
	}
	life := lifeOf()
	keepOne(t, k, life[0])
	if len(k.kinds) != 1 || keptOf(t, k, life[0].Job) == nil {
		t.Errorf("%d kinds are remembered, want 1 and the job kept", len(k.kinds))
	}
}

func TestSweep(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, newURL func(testing.TB) string) {
		k, conn := newTestKeeper(t, newURL(t)), bustest.New(t)
		now := time.Now()
		var want []string
		var changes []*bus.Change
		for _, state := range states {
			for days := range 40 {
				c := &bus.Change{
					Job: uuid.New(), Extension: "x", Name: fmt.Sprintf("%s-%d", state, days), Version: 2, State: state,
					CreatedAt: now.Add(-41 * 24 * time.Hour), Due: now.Add(time.Hour), Details: []byte(`{}`),
				}
				kept := true
				if state.Ended() {
					c.FinishedAt = now.Add(-time.Duration(days)*24*time.Hour - time.Hour)
					kept = time.Duration(days)*24*time.Hour+time.Hour < conn.Retention(state)
				}
				if kept {
					want = append(want, c.Name)
				}
				changes = append(changes, c)
			}
		}
		keepOne(t, k, changes...)
		if err := (&Jobs{conn: conn, list: k.list}).sweep(t.Context(), now); err != nil {
			t.Fatal(err)
		}
		got := map[string]bool{}
		for _, job := range all(t, k.list, ListRequest{}) {
			got[job.Name] = true
		}
		for _, name := range want {
			if !got[name] {
				t.Errorf("%s is gone", name)
			}
		}
		if len(got) != len(want) {
			t.Errorf("%d jobs are left, want %d", len(got), len(want))
		}
		if n := count(t, k.list, `SELECT count(*) FROM job_details`); n != len(want) {
			t.Errorf("details of %d jobs are left, want %d", n, len(want))
		}
	})
}

func TestSweepCalls(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, newURL func(testing.TB) string) {
		server := bustest.Start(t)
		db := storetest.Open(t, newURL(t))
		k := newTestKeeper(t, newURL(t))
		now := time.Now()
		gone, listed, recorded, recent := uuid.New(), uuid.New(), uuid.New(), uuid.New()
		keepOne(t, k, &bus.Change{Job: listed, Extension: "x", Name: "y", Version: 1, State: bus.StateAvailable})
		j := &Jobs{conn: bustest.Connect(t, server), db: db, list: k.list}
		bustest.PutRun(t, server, &bus.Run{Job: recorded, State: bus.StateRunning})
		tick := time.NewTicker(time.Millisecond)
		defer tick.Stop()
		for range tick.C {
			if _, err := j.conn.Run(t.Context(), recorded); err == nil {
				break
			}
			if err := t.Context().Err(); err != nil {
				t.Fatal(err)
			}
		}
		for job, at := range map[uuid.UUID]time.Time{
			gone: now.Add(-2 * time.Hour), listed: now.Add(-2 * time.Hour), recorded: now.Add(-2 * time.Hour), recent: now,
		} {
			addCall(t, db, job, at)
		}
		addCall(t, db, gone, now)
		if err := j.sweepCalls(t.Context(), now.Add(-time.Hour)); err != nil {
			t.Fatal(err)
		}
		for job, want := range map[uuid.UUID]int{gone: 1, listed: 1, recorded: 1, recent: 1} {
			if got := count(t, db, `SELECT count(*) FROM calls WHERE job_id = '`+job.String()+`'`); got != want {
				t.Errorf("%d calls of %s are left, want %d", got, job, want)
			}
		}
	})
}

func addCall(t *testing.T, db *store.DB, job uuid.UUID, at time.Time) {
	t.Helper()
	err := db.Write(t.Context(), func(tx *store.Tx) error {
		_, err := tx.Exec(t.Context(), `INSERT INTO calls (job_id, key, request_hash, created_at) VALUES ($1, $2, '', $3)`,
			job.String(), uuid.NewString(), store.Micros(at))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func count(t *testing.T, db *store.DB, query string) (n int) {
	t.Helper()
	if err := db.Read(t.Context(), func(tx *store.Tx) error { return tx.QueryRow(t.Context(), query).Scan(&n) }); err != nil {
		t.Fatal(err)
	}
	return n
}
