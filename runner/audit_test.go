package runner_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/bus/bustest"
	"github.com/airlock-run/airlock/runner"
)

// secret is planted wherever a guest or a service can put something.
const secret = "hunter2-0b9d"

const mayAudit = `{"methods":["query:test.","action:test.","query:credentials.get"],"credentials":{"read":["mail"]}}`

// kept returns the raw messages of the audit, headers and all.
func (c *cluster) kept() []byte {
	c.tb.Helper()
	var all bytes.Buffer
	for seq := 1; ; seq++ {
		reply := bustest.Request(c.tb, c.server, "$JS.API.STREAM.MSG.GET.AUDIT", nil, fmt.Appendf(nil, `{"seq":%d}`, seq))
		var got struct {
			Message *struct {
				Subject    string
				Hdrs, Data []byte
			}
		}
		if err := json.Unmarshal(reply, &got); err != nil {
			c.tb.Fatal(err)
		}
		if got.Message == nil {
			return all.Bytes()
		}
		fmt.Fprintf(&all, "%s\n%s%s\n", got.Message.Subject, got.Message.Hdrs, got.Message.Data)
	}
}

// audit returns the records there are, oldest first.
func (c *cluster) audit(filter bus.AuditFilter) []bus.AuditEntry {
	c.tb.Helper()
	page, _, err := c.conn.AuditPage(c.tb.Context(), filter, 0, 10_000)
	if err != nil {
		c.tb.Fatal(err)
	}
	slices.Reverse(page)
	return page
}

// seen is what a test compares of a record.
func seen(r bus.AuditEntry) string {
	return strings.Join(strings.Fields(fmt.Sprintln(r.Decision, r.Method(), r.Credential, r.Code, r.Rule, r.RequestBytes > 0, max(r.Count, 1))), " ")
}

func TestAudit(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	c.install(mayAudit, "")
	c.serve(bus.Query, "test.ping", ping)
	c.serve(bus.Query, "credentials.get", func(context.Context, *bus.Call) (json.RawMessage, error) {
		return json.RawMessage(`"` + secret + `"`), nil
	})
	c.serve(bus.Action, "test.effect", func(context.Context, *bus.Call) (json.RawMessage, error) {
		return json.RawMessage(`"` + secret + `"`), nil
	})
	c.serve(bus.Action, "test.refused", func(context.Context, *bus.Call) (json.RawMessage, error) {
		return nil, bus.Errorf(bus.FailedPrecondition, "not while it is %s", secret)
	})
	set(t, c.conn, `
rules:
- {name: all, extensions: ["*"], allow: ["query:", "action:", "query:credentials.get"]}
rates:
- {name: one-slow, extensions: [test-extension], operations: [test.slow], requests_per_minute: 1}`)
	c.own(c.library, `"test-extension":{"methods":["query:","action:","query:credentials.get"]}`)
	_, stop := c.start(runner.Config{Name: "w"})
	other := uuid.New()
	var jobs []uuid.UUID
	for _, call := range []string{
		`{"method":"action:test.effect","payload":"` + secret + `","key":"` + secret + `"}`,
		`{"method":"action:test.refused","payload":"` + secret + `"}`,
		`{"method":"query:credentials.get","payload":{"credential_id":"mail","password":"` + secret + `"}}`,
		`{"method":"action:credentials.store","payload":{"credential_id":"bank","credential":"` + secret + `"}}`,
		`{"method":"` + secret + ` !","payload":1}`,
		`{"method":"action:test.effect","payload":1,"library_id":"` + other.String() + `"}`,
		`{"method":"query:test.ping","payload":"` + secret + `"},{"method":"query:test.ping","payload":2},{"method":"query:test.pong","payload":2}`,
		`{"method":"query:test.slow"}`,
		`{"method":"query:test.slow"}`,
	} {
		run := c.outcome(c.submit("call_many", "["+call+"]"))
		jobs = append(jobs, run.Job)
	}
	stop()
	all := c.audit(bus.AuditFilter{})
	var got []string
	for _, r := range all {
		if r.By != "w" || r.Extension != "test-extension" || !slices.Contains(jobs, r.Job) || r.Attempt != 1 || r.JobName != "call_many" || r.At.IsZero() {
			t.Errorf("it does not say who: %+v", r)
		}
		got = append(got, seen(r))
	}
	slices.Sort(got[6:]) // what was counted has no order
	want := []string{
		"allowed action:test.effect policy: all true 1",
		"allowed action:test.refused failed_precondition policy: all true 1",
		"allowed query:credentials.get mail policy: all true 1",
		"denied action:credentials.store bank permission_denied manifest: permissions.methods true 1",
		"denied invalid_argument true 1",
		"denied action:test.effect permission_denied manifest: permissions.libraries true 1",
		"allowed query:test.ping policy: all true 2",
		"allowed query:test.pong unavailable policy: all true 1",
		"allowed query:test.slow unavailable policy: all false 1",
		"denied query:test.slow resource_exhausted policy: one-slow false 1",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("records (-want +got):\n%s", diff)
	}
	if r := all[5]; r.Library != other || r.JobLibrary != c.library {
		t.Errorf("a call about another library: %+v", r)
	}
	if n := len(c.audit(bus.AuditFilter{Decision: bus.AuditDenied, Library: c.library})); n != 4 {
		t.Errorf("the server finds %d denials of the library's jobs", n)
	}
	if raw := c.kept(); bytes.Contains(raw, []byte(secret)) || !bytes.Contains(raw, []byte("credentials.get")) {
		t.Errorf("the secret is in the audit:\n%s", raw)
	}
}

