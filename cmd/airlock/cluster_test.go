package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/bus/bustest"
	"github.com/airlock-run/airlock/internal/pgtest"
	"github.com/airlock-run/airlock/internal/testcache"
)

// effects is an operation, served by the test itself, that counts what it does by call key. Its first call tells
// started and does not answer before release is closed.
type effects struct {
	started chan struct{}
	release chan struct{}

	once sync.Once

	mu    sync.Mutex
	byKey map[string]int
}

func serveEffects(t *testing.T, conn *bus.Conn) *effects {
	t.Helper()
	e := &effects{started: make(chan struct{}, 100), release: make(chan struct{}), byKey: map[string]int{}}
	service, err := conn.Serve(bus.ServiceConfig{Name: "effects", Endpoints: []bus.Endpoint{
		bus.CallEndpoint(bus.Action, "test.effect", nil, func(ctx context.Context, call *bus.Call) (json.RawMessage, error) {
			e.mu.Lock()
			e.byKey[call.Key]++
			e.mu.Unlock()
			e.started <- struct{}{}
			select {
			case <-e.release:
				return json.RawMessage("null"), nil
			case <-ctx.Done():
				return nil, ctx.Err()
			}
		}),
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		e.once.Do(func() { close(e.release) })
		_ = service.Stop()
	})
	return e
}

func (e *effects) keys() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.byKey)
}

func connect(t *testing.T, config bus.Config) *bus.Conn {
	t.Helper()
	conn, err := bus.Connect(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Close)
	return conn
}

// outcome waits for a job to end.
func outcome(t *testing.T, conn *bus.Conn, job uuid.UUID) *bus.Run {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	runs, err := conn.WatchRun(ctx, job)
	if err != nil {
		t.Fatal(err)
	}
	for run := range runs {
		if run.State.Ended() {
			return run
		}
	}
	t.Fatalf("job %s has no outcome after a minute", job)
	return nil
}

const mayTest = `{"methods":["query:test.ping","action:test.effect"],"rate_limits":{"requests_per_minute":100000}}`

// Worker, operations and nats-server are processes of their own. A worker that is killed in the middle of a job costs
// nothing: the job runs again elsewhere, and its call is the same call.
func TestClusterSurvivesKilledWorker(t *testing.T) {
	t.Parallel()
	url := startNATS(t).url
	cluster := []string{"--nats-url", url}
	role := func(name string) *process {
		return start(t, append([]string{name, "--data-dir", testcache.DataDir(t)}, cluster...)...)
	}
	role("operations")
	victim := role("worker")
	openDoor(t, cluster...)
	must(t, append([]string{"extension", "load", testGuest(t, mayTest, "")}, cluster...)...)
	if out := must(t, append([]string{"extension", "list"}, cluster...)...); !strings.Contains(out, "test-extension") {
		t.Fatalf("the extension is not listed:\n%s", out)
	}

	conn := connect(t, bus.Config{URL: url})
	e := serveEffects(t, conn)
	job := &bus.Job{
		Extension: "test-extension", Name: "call_many", Library: defaultLibrary,
		Input: json.RawMessage(`[{"method":"action:test.effect","payload":1},{"method":"query:test.ping","payload":2}]`),
	}
	if err := conn.Enqueue(t.Context(), job); err != nil {
		t.Fatal(err)
	}
	<-e.started
	victim.kill()
	start := time.Now()
	role("worker")
	<-e.started // the second attempt makes the same call
	t.Logf("the job ran again %s after the kill", time.Since(start).Round(time.Millisecond))
	e.once.Do(func() { close(e.release) })

	run := outcome(t, conn, job.ID)
	if run.State != bus.StateCompleted || run.Attempt < 2 || run.Failures != 0 {
		t.Errorf("outcome %s in attempt %d with %d failures: %+v", run.State, run.Attempt, run.Failures, run.Errors)
	}
	if n := e.keys(); n != 1 {
		t.Errorf("the two attempts made their call under %d keys, want the same", n)
	}
	if log := run.Report.Logs[0].Text; !strings.Contains(log, `"pong":2`) {
		t.Errorf("the guest got %s", log)
	}
	shown := must(t, append([]string{"job", "show", job.ID.String(), "--json"}, cluster...)...)
	if !strings.Contains(shown, `"state": "completed"`) {
		t.Errorf("job show says:\n%s", shown)
	}
}

