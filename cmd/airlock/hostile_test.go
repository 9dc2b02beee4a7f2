package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/client"
	"github.com/airlock-run/airlock/internal/testcache"
)

// The libraries of the tests around the door: in mine the hostile guest is granted all it asks, in theirs nothing.
var (
	mine   = client.DefaultLibrary
	theirs = uuid.MustParse("a1510c00-0000-4000-8000-00000000000f")
)

// asksLittle is what the hostile guest's manifest asks for. Its one server is at a port of this machine.
const asksLittle = `{
	"methods": ["query:http.request", "query:test.ping", "action:vdfs.create_entry", "query:credentials.get", "action:credentials.store", "action:jobs.dispatch"],
	"credentials": {"read": ["mail"], "store": ["mail"]}, "entries": ["note"], "http": [{"hosts": ["127.0.0.1"], "ports": [%s]}], "rate_limits": {"requests_per_minute": 100000}}`

// tries are what a guest sends through its one import, by class: each row is one job, and each of its calls is refused by this code and rule, and
// in the audit.
var tries = []struct {
	class, name string
	// calls is what spacedrive_call_many gets.
	calls string
	// count is how many calls these are.
	count int
	code  bus.Code
	rule  string
}{
	{"subject injection", "tokens of their own", methods("query:test.ping.>", "query:test.*", "query:>", "query:test..ping", "query:.test", "query:test."), 6, bus.InvalidArgument, ""},
	{"subject injection", "white space and control", methods("query:test ping", " query:test.ping", `query:test.ping\r\nPUB x`, `query:test.ping\u0000`, `query:test\tping`), 5, bus.InvalidArgument, ""},
	{"subject injection", "other spellings", methods("QUERY:test.ping", "query:Test.ping", "query:tеst.ping", "query:test/ping", "query:../ping", "action", ""), 7, bus.InvalidArgument, ""},
	{"subject injection", "beyond its length", methods("query:" + strings.Repeat("a.", 80) + "a"), 1, bus.InvalidArgument, ""},
	{"subject injection", "Airlock's own subjects", methods("action:airlock.job.x", "query:_operator.test", "query:api.policy.set"), 3, bus.PermissionDenied, "manifest: permissions.methods"},

	{"look-alikes", "what it was not granted", methods("action:test.ping", "query:test.ping_admin", "query:test.pin", "query:jobs.dispatched"), 4, bus.PermissionDenied, "manifest: permissions.methods"},

	{"another's library", "by its id", `[{"method":"query:test.ping","library_id":"` + theirs.String() + `"}]`, 1, bus.PermissionDenied, "manifest: permissions.libraries"},
	{"another's library", "of nobody", `[{"method":"query:test.ping","library_id":"a1510c00-0000-4000-8000-0000000000ff"}]`, 1, bus.PermissionDenied, "manifest: permissions.libraries"},

	{"credential names", "another one", credential(`{"credential_id":"bank"}`), 1, bus.PermissionDenied, "manifest: permissions.credentials.read"},
	{
		"credential names", "nearly its own", calls("query:credentials.get", `{"credential_id":"MAIL"}`, `{"credential_id":"mail "}`, `{"credential_id":"mail\u0000"}`, `{"credential_id":"*"}`, `{}`),
		5, bus.PermissionDenied, "manifest: permissions.credentials.read",
	},
	{
		"credential names", "to be read in two ways", calls("query:credentials.get", `{"credential_id":"mail","credential_id":"bank"}`, `{"Credential_ID":"bank"}`, `["mail"]`),
		3, bus.InvalidArgument, "",
	},
	{
		"credential names", "to be written over", calls("action:credentials.store", `{"credential_id":"bank","credential":{"type":"api_key","key":"x"}}`),
		1, bus.PermissionDenied, "manifest: permissions.credentials.store",
	},
	{"credential names", "its own, which policy and owner do not let it read", credential(`{"credential_id":"mail"}`), 1, bus.PermissionDenied, "policy: no rule"},

	{"targets", "entries of another kind", calls("action:vdfs.create_entry", `{"name":"a","path":"/a","entry_type":"receipt"}`), 1, bus.PermissionDenied, "manifest: permissions.entries"},

	{"requests", "to where it may not", calls("query:http.request", `{"url":"http://127.0.0.1:9/"}`, `{"url":"https://example.com/"}`), 2, bus.PermissionDenied, "manifest: permissions.http"},
	{"requests", "redirected to where it may not", calls("query:http.request", `{"url":"http://127.0.0.1:REDIRECTS/"}`), 1, bus.PermissionDenied, "manifest: permissions.http"},
	{
		"call keys", "that are no keys", `[{"method":"query:test.ping","key":"a b"},{"method":"query:test.ping","key":"a\u0000"},{"method":"query:test.ping","key":"` + strings.Repeat("k", 129) + `"}]`,
		3, bus.InvalidArgument, "",
	},

	{
		"sub-jobs", "of another extension", calls("action:jobs.dispatch", `{"job":"richer:empty"}`, `{"jobs":[{"job":"empty"},{"job":"richer:empty"}]}`, `{"job":"richer:call_many","input":[{"method":"query:credentials.get"}]}`),
		3, bus.PermissionDenied, "manifest: permissions.dispatch",
	},
	{"sub-jobs", "to be read in two ways", calls("action:jobs.dispatch", `{"job":"empty","Job":"richer:empty"}`), 1, bus.InvalidArgument, ""},

	{"events", "published to start another's job", calls("action:events.publish", `{"type":"order.created"}`), 1, bus.PermissionDenied, "manifest: permissions.methods"},
	{"events", "heard by asking", methods("query:events.hear"), 1, bus.PermissionDenied, "manifest: triggers"},

	{"floods", "of what is denied", methods(repeat("action:mail.send", 250)...), 250, bus.PermissionDenied, "manifest: permissions.methods"},
	{"floods", "under many names", methods(numbered("action:mail.op", 250)...), 250, bus.PermissionDenied, "manifest: permissions.methods"},
}

