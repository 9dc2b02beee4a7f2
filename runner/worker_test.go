package runner_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/bus/bustest"
	"github.com/airlock-run/airlock/runner"
)

const noCalls = `{"methods":[]}`

func TestJobOutcomes(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	c.install(noCalls, `,"jobs":{"loop":{"timeout":"100ms","max_attempts":1},"asked":{"timeout":"100ms","max_attempts":1},"trap":{"max_attempts":2,"backoff":{"initial":"50ms"}},
		"exit":{"max_attempts":1},"answer":{"max_attempts":1},"recurse":{"max_attempts":1},"bad_log":{"max_attempts":1}}`)
	c.work(runner.Config{})
	cases := map[string]struct {
		job, input string
		state      bus.State
		failures   int
		code       bus.Code
		message    string
	}{
		"completed":       {job: "empty", state: bus.StateCompleted},
		"failed":          {job: "answer", input: "2", state: bus.StateDead, failures: 1, code: bus.Internal, message: "the job answered 2: failed"},
		"failed for good": {job: "answer", input: "3", state: bus.StateDead, failures: 1, code: bus.Internal, message: "answered 3: failed for good"},
		"interrupted":     {job: "answer", input: "1", state: bus.StateDead, failures: 1, code: bus.Internal, message: "without having been asked to stop"},
		"no meaning":      {job: "answer", input: "7", state: bus.StateDead, failures: 1, code: bus.Internal, message: "the job answered 7"},
		"trap, twice":     {job: "trap", state: bus.StateDead, failures: 2, code: bus.Internal, message: "the guest trapped: unreachable"},
		"exit":            {job: "exit", state: bus.StateDead, failures: 1, code: bus.Internal, message: "exited with code 7"},
		"stack exhausted": {job: "recurse", state: bus.StateDead, failures: 1, code: bus.ResourceExhausted, message: "limit of call depth"},
		"pointer outside": {job: "bad_log", state: bus.StateDead, failures: 1, code: bus.Internal, message: "spacedrive_log: text at 131071"},
		"asked to stop":   {job: "asked", state: bus.StateDead, failures: 1, code: bus.DeadlineExceeded, message: "the attempt took longer than 100ms"},
		"timeout":         {job: "loop", state: bus.StateDead, failures: 1, code: bus.DeadlineExceeded, message: "the attempt took longer than 100ms"},
		"no such job":     {job: "nothing", state: bus.StateDead, failures: 1, code: bus.NotFound, message: `extension test-extension has no job "nothing"`},
	}
	for name, want := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			run := c.outcome(c.submit(want.job, want.input))
			if run.State != want.state || run.Failures != want.failures {
				t.Errorf("state %s with %d failures, want %s with %d (%+v)", run.State, run.Failures, want.state, want.failures, run.Errors)
			}
			if want.message == "" {
				return
			}
			last := run.Errors[len(run.Errors)-1]
			if last.Code != want.code || !strings.Contains(last.Error, want.message) {
				t.Errorf("error is %s %q, want %s with %q", last.Code, last.Error, want.code, want.message)
			}
		})
	}
	t.Run("extension not installed", func(t *testing.T) {
		t.Parallel()
		job := &bus.Job{Extension: "gone", Name: "x", Library: c.library}
		if err := c.conn.Enqueue(t.Context(), job); err != nil {
			t.Fatal(err)
		}
		run := c.outcome(job)
		if run.State != bus.StateDead || run.Errors[0].Error != "extension gone is not installed" {
			t.Errorf("outcome is %s %+v", run.State, run.Errors)
		}
	})
}

func TestJobInALibraryThatIsNotGranted(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	c.install(`{"methods":[],"libraries":["`+uuid.NewString()+`"]}`, "")
	c.work(runner.Config{})
	run := c.outcome(c.submit("empty", ""))
	if run.State != bus.StateDead || run.Errors[0].Code != bus.PermissionDenied || !strings.Contains(run.Errors[0].Error, c.library.String()) {
		t.Errorf("outcome is %s %+v", run.State, run.Errors)
	}
}