// A worker that stalls in the middle of a job loses it to another, and changes nothing when it wakes up.
func TestStalledWorkerChangesNothing(t *testing.T) {
	t.Parallel()
	url := startNATS(t).url
	cluster := []string{"--nats-url", url}
	stalled := start(t, append([]string{"worker", "--data-dir", testcache.DataDir(t)}, cluster...)...)
	bustest.AllowUnlisted(t, connect(t, bus.Config{URL: url})) // nobody answers the tools here
	must(t, append([]string{"extension", "load", testGuest(t, mayTest, "")}, cluster...)...)
	conn := connect(t, bus.Config{URL: url})
	e := serveEffects(t, conn)
	job := &bus.Job{Extension: "test-extension", Name: "need", Library: defaultLibrary, Input: json.RawMessage("1")}
	if err := conn.Enqueue(t.Context(), job); err != nil {
		t.Fatal(err)
	}
	<-e.started
	stalled.signal(syscall.SIGSTOP)
	start(t, append([]string{"worker", "--data-dir", testcache.DataDir(t)}, cluster...)...)
	<-e.started
	e.once.Do(func() { close(e.release) })
	before := outcome(t, conn, job.ID)
	if before.State != bus.StateCompleted || before.Attempt != 2 {
		t.Fatalf("the job is %s in attempt %d: %+v", before.State, before.Attempt, before.Errors)
	}

	stalled.signal(syscall.SIGCONT)
	stalled.says("a newer attempt of this job exists")
	after, err := conn.Run(t.Context(), job.ID)
	if err != nil || after.Revision() != before.Revision() {
		t.Errorf("the record was revision %d and is %d (%v)", before.Revision(), after.Revision(), err)
	}
	if n := e.keys(); n != 1 {
		t.Errorf("the attempts made their call under %d keys", n)
	}
}

// Without a nats-server commands say so within seconds; roles wait for it, and go on.
func TestClusterOutlastsNATS(t *testing.T) {
	t.Parallel()
	nats := startNATS(t)
	cluster := []string{"--nats-url", nats.url}
	start(t, append([]string{"operations", "--data-dir", testcache.DataDir(t)}, cluster...)...)
	start(t, append([]string{"worker", "--data-dir", testcache.DataDir(t)}, cluster...)...)
	openDoor(t, cluster...)
	must(t, append([]string{"extension", "load", testGuest(t, mayTest, "")}, cluster...)...)
	conn := connect(t, bus.Config{URL: nats.url})
	e := serveEffects(t, conn)
	job := &bus.Job{Extension: "test-extension", Name: "call_many", Library: defaultLibrary, Input: json.RawMessage(`[{"method":"action:test.effect","payload":1}]`)}
	if err := conn.Enqueue(t.Context(), job); err != nil {
		t.Fatal(err)
	}
	<-e.started

	nats.kill()
	began := time.Now()
	_, stderr, code := airlock(t, append([]string{"job", "list"}, cluster...)...)
	if code != 1 || !strings.Contains(stderr, "NATS is not reachable at "+nats.url) || time.Since(began) > 10*time.Second {
		t.Errorf("with the server gone: exit code %d after %s, %q", code, time.Since(began), stderr)
	}
	e.once.Do(func() { close(e.release) })
	nats.start()
	if run := outcome(t, conn, job.ID); run.State != bus.StateCompleted {
		t.Errorf("the job that ran is %s: %+v", run.State, run.Errors)
	}
	out := must(t, append([]string{"job", "submit", "test-extension:empty", "--watch"}, cluster...)...)
	if !strings.Contains(out, "completed") {
		t.Errorf("a job after that:\n%s", out)
	}
	if n := e.keys(); n != 1 {
		t.Errorf("the job made its call under %d keys", n)
	}
}

