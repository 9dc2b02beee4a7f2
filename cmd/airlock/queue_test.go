package main

import (
	"encoding/json"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/internal/testcache"
)

func TestQueueAndWorkers(t *testing.T) {
	t.Parallel()
	at := install(t)
	queue := func() (status bus.QueueStatus) {
		decode(t, must(t, at("queue", "--json")...), &status)
		return status
	}
	wantOutput(t, "0 waiting, 0 running", at("queue")...)
	var workers []bus.WorkerStatus
	decode(t, must(t, at("worker", "list", "--json")...), &workers)
	if len(workers) != 1 || workers[0].Draining || workers[0].Slots == 0 {
		t.Fatalf("worker list says %+v", workers)
	}
	name := workers[0].Name
	wantFailure(t, "there is no worker \"nobody\"; there is "+name, at("worker", "drain", "nobody")...)

	t.Run("paused", func(t *testing.T) {
		must(t, at("extension", "pause", "test-extension", "--json")...)
		wantOutput(t, "paused", at("extension", "list")...)
		wantOutput(t, `"paused": true`, at("extension", "list", "--json")...)
		id := submitJob(t, at, "test-extension:empty")
		until(t, "a job waits", func() bool { return queue().Waiting == 1 })
		if out := must(t, at("queue")...); !regexp.MustCompile(`test-extension │ +1 │ +0 │ +0 │ paused`).MatchString(out) {
			t.Errorf("queue says\n%s", out)
		}
		wantOutput(t, "test-extension is resumed", at("extension", "resume", "test-extension")...)
		if out := must(t, at("extension", "list")...); strings.Contains(out, "paused") {
			t.Errorf("after resume extension list says\n%s", out)
		}
		wantOutput(t, "completed", at("job", "watch", id)...)
		wantFailure(t, "is not paused", at("extension", "resume", "test-extension")...)
		wantFailure(t, "extension gone is not installed", at("extension", "pause", "gone")...)
	})
	t.Run("drained", func(t *testing.T) {
		wantOutput(t, name+" takes no more jobs; it runs 0", at("worker", "drain", name)...)
		wantOutput(t, `"draining": true`, at("worker", "drain", name, "--json")...)
		wantOutput(t, "draining", at("worker", "list")...)
		submitJob(t, at, "test-extension:empty")
		until(t, "a job waits", func() bool { return queue().Waiting == 1 })
		if status := queue(); status.Running != 0 {
			t.Errorf("a drained worker runs %d jobs", status.Running)
		}
	})
}

// The first signal gives jobs their grace time, the second none.
func TestSecondSignalEndsAtOnce(t *testing.T) {
	t.Parallel()
	dir := testcache.DataDir(t)
	up := start(t, "up", "--data-dir", dir, "--shutdown-grace", "10m", "--call-timeout", "10m")
	openDoor(t, "--data-dir", dir)
	must(t, "extension", "load", testGuest(t, mayTest, ""), "--data-dir", dir)
	conn := connect(t, bus.Config{Socket: dir + "/" + bus.SocketName})
	e := serveEffects(t, conn)
	job := &bus.Job{
		ID: uuid.New(), Extension: "test-extension", Name: "call_many", Library: defaultLibrary,
		Input: json.RawMessage(`[{"method":"action:test.effect","payload":1}]`),
	}
	if err := conn.Enqueue(t.Context(), job); err != nil {
		t.Fatal(err)
	}
	<-e.started
	up.signal(syscall.SIGTERM)
	up.says("a second signal ends this process at once")
	select {
	case <-up.done:
		t.Fatal("it ended in the middle of a job at the first signal")
	case <-time.After(500 * time.Millisecond):
	}
	up.signal(syscall.SIGINT)
	select {
	case <-up.done:
	case <-time.After(10 * time.Second):
		t.Fatal("it goes on after the second signal")
	}
	if status, ok := up.cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || status.Signal() != syscall.SIGINT {
		t.Errorf("it ended with %v, want by the signal", up.cmd.ProcessState)
	}
}
