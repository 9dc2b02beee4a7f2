package runner_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/bus/bustest"
	"github.com/airlock-run/airlock/capabilities"
	"github.com/airlock-run/airlock/runner"
)

const allowAll = `rules: [{name: all, extensions: ["*"], allow: ["query:", "action:"]}]
libraries: {unlisted: allow}`

// follow makes what a worker has: an authority that follows the bus on a connection of its own.
func follow(t *testing.T, server *bus.Server) *capabilities.Authority {
	t.Helper()
	authority, conn := capabilities.NewAuthority(), bustest.Connect(t, server)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		authority.Follow(ctx, conn, slog.New(slog.DiscardHandler))
	}()
	t.Cleanup(func() {
		cancel()
		<-ended
	})
	return authority
}

// eventually waits until something holds, and returns how long that took.
func eventually(t *testing.T, what string, holds func() bool) time.Duration {
	t.Helper()
	start := time.Now()
	for !holds() {
		if time.Since(start) > 10*time.Second {
			t.Fatalf("after 10 seconds it still is not so: %s", what)
		}
		<-time.After(200 * time.Microsecond)
	}
	return time.Since(start)
}

func set(t *testing.T, conn *bus.Conn, text string) uint64 {
	t.Helper()
	revision, err := conn.SetPolicy(t.Context(), []byte(text), nil)
	if err != nil {
		t.Fatal(err)
	}
	return revision
}

func revisionOf(a *capabilities.Authority) uint64 {
	_, revision := a.Policy()
	return revision
}