// Two services of each kind share work and data through PostgreSQL: what one wrote the other reads, and one is enough.
func TestOperationsShareADatabase(t *testing.T) {
	t.Parallel()
	url, database := startNATS(t).url, pgtest.Database(t)
	cluster := []string{"--nats-url", url}
	key := "AIRLOCK_MASTER_KEY=" + base64.StdEncoding.EncodeToString(make([]byte, 32))
	operations := func() *process {
		args := append([]string{"operations", "--data-dir", testcache.DataDir(t), "--database-url", database}, cluster...)
		return startWith(t, []string{key}, args...)
	}
	first := operations()
	operations()
	call := func(method, payload string) string {
		return must(t, append([]string{"call", method, payload}, cluster...)...)
	}
	for n := range 20 {
		call("action:vdfs.create_entry", fmt.Sprintf(`{"name":"n","path":"/n/%d","entry_type":"note"}`, n))
	}
	call("action:credentials.store", `{"credential_id":"mail","credential":{"type":"api_key","key":"secret"}}`)
	first.stop()
	if out := call("query:vdfs.list_entries", `{"path_prefix":"/n/"}`); strings.Count(out, `"/n/`) != 20 {
		t.Errorf("the other service has not all entries:\n%s", out)
	}
	if out := call("query:credentials.get", `{"credential_id":"mail"}`); !strings.Contains(out, "secret") {
		t.Errorf("the other service has not the credential:\n%s", out)
	}
}

// A process that has everything keeps its jobs through kill -9.
func TestUpSurvivesKill(t *testing.T) {
	t.Parallel()
	dir := testcache.DataDir(t)
	up := start(t, "up", "--data-dir", dir)
	openDoor(t, "--data-dir", dir)
	at := []string{"--data-dir", dir}
	must(t, append([]string{"extension", "load", testGuest(t, mayTest, `,"jobs":{"need":{"max_attempts":20,"backoff":{"initial":"100ms","max":"200ms"}}}`)}, at...)...)
	submitted := make([]uuid.UUID, 0, 5)
	func() {
		conn := connect(t, bus.Config{Socket: dir + "/" + bus.SocketName})
		defer conn.Close() // it would come back with the server, and answer
		e := serveEffects(t, conn)
		for range cap(submitted) {
			job := &bus.Job{Extension: "test-extension", Name: "need", Library: defaultLibrary, Input: json.RawMessage("1")}
			if err := conn.Enqueue(t.Context(), job); err != nil {
				t.Fatal(err)
			}
			submitted = append(submitted, job.ID)
		}
		<-e.started
		up.kill()
	}()
	if _, stderr, code := airlock(t, append([]string{"job", "list"}, at...)...); code != 1 || !strings.Contains(stderr, "no airlock runs with the data directory") {
		t.Errorf("with the server gone: exit code %d, %q", code, stderr)
	}

	start(t, "up", "--data-dir", dir)
	openDoor(t, "--data-dir", dir)
	conn := connect(t, bus.Config{Socket: dir + "/" + bus.SocketName})
	e := serveEffects(t, conn)
	e.once.Do(func() { close(e.release) })
	for _, id := range submitted {
		if run := outcome(t, conn, id); run.State != bus.StateCompleted {
			t.Errorf("job %s is %s: %+v", id, run.State, run.Errors)
		}
	}
	if n := e.keys(); n != len(submitted) {
		t.Errorf("%d jobs made calls under %d keys", len(submitted), n)
	}
	// The list follows the jobs' records a few milliseconds later.
	for began := time.Now(); ; {
		out := must(t, append([]string{"job", "list", "--state", "completed", "--json"}, at...)...)
		if strings.Count(out, `"id"`) == len(submitted) {
			return
		}
		if time.Since(began) > 10*time.Second {
			t.Fatalf("job list says:\n%s", out)
		}
	}
}
