package bus_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/bus/bustest"
)

// restored makes a new server with what a backup has.
func restored(t *testing.T, dir string) (*bus.Conn, bus.Mended) {
	t.Helper()
	conn, err := bus.Connect(bus.Config{Server: bustest.Start(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Close)
	mended, err := conn.RestoreStreams(t.Context(), dir)
	if err != nil {
		t.Fatalf("restore: %v", err)
	}
	if err := conn.Setup(t.Context()); err != nil {
		t.Fatalf("set up: %v", err)
	}
	return conn, mended
}

// backUp takes a backup, and does something between RUNS and what is copied after it.
func backUp(t *testing.T, conn *bus.Conn, meanwhile func()) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "streams")
	_, err := conn.Backup(t.Context(), dir, func(context.Context) error {
		meanwhile()
		return nil
	})
	if err != nil {
		t.Fatalf("back up: %v", err)
	}
	return dir
}

func nothing() {}

// What waits in whichever way goes on after a restore, and what is over stays so.
func TestRestoredJobsGoOn(t *testing.T) {
	t.Parallel()
	server := bustest.Start(t)
	conn := bustest.Connect(t, server)
	library := uuid.New()
	waiting, delayed, tried := jobs(1, "x", library)[0], jobs(1, "x", library)[0], jobs(1, "x", library)[0]
	over, dead, large := jobs(1, "x", library)[0], jobs(1, "x", library)[0], jobs(1, "x", library)[0]
	large.Input, _ = json.Marshal(make([]byte, bus.InlineInput))
	due := time.Now().Add(8 * time.Second)
	delayed.Due = &due
	stop := bustest.Deal(t, conn, bus.DealerConfig{})
	attempts := make(chan *bus.Attempt, 10)
	leave := work(t, conn, "w1", 8, func(a *bus.Attempt) { attempts <- a })
	enqueueAll(t, conn, []*bus.Job{tried, over, dead})
	for range 3 {
		switch a := next(t, attempts, again); a.Job.ID {
		case tried.ID: // it runs while the backup is taken
			if err := a.Save(t.Context(), &bus.Checkpoint{State: []byte("so far"), At: time.Now(), Calls: map[string]uint32{"h": 7}}, bus.Report{}); err != nil {
				t.Fatal(err)
			}
		case over.ID:
			end(t, a)
		case dead.ID:
			fail := failure("for good")
			if err := a.End(t.Context(), bus.Outcome{State: bus.StateDead, Failure: &fail}); err != nil {
				t.Fatal(err)
			}
		}
	}
	enqueueAll(t, conn, []*bus.Job{delayed})
	if err := conn.PauseExtension(t.Context(), "none"); err != nil {
		t.Fatal(err)
	}
	digest, err := conn.PutContent(t.Context(), library, []byte("content"))
	if err != nil {
		t.Fatal(err)
	}
	if err := conn.AddRecurring(t.Context(), &bus.Recurring{Name: "often", Spec: "@every 1s", Extension: "y", Job: "job", Library: library}); err != nil {
		t.Fatal(err)
	}
	stop()
	enqueueAll(t, conn, []*bus.Job{waiting, large})
	dir := backUp(t, conn, nothing)
	before, err := conn.Run(t.Context(), dead.ID)
	if err != nil {
		t.Fatal(err)
	}
	leave()
	server.Stop()

	conn, mended := restored(t, dir)
	if diff := cmp.Diff(bus.Mended{}, mended); diff != "" {
		t.Errorf("mended (-want +got):\n%s", diff)
	}
	after, err := conn.Run(t.Context(), dead.ID)
	if err != nil || after.State != bus.StateDead || after.Revision() != before.Revision() {
		t.Errorf("the dead job's record: %+v, %v", after, err)
	}
	if data, _, err := conn.Content(t.Context(), library, digest, 0, 100); err != nil || string(data) != "content" {
		t.Errorf("content: %q, %v", data, err)
	}
	bustest.Deal(t, conn, bus.DealerConfig{})
	again := dealt(t, conn, "w2", 8)
	want := map[uuid.UUID]bool{waiting.ID: true, delayed.ID: true, tried.ID: true, large.ID: true}
	often := 0
	for len(want) > 0 || often < 2 {
		a := next(t, again, 20*time.Second)
		if a.Job.Extension == "y" {
			often++
			end(t, a)
			continue
		}
		if !want[a.Job.ID] {
			t.Fatalf("job %s runs", a.Job.ID)
		}
		delete(want, a.Job.ID)
		switch a.Job.ID {
		case tried.ID:
			if a.Token != 2 || string(a.Checkpoint.State) != "so far" || a.Checkpoint.Calls["h"] != 7 {
				t.Errorf("the job that ran begins with token %d and %+v", a.Token, a.Checkpoint)
			}
		case delayed.ID:
			if time.Now().Before(due) {
				t.Errorf("the delayed job begins %s early", time.Until(due))
			}
		case large.ID:
			input, err := conn.Input(t.Context(), a.Job)
			if diff := cmp.Diff(string(large.Input), string(input)); err != nil || diff != "" {
				t.Errorf("the large input is another, %v", err)
			}
		}
		end(t, a)
	}
	if err := conn.RetryJob(t.Context(), dead.ID, nil); err != nil {
		t.Fatal(err)
	}
	for {
		a := next(t, again, 5*time.Second)
		end(t, a)
		if a.Job.ID == dead.ID {
			break
		}
	}
	ends(t, conn, dead.ID, bus.StateCompleted)
}