func methods(names ...string) string {
	list := make([]string, len(names))
	for i, name := range names {
		list[i] = `{"method":"` + name + `","payload":1}`
	}
	return "[" + strings.Join(list, ",") + "]"
}

func calls(method string, payloads ...string) string {
	list := make([]string, len(payloads))
	for i, payload := range payloads {
		list[i] = `{"method":"` + method + `","payload":` + payload + `}`
	}
	return "[" + strings.Join(list, ",") + "]"
}

func credential(payload string) string { return calls("query:credentials.get", payload) }

func repeat(text string, count int) []string {
	return strings.Split(strings.TrimSuffix(strings.Repeat(text+" ", count), " "), " ")
}

func numbered(text string, count int) []string {
	list := make([]string, count)
	for i := range list {
		list[i] = fmt.Sprint(text, i)
	}
	return list
}

// hostile is an Airlock that listens on the network, with a guest that means no good, one that may do more, and secrets in both libraries.
type hostile struct {
	t    *testing.T
	conn *bus.Conn
	// users is the folder of NATS users.
	users string
	// redirects is the port of a server that redirects to where nobody may.
	redirects string
	url       string
}

func newHostile(t *testing.T) *hostile {
	t.Helper()
	server := httptest.NewServer(http.RedirectHandler("http://127.0.0.1:9/metadata", http.StatusFound))
	t.Cleanup(server.Close)
	_, redirects, _ := net.SplitHostPort(server.Listener.Addr().String())
	data, users, port := testcache.DataDir(t), t.TempDir(), freePort(t)
	must(t, "auth", "init", users, "--host", "127.0.0.1", "--port", port)
	start(t, "up", "--data-dir", data, "--nats-listen", "127.0.0.1:"+port, "--auth", users, "--http-allow-private", "127.0.0.1")
	at := func(args ...string) { must(t, append(args, "--data-dir", data)...) }
	at("extension", "load", testGuest(t, fmt.Sprintf(asksLittle, redirects), ""))
	at("extension", "load", namedGuest(t, "richer", `{"methods":["query:","action:","query:credentials.get"],"credentials":{"read":["*"]}}`, `,"triggers":[{"event":"order.created","job":"empty"}]`))
	at("extension", "load", namedGuest(t, "slow", `{"methods":["query:test."],"rate_limits":{"requests_per_minute":5}}`, ""))
	at("library", "create", mine.String(), "--name", "Mine")
	at("library", "create", theirs.String(), "--name", "Theirs")
	for _, id := range []string{"test-extension", "slow"} {
		at("library", "grant", mine.String(), id)
	}
	at("library", "grant", theirs.String(), "richer")
	for _, library := range []uuid.UUID{mine, theirs} {
		for _, name := range []string{"mail", "bank"} {
			at("call", "action:credentials.store", `{"credential_id":"`+name+`","credential":{"type":"api_key","key":"hunter2"}}`, "--library", library.String())
		}
	}
	return &hostile{t: t, redirects: redirects, conn: connect(t, bus.Config{Socket: filepath.Join(data, bus.SocketName)}), users: users, url: "tls://127.0.0.1:" + port}
}

