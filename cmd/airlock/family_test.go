package main

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/internal/guests"
	"github.com/airlock-run/airlock/internal/testcache"
)

// A job that starts 50 others, waits for them and adds up what they found does so through the death of its worker: nothing is started or
// counted twice, and while it waits it holds no slot.
func TestFamilySurvivesKilledWorker(t *testing.T) {
	t.Parallel()
	url := startNATS(t).url
	cluster := []string{"--nats-url", url}
	role := func(name string, args ...string) *process {
		return start(t, append(append([]string{name, "--data-dir", testcache.DataDir(t)}, cluster...), args...)...)
	}
	role("operations")
	victim := role("worker")
	openDoor(t, cluster...)
	must(t, append([]string{"extension", "load", guests.Build(t, "family")}, cluster...)...)
	conn := connect(t, bus.Config{URL: url})
	e := serveEffects(t, conn)
	job := &bus.Job{Extension: "family", Name: "fan", Library: defaultLibrary, Input: json.RawMessage(`{"leaves":50}`)}
	if err := conn.Enqueue(t.Context(), job); err != nil {
		t.Fatal(err)
	}
	for range 10 { // the parent has started them, and some of them run
		<-e.started
	}
	victim.kill()
	role("worker", "--slots", "4")
	<-e.started
	e.once.Do(func() { close(e.release) })

	run := outcome(t, conn, job.ID)
	if run.State != bus.StateCompleted || run.Report.Message != "42925" || run.Failures != 0 || run.Attempt < 3 {
		t.Errorf("outcome %s in attempt %d: %q, %+v", run.State, run.Attempt, run.Report.Message, run.Errors)
	}
	if n := e.keys(); n != 51 {
		t.Errorf("the family made its calls under %d keys, want 51", n)
	}
	out := must(t, append([]string{"job", "list", "--json", "--limit", "500"}, cluster...)...)
	if n := strings.Count(out, `"job": "leaf"`); n != 50 {
		t.Errorf("%d leaves are listed, want 50:\n%.2000s", n, out)
	}
}