// What happens between the copies of RUNS and JOBS is put right.
func TestRestoreMends(t *testing.T) {
	t.Parallel()
	server := bustest.Start(t)
	conn := bustest.Connect(t, server)
	library := uuid.New()
	bustest.Deal(t, conn, bus.DealerConfig{})
	attempts := dealt(t, conn, "w1", 8)
	if err := conn.AddRecurring(t.Context(), &bus.Recurring{Name: "rare", Spec: "@yearly", Extension: "y", Job: "job", Library: library}); err != nil {
		t.Fatal(err)
	}
	parent, child, cancelled, finished := jobs(1, "x", library)[0], jobs(1, "x", library)[0], jobs(1, "x", library)[0], jobs(1, "x", library)[0]
	retried, held := jobs(1, "x", library)[0], unique(library, 0)
	due := time.Now().Add(time.Hour)
	held.Due = &due
	byID := map[uuid.UUID]*bus.Attempt{}
	enqueueAll(t, conn, []*bus.Job{parent, cancelled, finished, retried})
	for range 4 {
		a := next(t, attempts, again)
		byID[a.Job.ID] = a
	}
	fail := failure("again")
	buried := func(a *bus.Attempt) {
		if err := a.End(t.Context(), bus.Outcome{State: bus.StateDead, Failure: &fail}); err != nil {
			t.Fatal(err)
		}
	}
	retry := func() {
		if err := conn.RetryJob(t.Context(), retried.ID, nil); err != nil {
			t.Fatal(err)
		}
	}
	buried(byID[retried.ID])
	if err := byID[cancelled.ID].Retry(t.Context(), time.Now().Add(time.Hour), failure("later"), bus.Report{}); err != nil {
		t.Fatal(err)
	}
	dir := backUp(t, conn, func() {
		if err := conn.Dispatch(t.Context(), parent, []*bus.Job{child}); err != nil {
			t.Fatal(err)
		}
		end(t, byID[finished.ID])
		if err := conn.Cancel(t.Context(), cancelled.ID); err != nil {
			t.Fatal(err)
		}
		enqueue(t, conn, held)
		retry()
		for a := range attempts {
			if a.Job.ID == retried.ID {
				buried(a)
				break
			}
		}
		retry()
		if err := conn.RemoveRecurring(t.Context(), "rare"); err != nil {
			t.Fatal(err)
		}
	})
	server.Stop()

	conn, mended := restored(t, dir)
	// The schedule was removed before the list of schedules was copied.
	if diff := cmp.Diff(bus.Mended{Claims: 1, Children: 1, Retries: 1, Ended: 1}, mended); diff != "" {
		t.Errorf("mended (-want +got):\n%s", diff)
	}
	refused(t, conn, unique(library, 0), held)
	if run := ends(t, conn, cancelled.ID, bus.StateCancelled); len(run.Errors) != 2 {
		t.Errorf("the job that was cancelled says %+v", run.Errors)
	}
	bustest.Deal(t, conn, bus.DealerConfig{})
	want := map[uuid.UUID]bool{parent.ID: true, child.ID: true, finished.ID: true, retried.ID: true}
	for again := dealt(t, conn, "w2", 8); len(want) > 0; {
		a := next(t, again, 20*time.Second)
		if !want[a.Job.ID] {
			t.Errorf("job %s runs", a.Job.ID)
		}
		delete(want, a.Job.ID)
		if a.Job.ID == parent.ID {
			if err := a.Wait(t.Context(), bus.Report{}); err != nil {
				t.Fatal(err)
			}
			if len(want) > 0 {
				want[parent.ID] = true
			}
			continue
		}
		end(t, a)
	}
}