// run runs a job to its end.
func (h *hostile) run(job *bus.Job) *bus.Run {
	h.t.Helper()
	if err := h.conn.Enqueue(h.t.Context(), job); err != nil {
		h.t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(h.t.Context(), 30*time.Second)
	defer cancel()
	runs, err := h.conn.WatchRun(ctx, job.ID)
	if err != nil {
		h.t.Fatal(err)
	}
	for run := range runs {
		if run.State.Ended() {
			return run
		}
	}
	h.t.Fatalf("job %s has not ended", job.ID)
	return nil
}

// denied waits until the audit tells of so many denials of a job, and returns the records of them.
func (h *hostile) denied(job uuid.UUID, count int) []bus.AuditEntry {
	h.t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; <-time.After(10 * time.Millisecond) {
		page, _, err := h.conn.AuditPage(h.t.Context(), bus.AuditFilter{Decision: bus.AuditDenied, Job: job}, 0, 1000)
		if err != nil {
			h.t.Fatal(err)
		}
		told := 0
		for _, r := range page {
			told += int(max(r.Count, 1))
		}
		if told == count {
			return page
		}
		if told > count || time.Now().After(deadline) {
			h.t.Fatalf("the audit tells of %d denials, want %d: %+v", told, count, page)
		}
	}
}

// What a guest tries around the door gets nothing, and is in the audit.
func TestHostileGuests(t *testing.T) {
	t.Parallel()
	h := newHostile(t)
	for _, try := range tries {
		t.Run(try.class+"/"+try.name, func(t *testing.T) {
			h := &hostile{t: t, conn: h.conn, redirects: h.redirects}
			job := &bus.Job{Extension: "test-extension", Name: "call_many", Library: mine, MaxAttempts: 1}
			job.Input = json.RawMessage(strings.ReplaceAll(try.calls, "REDIRECTS", h.redirects))
			run := h.run(job)
			if len(run.Report.Logs) == 0 {
				t.Fatalf("the guest got no answers: %+v", run)
			}
			var answers []struct {
				Code bus.Code
				Rule string
			}
			if err := json.Unmarshal([]byte(run.Report.Logs[0].Text), &answers); err != nil && try.count < 200 { // a long line of the log is cut
				t.Fatalf("the guest got %s: %v", run.Report.Logs[0].Text, err)
			}
			for i, a := range answers {
				if a.Code != try.code || a.Rule != try.rule {
					t.Errorf("call %d: %s by %q, want %s by %q", i, a.Code, a.Rule, try.code, try.rule)
				}
			}
			if len(answers) != try.count && try.count < 200 {
				t.Errorf("%d answers, want %d", len(answers), try.count)
			}
			records := h.denied(job.ID, try.count)
			for _, r := range records {
				many := r.Count > 1 && r.Operation == "" // the names beyond those that are told apart
				if r.Extension != "test-extension" || r.Attempt != 1 || !many && (r.Code != try.code || r.Rule != try.rule) {
					t.Errorf("the audit says %+v", r)
				}
			}
			if raw, err := json.Marshal(records); err != nil || strings.Contains(string(raw), "hunter2") {
				t.Errorf("a secret is in the audit: %s, %v", raw, err)
			}
		})
	}

	t.Run("floods/beyond its rate", func(t *testing.T) {
		h := &hostile{t: t, conn: h.conn}
		job := &bus.Job{Extension: "slow", Name: "call_many", Library: mine, Input: json.RawMessage(methods(repeat("query:test.ping", 20)...)), MaxAttempts: 1}
		run := h.run(job)
		if got := strings.Count(run.Report.Logs[0].Text, `"pong"`); got > 5 {
			t.Errorf("%d calls went through, of 5 a minute", got)
		}
		for _, r := range h.denied(job.ID, 15) {
			if r.Code != bus.ResourceExhausted || r.Rule != "manifest: permissions.rate_limits.requests_per_minute" {
				t.Errorf("the audit says %+v", r)
			}
		}
	})
	t.Run("another's library/as its own job", func(t *testing.T) {
		h := &hostile{t: t, conn: h.conn}
		job := &bus.Job{Extension: "test-extension", Name: "empty", Library: theirs}
		if run := h.run(job); run.State != bus.StateDead || run.Errors[0].Code != bus.PermissionDenied {
			t.Errorf("it is %s: %+v", run.State, run.Errors)
		}
		if r := h.denied(job.ID, 1)[0]; r.Method() != bus.AuditRun || r.Rule != "library: "+theirs.String() || r.Library != theirs {
			t.Errorf("the audit says %+v", r)
		}
	})
	t.Run("events/of a library in which the other extension may do nothing", func(t *testing.T) {
		event := &bus.Event{ID: uuid.NewString(), Source: "test", Type: "order.created", Library: mine}
		if err := h.conn.Publish(t.Context(), event); err != nil {
			t.Fatal(err)
		}
		after := &bus.Event{ID: uuid.NewString(), Source: "test", Type: "order.created", Library: theirs}
		if err := h.conn.Publish(t.Context(), after); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		runs, err := h.conn.WatchRun(ctx, after.JobID("richer", "empty")) // events are heard one after the other
		if err != nil {
			t.Fatal(err)
		}
		for run := range runs {
			if run.State.Ended() {
				break
			}
		}
		if ctx.Err() != nil {
			t.Fatal("where it may, it does not run either")
		}
		if _, err := h.conn.Job(t.Context(), event.JobID("richer", "empty")); bus.CodeOf(err) != bus.NotFound {
			t.Errorf("it was started: %v", err)
		}
	})
	h.hostileClients()
}

// hostileClients are NATS clients that are no workers of ours: what somebody could do who has got hold of a worker's key, or has only another's.
func (h *hostile) hostileClients() {
	t := h.t
	as := func(user string) *bus.Conn {
		t.Helper()
		return connect(t, bus.Config{
			URL: h.url, NKey: filepath.Join(h.users, "users", user+".nkey"), CA: filepath.Join(h.users, "ca.pem"), CallTimeout: 5 * time.Second,
			APIPrefix: map[string]string{"client": "AIRLOCK.API"}[user],
		})
	}
	const entry = `[{"method":"action:vdfs.create_entry","payload":{"name":"a","path":"/ours","entry_type":"note"},"key":"once"}]`
	ended := &bus.Job{Extension: "test-extension", Name: "call_many", Library: mine, Input: json.RawMessage(entry)}
	h.run(ended)
	due := time.Now().Add(time.Hour)
	waiting := &bus.Job{Extension: "test-extension", Name: "empty", Library: mine, Due: &due}
	if err := h.conn.Enqueue(t.Context(), waiting); err != nil {
		t.Fatal(err)
	}
	worker := as("worker")
	for name, c := range map[string]struct {
		extension string
		job       uuid.UUID
		attempt   uint64
		key       string
		code      bus.Code
	}{
		"another's id":                           {"richer", ended.ID, 1, "", bus.PermissionDenied},
		"another's id, for a job nobody has":     {"richer", uuid.New(), 1, "", bus.PermissionDenied},
		"a call of a job that is over, replayed": {"test-extension", ended.ID, 1, ended.ID.String() + "/k/once", bus.FailedPrecondition},
		"an attempt that has not begun":          {"test-extension", waiting.ID, 2, "", bus.FailedPrecondition},
		"another job's call key":                 {"richer", waiting.ID, 1, ended.ID.String() + "/k/once", bus.PermissionDenied},
	} {
		t.Run("a worker's key/"+name, func(t *testing.T) {
			h := &hostile{t: t, conn: h.conn}
			before := len(h.ofService(c.job))
			answer, err := worker.Call(t.Context(), &bus.Call{
				Extension: c.extension, Kind: bus.Action, Operation: "vdfs.create_entry", Library: mine, Job: c.job, Attempt: c.attempt, Key: c.key,
				Payload: json.RawMessage(`{"name":"a","path":"/` + uuid.NewString() + `","entry_type":"note"}`),
			})
			if bus.CodeOf(err) != c.code || answer != nil {
				t.Errorf("it got %s, %v; want %s", answer, err, c.code)
			}
			for deadline := time.Now().Add(10 * time.Second); len(h.ofService(c.job)) == before; <-time.After(10 * time.Millisecond) {
				if time.Now().After(deadline) {
					t.Fatal("the audit does not tell")
				}
			}
			if r := h.ofService(c.job)[0]; r.Extension != c.extension || r.Code != c.code || r.Attempt != c.attempt || r.Method() != "action:vdfs.create_entry" {
				t.Errorf("the audit says %+v", r)
			}
		})
	}
	// Without rights the server lets nothing through, whatever it says: there is nobody of ours who could write a record, and the server's log has it.
	for user, extension := range map[string]string{"client": "richer", "operations": "richer", "worker": bus.Operator} {
		t.Run("no right/"+user+" calls as "+extension, func(t *testing.T) {
			calling, cancel := context.WithTimeout(t.Context(), 2*time.Second)
			defer cancel()
			answer, err := as(user).Call(calling, &bus.Call{
				Extension: extension, Kind: bus.Query, Operation: "credentials.get", Library: theirs, Job: ended.ID, Attempt: 1, Payload: json.RawMessage(`{"credential_id":"bank"}`),
			})
			if err == nil || answer != nil {
				t.Errorf("it got %s", answer)
			}
		})
	}
}

// ofService are the calls of a job that services refused.
func (h *hostile) ofService(job uuid.UUID) []bus.AuditEntry {
	h.t.Helper()
	page, _, err := h.conn.AuditPage(h.t.Context(), bus.AuditFilter{Decision: bus.AuditDenied, Job: job}, 0, 100)
	if err != nil {
		h.t.Fatal(err)
	}
	var found []bus.AuditEntry
	for _, r := range page {
		if r.Rule == bus.RuleCaller {
			found = append(found, r)
		}
	}
	return found
}