// A guest that tries again and again, under many names, makes the audit neither large nor blind.
func TestAuditOfAFlood(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	c.install(mayAudit, "")
	_, stop := c.start(runner.Config{})
	var calls []string
	for i := range 250 {
		calls = append(calls, fmt.Sprintf(`{"method":"action:other.op%d","payload":1}`, i%2))
	}
	run := c.outcome(c.submit("call_many", "["+strings.Join(calls, ",")+"]"))
	stop()
	records := c.audit(bus.AuditFilter{Decision: bus.AuditDenied})
	total := uint64(0)
	for _, r := range records {
		total += max(r.Count, 1)
	}
	if run.State != bus.StateCompleted || total != 250 || len(records) != 2*17 {
		t.Errorf("%d records tell of %d denials; the job is %s", len(records), total, run.State)
	}
}

func TestAuditEachRead(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	c.install(mayAudit, "")
	c.serve(bus.Query, "test.ping", ping)
	_, stop := c.start(runner.Config{AuditReads: 2})
	c.outcome(c.submit("call_many", "["+strings.Repeat(`{"method":"query:test.ping","payload":1},`, 4)+`{"method":"query:test.ping"}]`))
	stop()
	var counts []uint64
	for _, r := range c.audit(bus.AuditFilter{Method: "query:test.ping"}) {
		counts = append(counts, r.Count)
	}
	if diff := cmp.Diff([]uint64{2, 2, 1}, counts); diff != "" {
		t.Errorf("reads of one record each (-want +got):\n%s", diff)
	}
}

// With required, a service that has an action can be sure that its intent is kept; when none can be kept, no action comes.
func TestAuditRequired(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	c.install(mayAudit, `,"jobs":{"call_many":{"max_attempts":1}}`)
	c.serve(bus.Query, "test.ping", ping)
	var effects atomic.Int32
	c.serve(bus.Action, "test.effect", func(context.Context, *bus.Call) (json.RawMessage, error) {
		page, _, err := c.conn.AuditPage(t.Context(), bus.AuditFilter{Decision: bus.AuditIntent}, 0, 1)
		if err != nil || len(page) != 1 || page[0].Method() != "action:test.effect" {
			t.Errorf("it is not announced: %+v, %v", page, err)
		}
		effects.Add(1)
		return json.RawMessage("null"), nil
	})
	var required atomic.Bool
	required.Store(true)
	_, stop := c.start(runner.Config{AuditRequired: required.Load})
	call := func(method string) string {
		t.Helper()
		return c.outcome(c.submit("call_many", `[{"method":"`+method+`","payload":1}]`)).Report.Logs[0].Text
	}
	if got := call("action:test.effect"); got != "[null]" {
		t.Errorf("the guest got %s", got)
	}

	setSize := func(size int64) {
		t.Helper()
		conn, err := bus.Connect(bus.Config{Server: c.server, AuditBytes: size})
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if err := conn.Setup(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	setSize(1)
	before := effects.Load()
	if got := call("action:test.effect"); !strings.Contains(got, `"code":"unavailable"`) || !strings.Contains(got, "no action is sent until it can be") {
		t.Errorf("the guest got %s", got)
	}
	if got := call("query:test.ping"); !strings.Contains(got, `"pong":1`) {
		t.Errorf("a read: the guest got %s", got)
	}
	if effects.Load() != before {
		t.Error("an action was sent that is not in the audit")
	}
	required.Store(false)
	if got := call("action:test.effect"); got != "[null]" || effects.Load() != before+1 {
		t.Errorf("not required: the guest got %s", got)
	}
	setSize(1 << 20)
	stop() // what waited is written
	var intents, results, refused int
	for _, r := range c.audit(bus.AuditFilter{Method: "action:test.effect"}) {
		switch r.Decision {
		case bus.AuditIntent:
			intents++
		case bus.AuditAllowed:
			results++
			if (r.Intent == uuid.Nil) == (results == 1) {
				t.Errorf("result %d names intent %s", results, r.Intent)
			}
		case bus.AuditDenied:
			refused++
			if r.Rule != "policy: audit.required" || r.Code != bus.Unavailable {
				t.Errorf("refused by %s: %s", r.Rule, r.Code)
			}
		case bus.AuditAct, bus.AuditLost:
		}
	}
	if intents != 1 || results != 2 || refused != 1 {
		t.Errorf("%d intents, %d results and %d refusals", intents, results, refused)
	}
}