func TestPolicyHoldsOnEveryWorkerAtOnce(t *testing.T) {
	t.Parallel()
	server := bustest.Start(t)
	conn := bustest.Connect(t, server)
	workers := []*capabilities.Authority{follow(t, server), follow(t, server)}
	for _, a := range workers {
		<-a.Ready()
		if p, _ := a.Policy(); p != capabilities.DefaultPolicy() {
			t.Error("without a policy the built-in one is not in force")
		}
	}
	var worst time.Duration
	for range 20 {
		revision := set(t, conn, allowAll)
		worst = max(worst, eventually(t, "both have it", func() bool {
			return revisionOf(workers[0]) == revision && revisionOf(workers[1]) == revision
		}))
	}
	if worst > time.Second {
		t.Errorf("a change held after %s", worst)
	}
	t.Logf("of 20 changes the slowest held on both %s after it was on disk", worst)

	library := uuid.New()
	if err := conn.PutLibrary(t.Context(), library, []byte(`{"id":"`+library.String()+`","grants":{"finance":{}}}`), 0); err != nil {
		t.Fatal(err)
	}
	grant, err := capabilities.NewGrant("other", capabilities.Permissions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range workers {
		eventually(t, "the library is known", func() bool { return !a.MayRun(grant, library).Allowed })
	}
}

func TestPolicyThatCannotBeReadLeavesTheLastOneInForce(t *testing.T) {
	t.Parallel()
	server := bustest.Start(t)
	conn := bustest.Connect(t, server)
	good := set(t, conn, allowAll)
	worker := follow(t, server)
	<-worker.Ready()
	set(t, conn, "rules: [{name: all")
	if got := revisionOf(worker); got != good {
		t.Errorf("revision %d is in force, want %d", got, good)
	}
	next := set(t, conn, allowAll+"\n")
	eventually(t, "the one after it is in force", func() bool { return revisionOf(worker) == next })

	set(t, conn, "rules: [{name: all")
	late := follow(t, server)
	select {
	case <-late.Ready():
		t.Error("a worker that starts with a policy that cannot be read is ready")
	case <-time.After(300 * time.Millisecond):
	}
	grant, err := capabilities.NewGrant("finance", capabilities.Permissions{Methods: []string{"query:"}})
	if err != nil {
		t.Fatal(err)
	}
	if d := late.MayRun(grant, uuid.New()); d.Allowed || d.Code != "unavailable" {
		t.Errorf("it decides %+v", d)
	}
	if got := revisionOf(worker); got != next {
		t.Errorf("revision %d is in force, want %d", got, next)
	}
	set(t, conn, allowAll)
	<-late.Ready()
}

func TestSetPolicyFollowsARevision(t *testing.T) {
	t.Parallel()
	conn := bustest.New(t)
	none := uint64(0)
	first, err := conn.SetPolicy(t.Context(), []byte("rules: []"), &none)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conn.SetPolicy(t.Context(), []byte("rules: []"), &none); bus.CodeOf(err) != bus.FailedPrecondition {
		t.Errorf("one that follows none is set over another: %v", err)
	}
	if _, err := conn.SetPolicy(t.Context(), []byte(allowAll), &first); err != nil {
		t.Error(err)
	}
	kept, err := conn.Policy(t.Context(), first)
	if err != nil || string(kept.Text) != "rules: []" {
		t.Errorf("revision %d is %+v, %v", first, kept, err)
	}
	if _, err := conn.Policy(t.Context(), 99); err == nil {
		t.Error("a revision is there that never was")
	}
}

// What was not allowed leaves no sandbox, and guest and record learn by which rule.
func TestDenialNamesItsRule(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	set(t, c.conn, `
rules:
- {name: all, extensions: ["*"], allow: ["query:", "action:"]}
- {name: no-effects, extensions: [test-extension], deny: ["action:"]}
libraries: {unlisted: allow}`)
	c.install(`{"methods":["query:test.","action:test."]}`, "")
	c.serve(bus.Action, "test.effect", func(context.Context, *bus.Call) (json.RawMessage, error) {
		return nil, errors.New("it was reached")
	})
	c.work(runner.Config{})
	run := c.outcome(c.submit("call_many", `[{"method":"action:test.effect","payload":1}]`))
	notes := run.Report.LastCalls
	if len(notes) != 1 || notes[0].Code != bus.PermissionDenied || notes[0].Rule != "policy: no-effects" {
		t.Errorf("the record says %+v", notes)
	}
	if got := run.Report.Logs[0].Text; !strings.Contains(got, `"rule":"policy: no-effects"`) {
		t.Errorf("the guest got %s", got)
	}
}

// Whoever grants something, and submits a job or publishes an event as soon as that is confirmed, is not refused because the worker has not heard
// of it yet.
func TestWhatWasGrantedJustNowHolds(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	set(t, c.conn, `rules: [{name: all, extensions: ["*"], allow: ["query:", "action:"]}]`)
	c.install(`{}`, `,"triggers":[{"event":"order.created","job":"empty"}]`)
	_, stop := c.start(runner.Config{})
	for range 10 {
		c.library = uuid.New()
		if run := c.outcome(c.submit("empty", "")); run.State != bus.StateDead || !strings.Contains(run.Errors[0].Error, "is not listed") {
			t.Fatalf("in a library of nobody it is %s: %+v", run.State, run.Errors)
		}
		c.own(c.library, "")
		if run := c.outcome(c.submit("empty", "")); run.State != bus.StateDead || !strings.Contains(run.Errors[0].Error, "granted nothing to test-extension") {
			t.Fatalf("without a grant it is %s: %+v", run.State, run.Errors)
		}
		c.own(c.library, `"test-extension":{}`)
		if run := c.outcome(c.submit("empty", "")); run.State != bus.StateCompleted {
			t.Fatalf("with a grant it is %s: %+v", run.State, run.Errors)
		}
		other := uuid.New()
		c.own(other, `"test-extension":{}`)
		event := &bus.Event{ID: uuid.NewString(), Source: "test", Type: "order.created", Library: other}
		if err := c.conn.Publish(t.Context(), event); err != nil {
			t.Fatal(err)
		}
		c.until(event.JobID("test-extension", "empty"), func(r *bus.Run) bool { return r.State == bus.StateCompleted })
	}
	stop()
	if denied := c.audit(bus.AuditFilter{Decision: bus.AuditDenied, Method: bus.AuditRun}); len(denied) != 20 || denied[0].Rule != "policy: libraries.unlisted" ||
		!strings.HasPrefix(denied[1].Rule, "library: ") || denied[1].JobName != "empty" {
		t.Errorf("the audit has %d jobs that were refused: %+v", len(denied), denied)
	}
}