// While records are written again and again none is missing in the copy, and what is over stays in JOBS.
func TestBackupMissesNothing(t *testing.T) {
	t.Parallel()
	server := bustest.Start(t)
	conn := bustest.Connect(t, server)
	all := jobs(scale(300, 2000), "x", uuid.New())
	enqueueAll(t, conn, all)
	bustest.Deal(t, conn, bus.DealerConfig{})
	ended := make(chan struct{}, len(all))
	work(t, conn, "w1", 32, func(a *bus.Attempt) {
		for range 3 {
			if err := a.Save(t.Context(), &bus.Checkpoint{State: []byte("x"), At: time.Now()}, bus.Report{}); err != nil {
				return
			}
		}
		if a.End(t.Context(), completed()) == nil {
			ended <- struct{}{}
		}
	})
	for range len(all) / 10 {
		<-ended
	}
	dir := backUp(t, conn, nothing)
	server.Stop()

	conn, _ = restored(t, dir)
	ids := make([]uuid.UUID, len(all))
	for i, job := range all {
		ids[i] = job.ID
	}
	runs, err := conn.Runs(t.Context(), ids)
	if err != nil {
		t.Fatal(err)
	}
	over := 0
	for _, id := range ids {
		if run := runs[id]; run != nil && run.State.Ended() {
			over++
			continue
		}
		if _, err := conn.Job(t.Context(), id); err != nil {
			t.Errorf("job %s has no outcome, and %v", id, err)
		}
	}
	t.Logf("%d of %d jobs were over in the copy of RUNS", over, len(all))
	if over < len(all)/10 {
		t.Errorf("%d jobs are over, and %d were before", over, len(all)/10)
	}
}

// What a stream is asked for can be lost, as in a cluster that has just begun: it is asked again.
func TestBackupAsksAgain(t *testing.T) {
	t.Parallel()
	server := bustest.Start(t)
	bad := bustest.NewProxy(t, server)
	conn := bad.Connect(t)
	all := jobs(3, "x", uuid.New())
	enqueueAll(t, conn, all)
	first := true
	bad.Lose(func(subject string) bool {
		lost := first && strings.HasPrefix(subject, "$JS.API.CONSUMER.MSG.NEXT.JOBS.")
		first = first && !lost
		return lost
	})
	ctx, end := context.WithTimeout(t.Context(), time.Minute)
	defer end()
	dir := filepath.Join(t.TempDir(), "streams")
	if _, err := conn.Backup(ctx, dir, func(context.Context) error { return nil }); err != nil {
		t.Fatalf("back up: %v", err)
	}
	if bad.Lost() != 1 {
		t.Errorf("%d requests were lost, want one", bad.Lost())
	}
	conn, _ = restored(t, dir)
	for _, job := range all {
		if _, err := conn.Job(t.Context(), job.ID); err != nil {
			t.Errorf("job %s: %v", job.ID, err)
		}
	}
}

func TestBackupRefuses(t *testing.T) {
	t.Parallel()
	conn := bustest.New(t)
	dir := backUp(t, conn, func() {
		if _, err := conn.Backup(t.Context(), t.TempDir(), nil); !errors.Is(err, bus.ErrBackupRuns) {
			t.Errorf("a second backup meanwhile: %v", err)
		}
	})
	t.Run("not empty", func(t *testing.T) {
		t.Parallel()
		if _, err := conn.RestoreStreams(t.Context(), dir); !errors.Is(err, bus.ErrNotEmpty) {
			t.Errorf("restore into what is there: %v", err)
		}
	})
	t.Run("unfinished", func(t *testing.T) {
		t.Parallel()
		damaged := filepath.Join(t.TempDir(), "damaged")
		if err := os.CopyFS(damaged, os.DirFS(dir)); err != nil {
			t.Fatal(err)
		}
		if err := os.Truncate(filepath.Join(damaged, "JOBS", "stream.arc.s2"), 10); err != nil {
			t.Fatal(err)
		}
		empty, err := bus.Connect(bus.Config{Server: bustest.Start(t)})
		if err != nil {
			t.Fatal(err)
		}
		defer empty.Close()
		if _, err := empty.RestoreStreams(t.Context(), damaged); err == nil {
			t.Error("a damaged copy is restored")
		}
		if err := empty.Setup(t.Context()); err == nil {
			t.Error("half of a backup is used")
		}
	})
}
