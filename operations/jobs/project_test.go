package jobs

import (
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/operations/store"
	"github.com/airlock-run/airlock/operations/store/storetest"
)

func TestRunBeforeItsJob(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, newURL func(testing.TB) string) {
		j := New(nil, storetest.Open(t, newURL(t)), nil)
		job := &bus.Job{ID: uuid.New(), Extension: "finance", Name: "re\x00ceipt", Priority: bus.Low, CreatedAt: time.Now().Add(-time.Hour)}
		started := time.Now()
		run := &bus.Run{
			Job: job.ID, Extension: "finance", Name: "re\x00ceipt", State: bus.StateDead, StartedAt: &started,
			Errors: []bus.Failure{{Error: "a\x00" + strings.Repeat("é", maxText)}},
		}
		// Revision 0 is that of a job without a record, so a record without one changes nothing that is there.
		for _, keep := range []func() error{
			func() error { return j.keepRun(t.Context(), run) },
			func() error { return j.keepJob(t.Context(), job) },
			func() error { return j.keepRun(t.Context(), &bus.Run{Job: job.ID, State: bus.StateRunning}) },
			func() error { return j.keepJob(t.Context(), job) },
		} {
			if err := keep(); err != nil {
				t.Fatal(err)
			}
		}
		got := read(t, j, job.ID)
		if got.State != bus.StateDead || got.Priority != bus.Low || got.Name != "receipt" || store.Micros(got.CreatedAt) != store.Micros(job.CreatedAt) {
			t.Errorf("job is %+v", got)
		}
		if !strings.HasPrefix(got.Error, "aé") || !strings.HasSuffix(got.Error, "é…") || len(got.Error) > maxText+len("…") {
			t.Errorf("error is %d bytes: %.20q…", len(got.Error), got.Error)
		}
	})
}

func TestSweep(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, newURL func(testing.TB) string) {
		j := New(nil, storetest.Open(t, newURL(t)), nil)
		old, recent, running := uuid.New(), uuid.New(), uuid.New()
		at := time.Now()
		before := at.Add(-time.Hour)
		long := at.Add(-2 * time.Hour)
		for id, finished := range map[uuid.UUID]*time.Time{old: &long, recent: &at, running: nil} {
			if err := j.keepRun(t.Context(), &bus.Run{Job: id, State: bus.StateCompleted, FinishedAt: finished}); err != nil {
				t.Fatal(err)
			}
			addCall(t, j, id, long)
		}
		addCall(t, j, uuid.Nil, long)
		addCall(t, j, uuid.Nil, at)
		if err := j.sweep(t.Context(), before); err != nil {
			t.Fatal(err)
		}
		for query, want := range map[string]int{
			`SELECT count(*) FROM jobs`:                                        2, // recent, running
			`SELECT count(*) FROM calls`:                                       3, // theirs, and the person's new one
			`SELECT count(*) FROM calls WHERE job_id = '` + old.String() + `'`: 0,
		} {
			if got := count(t, j, query); got != want {
				t.Errorf("%s: %d, want %d", query, got, want)
			}
		}
	})
}

func TestMadeAt(t *testing.T) {
	t.Parallel()
	started := time.Now().Add(-time.Minute)
	v7 := uuid.Must(uuid.NewV7())
	if got := madeAt(&bus.Run{Job: v7, StartedAt: &started}); time.Since(got).Abs() > 10*time.Second {
		t.Errorf("made at %v, want the time in the id", got)
	}
	if got := madeAt(&bus.Run{Job: uuid.New(), StartedAt: &started}); !got.Equal(started) {
		t.Errorf("made at %v, want when it started", got)
	}
}

func addCall(t *testing.T, j *Jobs, job uuid.UUID, at time.Time) {
	t.Helper()
	err := j.db.Write(t.Context(), func(tx *store.Tx) error {
		_, err := tx.Exec(t.Context(), `INSERT INTO calls (job_id, key, request_hash, created_at) VALUES ($1, $2, '', $3)`,
			job.String(), uuid.NewString(), store.Micros(at))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func count(t *testing.T, j *Jobs, query string) (n int) {
	t.Helper()
	if err := j.db.Read(t.Context(), func(tx *store.Tx) error { return tx.QueryRow(t.Context(), query).Scan(&n) }); err != nil {
		t.Fatal(err)
	}
	return n
}

func read(t *testing.T, j *Jobs, id uuid.UUID) (job Job) {
	t.Helper()
	err := j.db.Read(t.Context(), func(tx *store.Tx) (err error) {
		job, err = scanJob(tx.QueryRow(t.Context(), `SELECT `+jobColumns+` FROM jobs WHERE id = $1`, id.String()).Scan, time.Now())
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return job
}