func TestJobTellsAboutItself(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	c.install(noCalls, "")
	c.work(runner.Config{})
	job := c.submit("tell", "")
	run := c.outcome(job)
	want := bus.Report{
		Progress: 0.5, Message: "half way", Items: 3, Bytes: 5_000_000_000, Warnings: []string{"half way"},
		Logs: []bus.LogLine{
			{Level: "debug", Text: "half way"},
			{Level: "info", Text: "half way"},
			{Level: "warn", Text: "progress NaN is no number from 0 to 1 and is not shown"},
		},
		MemoryBytes: 2 << 16,
	}
	for i := range run.Report.Logs {
		run.Report.Logs[i].At = time.Time{}
	}
	if run.Report.GuestMS <= 0 || run.Report.CallMS != 0 {
		t.Errorf("%v ms in the guest, %v ms in calls", run.Report.GuestMS, run.Report.CallMS)
	}
	if run.Report.Fuel == 0 {
		t.Error("it burnt no fuel")
	}
	run.Report.GuestMS, run.Report.Fuel = 0, 0
	if diff := cmp.Diff(want, run.Report); diff != "" {
		t.Errorf("report (-want +got):\n%s", diff)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	told, err := c.conn.Watch(ctx, job.ID)
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[bus.ActivityKind]int{}
	for a := range told {
		if kinds[a.Kind]++; kinds[bus.ActivityLog] == 3 && kinds[bus.ActivityWarning] == 1 && kinds[bus.ActivityProgress] == 1 {
			break
		}
	}
	if ctx.Err() != nil {
		t.Errorf("watched only %v", kinds)
	}
}

func TestCallsGoThroughTheDoor(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	c.install(`{"methods":["query:test."],"rate_limits":{"requests_per_minute":8}}`, "")
	c.serve(bus.Query, "test.ping", ping)
	c.serve(bus.Query, "test.admin", ping)
	c.work(runner.Config{})
	cases := []struct{ name, method, want string }{
		{"ok", "query:test.ping", `{"extension":"test-extension","library_id":"` + c.library.String() + `","pong":{"n":1}}`},
		{"denied by kind", "action:test.ping", "permission_denied"},
		{"denied", "query:credentials.get", "permission_denied"},
		{"malformed", "query:test.*", "invalid_argument"},
		{"malformed, injection", "query:test.ping airlock.>", "invalid_argument"},
		{"no service", "query:test.pong", `"code":"unavailable"`},
	}
	for _, want := range cases {
		start := time.Now()
		run := c.outcome(c.submitText("call", want.method+"\n"+`{"n":1}`))
		if got := run.Report.Logs[0].Text; !strings.Contains(got, want.want) {
			t.Errorf("%s: the guest got %s, want %s", want.name, got, want.want)
		}
		if took := time.Since(start); took > 10*time.Second {
			t.Errorf("%s: answered after %s, which is no answer at once", want.name, took)
		}
	}
	limited := c.outcome(c.submit("call_many", "["+strings.Repeat(`{"method":"query:test.ping","payload":1},`, 9)+`{"method":"query:test.ping"}]`))
	var answers []struct {
		Code         string `json:"code"`
		RetryAfterMS int    `json:"retry_after_ms"`
	}
	if err := json.Unmarshal([]byte(limited.Report.Logs[0].Text), &answers); err != nil {
		t.Fatal(err)
	}
	passed := 0
	for _, a := range answers {
		switch {
		case a.Code == "":
			passed++
		case a.Code != "resource_exhausted" || a.RetryAfterMS <= 0:
			t.Errorf("beyond the rate the guest got %+v", a)
		}
	}
	if passed != 6 { // 8 a minute, of which two were used above
		t.Errorf("%d of 10 calls passed at a rate of 8 after 2", passed)
	}
	if limited.Report.Calls != 10 || limited.Report.Denied != 4 {
		t.Errorf("the record tells of %d calls and %d denials", limited.Report.Calls, limited.Report.Denied)
	}
}

// submitText submits a job whose input is not JSON: as the bus would refuse it, it travels as a checkpoint does.
func (c *cluster) submitText(name, state string) *bus.Job {
	c.tb.Helper()
	job := &bus.Job{ID: uuid.New(), Extension: "test-extension", Name: name, Library: c.library}
	bustest.PutRun(c.tb, c.server, &bus.Run{
		Job: job.ID, Extension: job.Extension, Name: job.Name, Library: job.Library, State: bus.StateAvailable,
		Checkpoint: &bus.Checkpoint{State: []byte(state)},
	})
	if err := c.conn.Enqueue(c.tb.Context(), job); err != nil {
		c.tb.Fatal(err)
	}
	return job
}

// A call that is made again by a later attempt, from the same checkpoint, has the key it had; another one has not.
func TestCallKeysSurviveARetry(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	c.install(`{"methods":["action:test.effect"]}`, `,"jobs":{"wait_call":{"max_attempts":2,"backoff":{"initial":"50ms"}}}`)
	keys := make(chan string, 10)
	c.serve(bus.Action, "test.effect", func(_ context.Context, call *bus.Call) (json.RawMessage, error) {
		keys <- fmt.Sprintf("%s attempt %d", call.Key, call.Attempt)
		return json.RawMessage("null"), nil
	})
	c.work(runner.Config{})
	job := c.submitText("wait_call", "action:test.effect\n1")
	if run := c.outcome(job); run.State != bus.StateDead || run.Failures != 2 {
		t.Fatalf("outcome %s after %d failures: %+v", run.State, run.Failures, run.Errors)
	}
	call := bus.Call{Kind: bus.Action, Operation: "test.effect", Library: c.library, Payload: []byte("1")}
	for token := 2; token <= 3; token++ { // whoever finds a record takes it that token 1 may be used up
		want := fmt.Sprintf("%s/%s/0 attempt %d", job.ID, call.Hash(), token)
		if got := <-keys; got != want {
			t.Errorf("call key %s, want %s", got, want)
		}
	}
}

func TestEventStartsEachJobOnce(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	c.work(runner.Config{})
	c.install(noCalls, `,"triggers":[{"event":"mail.received","job":"state"},{"event":"mail.*","job":"empty"},{"event":"file.added","job":"trap"}]`)
	event := bus.NewEvent(c.library, "test", "mail.received", "message/rfc822", []byte("Subject: hello"))
	for range 3 {
		if err := c.conn.Publish(t.Context(), event); err != nil {
			t.Fatal(err)
		}
	}
	state := c.until(event.JobID("test-extension", "state"), func(r *bus.Run) bool { return r.State.Ended() })
	c.until(event.JobID("test-extension", "empty"), func(r *bus.Run) bool { return r.State.Ended() })
	var got struct {
		Event bus.Event `json:"event"`
	}
	if err := json.Unmarshal([]byte(state.Report.Logs[1].Text), &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(event.DataBase64, got.Event.DataBase64); diff != "" || got.Event.Size != 14 {
		t.Errorf("the guest found another event: %+v", got.Event)
	}
	if _, err := c.conn.Run(t.Context(), event.JobID("test-extension", "trap")); bus.CodeOf(err) != bus.NotFound {
		t.Errorf("a job bound to another event has a record: %v", err)
	}
}

// A job knows how many events led to it, so that what it publishes knows as well.
func TestEventIsCountedInItsJob(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	c.install(noCalls, `,"triggers":[{"event":"mail.received","job":"empty"}]`)
	if err := c.conn.PauseExtension(t.Context(), "test-extension"); err != nil {
		t.Fatal(err)
	}
	c.work(runner.Config{})
	event := bus.NewEvent(c.library, "test", "mail.received", "", []byte("1"))
	event.Hops = 3
	if err := c.conn.Publish(t.Context(), event); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the event started its job", func() bool {
		job, err := c.conn.Job(t.Context(), event.JobID("test-extension", "empty"))
		if err == nil && job.Hops != 4 {
			t.Errorf("the job knows of %d events", job.Hops)
		}
		return err == nil
	})
}

