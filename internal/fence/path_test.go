package fence_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/airlock-run/airlock/bus"
)

// Under these users a job goes its whole way: a client enqueues it, the worker deals it, a pool runs it and calls an operation, and the client sees how it
// ended.
func TestAJobGoesItsWay(t *testing.T) {
	t.Parallel()
	c := start(t)
	_, worker := c.run(t)
	client, pool := c.connect(t, "client"), c.connect(t, "money")
	if err := pool.Setup(t.Context()); err != nil {
		t.Fatal(err)
	}
	library := uuid.New()
	money := take(t, pool, "w1")

	ids := map[string]uuid.UUID{}
	for _, extension := range []string{"finance", "com.example.tax", "mail"} {
		job := &bus.Job{Extension: extension, Name: "job", Library: library, Unique: &bus.Unique{Key: "k"}}
		if err := client.Enqueue(t.Context(), job); err != nil {
			t.Fatalf("the client enqueues: %v", err)
		}
		ids[extension] = job.ID
	}
	large := &bus.Job{Extension: "finance", Name: "job", Library: library, Input: json.RawMessage(`"` + string(bytes.Repeat([]byte("x"), 1<<20)) + `"`)}
	if err := client.Enqueue(t.Context(), large); err != nil {
		t.Fatalf("the client enqueues a large input: %v", err)
	}
	for ended := 0; ended < 3; {
		a := <-money
		if a.Checkpoint == nil {
			firstAttempt(t, pool, a, large)
			continue
		}
		ended++
		if a.Token < 2 || string(a.Checkpoint.State) != "half" {
			t.Errorf("attempt %d with checkpoint %v", a.Token, a.Checkpoint)
		}
		if a.HasChildren(t.Context()) {
			t.Error("it has sub-jobs")
		}
		if err := a.End(t.Context(), bus.Outcome{State: bus.StateDead, Failure: &bus.Failure{Error: "no"}}); err != nil {
			t.Errorf("end: %v", err)
		}
		run, err := client.Run(t.Context(), a.Job.ID)
		if err != nil || run.State != bus.StateDead || run.DeadLetter == nil || run.DeadLetter.Job == nil {
			t.Errorf("the client sees %+v, %v", run, err)
		}
	}
	other := <-take(t, worker, "w2")
	if other.Job.Extension != "mail" {
		t.Errorf("the other worker is dealt a job of %s", other.Job.Extension)
	}
	runs, err := client.WatchRun(t.Context(), ids["mail"])
	if err != nil {
		t.Fatal(err)
	}
	if err := other.End(t.Context(), bus.Outcome{State: bus.StateCompleted}); err != nil {
		t.Error(err)
	}
	for run := range runs {
		if run.State == bus.StateCompleted {
			break
		}
	}
	if status, err := client.QueueStatus(t.Context()); err != nil || len(status.Workers) != 2 || status.Workers[0].Name != "money/w1" {
		t.Errorf("queue status: %+v, %v", status, err)
	}
}

// firstAttempt makes calls, saves a checkpoint and gives the job back.
func firstAttempt(t *testing.T, pool *bus.Conn, a *bus.Attempt, large *bus.Job) {
	t.Helper()
	if a.Job.Extension == "mail" {
		t.Fatal("the pool is dealt a job of another extension")
	}
	input, err := pool.Input(t.Context(), a.Job)
	if err != nil || a.Job.ID == large.ID && len(input) != len(large.Input) {
		t.Errorf("input of %d bytes, %v", len(input), err)
	}
	request := call(a.Job.Extension, nil)
	request.Job, request.Library, request.Attempt = a.Job.ID, a.Job.Library, a.Token
	answer, err := pool.Call(t.Context(), request)
	if err != nil || string(answer) != `"`+a.Job.Extension+`"` {
		t.Errorf("the call is answered %s, %v", answer, err)
	}
	request.Payload = bytes.Repeat([]byte(" "), bus.MaxPayload+1)
	if _, err := pool.Call(t.Context(), request); err != nil {
		t.Errorf("a large call: %v", err)
	}
	if err := a.Save(t.Context(), &bus.Checkpoint{State: []byte("half")}, bus.Report{}); err != nil {
		t.Errorf("save a checkpoint: %v", err)
	}
	if err := a.HandBack(t.Context(), bus.Report{}); err != nil {
		t.Errorf("hand back: %v", err)
	}
}

// take takes the jobs that are dealt to a worker.
func take(t *testing.T, conn *bus.Conn, name string) <-chan *bus.Attempt {
	t.Helper()
	queue, err := conn.Queue(t.Context(), bus.QueueConfig{Worker: name, Slots: 8})
	if err != nil {
		t.Fatalf("take jobs: %v", err)
	}
	t.Cleanup(queue.Leave)
	attempts := make(chan *bus.Attempt, 64)
	go func() {
		for {
			d, err := queue.Next(t.Context())
			if err != nil {
				return
			}
			a, err := d.Begin(t.Context())
			if err != nil {
				if !errors.Is(err, bus.ErrSettled) && t.Context().Err() == nil {
					t.Errorf("begin: %v", err)
				}
				continue
			}
			attempts <- a
		}
	}()
	return attempts
}

// A key is replaced while both are valid, and the old one ends when it is retired.
func TestRotation(t *testing.T) {
	t.Parallel()
	c := start(t)
	operations, _ := c.run(t)
	before, old := c.raw(t, "money"), c.bus("money")
	oldKey := t.TempDir() + "/old"
	copyFile(t, c.dir.KeyFile("money"), oldKey)
	old.NKey = oldKey

	if _, err := c.dir.Rotate("money"); err != nil {
		t.Fatal(err)
	}
	c.reload(t)
	for name, config := range map[string]bus.Config{"old": old, "new": c.bus("money")} {
		conn, err := bus.Connect(config)
		if err != nil {
			t.Fatalf("with the %s key: %v", name, err)
		}
		if answer, err := conn.Call(t.Context(), call("finance", nil)); err != nil || string(answer) != `"finance"` {
			t.Errorf("a call with the %s key: %s, %v", name, answer, err)
		}
		conn.Close()
	}
	if _, err := c.dir.Rotate("money"); err == nil {
		t.Error("a second rotation is begun before the first has ended")
	}
	if !before.IsConnected() || before.Flush() != nil {
		t.Error("the rotation has cut off who was connected")
	}
	if err := c.dir.Retire("money"); err != nil {
		t.Fatal(err)
	}
	c.reload(t)
	if _, err := bus.Connect(old); !errors.Is(err, bus.ErrUnauthenticated) {
		t.Errorf("with the retired key: %v, want ErrUnauthenticated", err)
	}
	for began := time.Now(); before.IsConnected(); <-time.After(10 * time.Millisecond) {
		if time.Since(began) > 5*time.Second {
			t.Fatal("who is connected with a retired key still is")
		}
	}
	if err := c.dir.Remove("acme"); err != nil {
		t.Fatal(err)
	}
	c.reload(t)
	if err := operations.Setup(t.Context()); err != nil {
		t.Errorf("operations after all of it: %v", err)
	}
}