// A worker that shuts down asks its guests to stop and hands their jobs to another one, without counting a failure.
func TestShutdownHandsBack(t *testing.T) {
	t.Parallel()
	for job, grace := range map[string]time.Duration{"asked": 10 * time.Second, "loop": 50 * time.Millisecond} {
		t.Run(job, func(t *testing.T) {
			t.Parallel()
			c := newCluster(t)
			c.install(noCalls, "")
			stop := c.work(runner.Config{Name: "first", Grace: grace})
			submitted := c.submit(job, `"saved"`)
			watching, cancel := context.WithCancel(t.Context())
			defer cancel()
			told, err := c.conn.Watch(watching, submitted.ID)
			if err != nil {
				t.Fatal(err)
			}
			<-told // it runs
			stop()
			run := c.until(submitted.ID, func(r *bus.Run) bool { return r.State == bus.StateAvailable })
			if run.Failures != 0 || run.Attempt != 1 {
				t.Errorf("handed back with %d failures after attempt %d", run.Failures, run.Attempt)
			}
			c.work(runner.Config{Name: "second", Grace: 50 * time.Millisecond})
			second := c.until(submitted.ID, func(r *bus.Run) bool { return r.Attempt == 2 })
			if second.Worker != "second" {
				t.Errorf("attempt 2 is of %q", second.Worker)
			}
		})
	}
}

// A job goes on where the checkpoint of a worker that vanished leaves it, and runs to one outcome.
func TestManyJobsEachOnce(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	c.install(`{"methods":["action:test.effect"],"rate_limits":{"requests_per_minute":100000}}`, "")
	var effects atomic.Int64
	c.serve(bus.Action, "test.effect", func(context.Context, *bus.Call) (json.RawMessage, error) {
		effects.Add(1)
		return json.RawMessage("null"), nil
	})
	c.work(runner.Config{Name: "one"})
	c.work(runner.Config{Name: "two"})
	const n = 200
	jobs := make([]*bus.Job, n)
	for i := range jobs {
		jobs[i] = c.submit("call_many", `[{"method":"action:test.effect","payload":{}}]`)
	}
	for _, job := range jobs {
		if run := c.outcome(job); run.State != bus.StateCompleted {
			t.Errorf("job %s is %s: %+v", job.ID, run.State, run.Errors)
		}
	}
	if got := effects.Load(); got != n {
		t.Errorf("%d effects of %d jobs", got, n)
	}
}
