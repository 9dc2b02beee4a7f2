package fence_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/internal/fence"
)

// What each user must not do: the server refuses it, whatever code is behind the connection.
func TestRefused(t *testing.T) {
	t.Parallel()
	c := start(t)
	c.run(t)
	job := uuid.NewString()
	library := uuid.NewString()
	publishes := []struct {
		what, subject string
		// refused are the users whom the server refuses it; to all others it lets it through.
		refused string
	}{
		{"call as an extension of the pool", "airlock.call.finance.query.test.who", "operations client console acme"},
		{"call as another extension", "airlock.call.mail.query.test.who", "operations client console acme money"},
		{"call as an extension whose name begins alike", "airlock.call.finance2.query.test.who", "operations client console acme money"},
		{"call as a person", "airlock.call._operator.query.credentials.get", "worker operations client acme money"},
		{"answer in another's inbox", bus.UserInbox("UAAA") + ".x", "worker operations client console acme money"},
		{"answer in the common inbox", "_INBOX.x", "worker operations client console acme money"},
		{"enqueue a job", "airlock.job.mail.normal." + library + "." + job, "acme money"},
		{"publish an event", "airlock.event." + library + ".mail.received", "worker acme money"},
		{"write a run record", "airlock.run." + job, "operations client acme money"},
		{"have a record of another extension written", "airlock.record.mail.write", "worker operations client console acme money"},
		{"have a record of the pool's extension written", "airlock.record.finance.write", "worker operations client console acme"},
		{"report to the dealer as any worker", "airlock.dealer", "operations client acme money"},
		{"report to the dealer as another pool", "airlock.dealer.other.finance", "worker operations client console acme money"},
		{"prove to run another extension", "airlock.dealer.money.mail", "worker operations client console acme money"},
		{"deal a job", "airlock.worker.deal.w1", "operations client console acme money"},
		{"take the dealer's lease", "airlock.lease.dealer", "operations client console acme money"},
		{"claim a unique key", "airlock.unique.mail.job." + library + ".00", "acme money"},
		{"install an extension", "$KV.airlock-extensions.mail", "worker operations client acme money"},
		{"change a version", "$KV.airlock-versions.sha256=00", "worker operations client acme money"},
		{"resume an extension", "$KV.airlock-pauses.mail", "worker operations client acme money"},
		{"change a schedule", "$KV.airlock-schedules.daily", "worker operations client acme money"},
		{"arm a schedule", "airlock.recur.daily", "worker operations client acme money"},
		{"replace a module", "$O.airlock-modules.C.x", "worker operations client acme money"},
		{"write content", "$O.airlock-content.C.x", "worker acme money"},
		{"delete a stream", "$JS.API.STREAM.DELETE.JOBS", "worker operations client console acme money"},
		{"update a stream", "$JS.API.STREAM.UPDATE.RUNS", "worker client console acme money"},
		{"make a stream of its own", "$JS.API.STREAM.CREATE.MINE", "worker operations client console acme money"},
		{"purge jobs", "$JS.API.STREAM.PURGE.JOBS", "operations client acme money"},
		{"purge run records", "$JS.API.STREAM.PURGE.RUNS", "worker operations client console acme money"},
		{"purge events", "$JS.API.STREAM.PURGE.EVENTS", "worker operations client console acme money"},
		{"delete a message of events", "$JS.API.STREAM.MSG.DELETE.EVENTS", "worker operations client console acme money"},
		{"delete a run record", "$JS.API.STREAM.MSG.DELETE.RUNS", "operations client acme money"},
		{"read run records", "$JS.API.STREAM.MSG.GET.RUNS", "client acme money"},
		{"read run records directly", "$JS.API.DIRECT.GET.RUNS", "client acme money"},
		{"read run records directly, in its account", bus.AccountPrefix + ".DIRECT.GET.RUNS", "worker operations console acme money"},
		{"read jobs", bus.AccountPrefix + ".STREAM.MSG.GET.JOBS", "worker operations client console acme money"},
		{"read content", "$JS.API.DIRECT.GET.OBJ_airlock-content", "worker client acme money"},
		{"delete the consumer of triggers", "$JS.API.CONSUMER.DELETE.EVENTS.triggers", "worker operations client console acme money"},
		{"restore a stream", "$JS.API.STREAM.RESTORE.JOBS", "worker operations client console acme money"},
		{"list streams", "$JS.API.STREAM.NAMES", "worker operations client console acme money"},
		{"ask the server about others", "$SYS.REQ.SERVER.PING.CONNZ", "worker operations client console acme money"},
	}
	listens := []struct{ what, subject, refused string }{
		{"serve calls of an operation of Airlock", "airlock.call.*.query.credentials.get", "worker client console acme money"},
		{"serve an operation of its own", "airlock.call.*.query.acme.ocr", "worker client console money"},
		{"listen to all calls", "airlock.call.>", "worker operations client console acme money"},
		{"listen to another's inbox", bus.UserInbox("UAAA") + ".>", "worker operations client console acme money"},
		{"listen to all inboxes", "*.>", "worker operations client console acme money"},
		{"listen to everything", ">", "worker operations client console acme money"},
		{"listen to jobs", "airlock.job.>", "worker operations client console acme money"},
		{"hear the deals of all workers", "airlock.worker.deal.>", "operations client console acme money"},
		{"hear the deals of another extension", "airlock.worker.deal.money.w1.mail", "operations client console acme money"},
		{"hear what workers report", "airlock.dealer", "operations client console acme money"},
		{"listen to run records", "airlock.run.*", "worker operations client console acme money"},
		{"listen to what is installed", "$KV.>", "worker operations client console acme money"},
		{"listen to the server", "$SYS.>", "worker operations client console acme money"},
		{"keep the records of pools", "airlock.record.*.write", "operations client console acme money"},
		{"answer for the list of jobs", "airlock.api.jobs.list", "worker client console acme money"},
	}
	for _, name := range []string{"worker", "operations", "client", "console", "acme", "money"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := c.raw(t, name)
			check := func(what, verb, subject, refused string, send func() error) {
				t.Helper()
				if err := send(); err != nil {
					t.Fatal(err)
				}
				want := strings.Contains(" "+refused+" ", " "+name+" ")
				if said, is := r.refuses(verb, subject); is != want {
					t.Errorf("%s (%s %s): refused is %t, want %t; the server said last: %v", what, verb, subject, is, want, said)
				}
			}
			for _, p := range publishes {
				// An empty request harms nobody where it gets through: what it asks for is no JSON.
				check(p.what, "Publish", p.subject, p.refused, func() error { return r.PublishRequest(p.subject, r.inbox+".x", []byte("{")) })
			}
			for _, l := range listens {
				check(l.what, "Subscription", l.subject, l.refused, func() error {
					sub, err := r.QueueSubscribeSync(l.subject, "test")
					if err == nil && !strings.Contains(" "+l.refused+" ", " "+name+" ") {
						err = sub.Unsubscribe()
					}
					return err
				})
			}
		})
	}
}

// written is the answer to a request to write a record.
type written struct {
	Revision uint64
	Conflict bool
	Error    string
	Code     bus.Code
}

// A worker of a pool is taken over: raw connections with its key. What it gets is what its extensions may have.
func TestHostilePool(t *testing.T) {
	t.Parallel()
	c := start(t)
	_, worker := c.run(t)
	client := c.connect(t, "client")
	r := c.raw(t, "money")
	enqueue := func(extension string) *bus.Job {
		t.Helper()
		job := &bus.Job{Extension: extension, Name: "job", Library: uuid.New()}
		if err := client.Enqueue(t.Context(), job); err != nil {
			t.Fatal(err)
		}
		return job
	}
	write := func(as string, run *bus.Run, follows uint64) (answer written) {
		t.Helper()
		data, err := json.Marshal(map[string]any{"follows": follows, "record": run})
		if err != nil {
			t.Fatal(err)
		}
		reply, err := r.Request("airlock.record."+as+".write", data, 5*time.Second)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(reply.Data, &answer); err != nil {
			t.Fatal(err)
		}
		return answer
	}
	record := func(job *bus.Job) *bus.Run {
		return &bus.Run{Job: job.ID, Extension: job.Extension, Name: job.Name, Library: job.Library, Priority: job.Priority, CreatedAt: job.CreatedAt, State: bus.StateCompleted, Attempt: 1}
	}
	own, other := enqueue("finance"), enqueue("mail")

	t.Run("cannot end another extension's job, by whichever name", func(t *testing.T) {
		honest, renamed := record(other), record(other)
		renamed.Extension = "finance"
		for _, run := range []*bus.Run{honest, renamed} {
			if answer := write("finance", run, 0); answer.Code != bus.PermissionDenied {
				t.Errorf("as %s: %+v", run.Extension, answer)
			}
		}
		if _, err := client.Run(t.Context(), other.ID); bus.CodeOf(err) != bus.NotFound {
			t.Errorf("the job has a record: %v", err)
		}
	})
	t.Run("cannot make a job its own by saying so", func(t *testing.T) {
		for what, change := range map[string]func(*bus.Run){
			"name":    func(run *bus.Run) { run.Name = "other" },
			"library": func(run *bus.Run) { run.Library = uuid.New() },
			"parent":  func(run *bus.Run) { run.Parent = &other.ID },
			"id":      func(run *bus.Run) { run.Job = uuid.New() },
		} {
			run := record(own)
			change(run)
			if answer := write("finance", run, 0); answer.Code != bus.PermissionDenied {
				t.Errorf("another %s: %+v", what, answer)
			}
		}
	})
	t.Run("cannot have a person run again what it wrote", func(t *testing.T) {
		job := enqueue("finance")
		run := record(job)
		run.State, run.DeadLetter = bus.StateDead, &bus.DeadLetter{
			Subject: bus.JobSubject("mail", bus.Normal, job.Library, job.ID), Job: json.RawMessage(`{"extension":"mail"}`),
		}
		if answer := write("finance", run, 0); answer.Revision == 0 {
			t.Fatalf("its own record is refused: %+v", answer)
		}
		stored, err := client.Run(t.Context(), job.ID)
		if err != nil || stored.DeadLetter.Subject != bus.JobSubject("finance", bus.Normal, job.Library, job.ID) || strings.Contains(string(stored.DeadLetter.Job), "mail") {
			t.Errorf("the dead letter is %+v, %v", stored.DeadLetter, err)
		}
	})
	t.Run("cannot change an outcome", func(t *testing.T) {
		answer := write("finance", record(own), 0)
		if answer.Revision == 0 {
			t.Fatalf("its own record is refused: %+v", answer)
		}
		if again := write("finance", record(own), answer.Revision); again.Code != bus.FailedPrecondition {
			t.Errorf("an outcome is changed: %+v", again)
		}
		if again := write("finance", record(own), 0); !again.Conflict {
			t.Errorf("a write that follows nothing: %+v", again)
		}
	})
	t.Run("reads no record of others", func(t *testing.T) {
		if err := c.connect(t, "console").Cancel(t.Context(), other.ID); err != nil {
			t.Fatal(err)
		}
		data, _ := json.Marshal(map[string]any{"jobs": []uuid.UUID{own.ID, other.ID}})
		reply, err := r.Request("airlock.record.finance.read", data, 5*time.Second)
		if err != nil || !strings.Contains(string(reply.Data), own.ID.String()) || strings.Contains(string(reply.Data), other.ID.String()) {
			t.Errorf("it reads %s, %v", reply.Data, err)
		}
	})
	t.Run("has nothing published by asking for answers elsewhere", func(t *testing.T) {
		trusted := c.raw(t, "worker")
		heard, err := c.raw(t, "operations").SubscribeSync("airlock.call.*.query.mail.secret")
		if err != nil {
			t.Fatal(err)
		}
		for _, ask := range []string{
			bus.AccountPrefix + ".STREAM.INFO.KV_airlock-extensions",
			bus.AccountPrefix + ".DIRECT.GET.OBJ_airlock-calls.$O.airlock-calls.C.*", "airlock.call.finance.query.test.who",
		} {
			if err := r.Publish("$O.airlock-calls.C.x", []byte("x")); err != nil {
				t.Fatal(err)
			}
			for _, target := range []string{"airlock.call.mail.query.mail.secret", "$KV.airlock-extensions.mail", "airlock.job.mail.normal." + uuid.NewString() + "." + uuid.NewString()} {
				if err := r.PublishRequest(ask, target, nil); err != nil {
					t.Fatal(err)
				}
			}
		}
		if err := r.Flush(); err != nil || r.LastError() != nil {
			t.Fatalf("the requests are refused as such: %v, %v", err, r.LastError())
		}
		if msg, err := heard.NextMsg(300 * time.Millisecond); err == nil {
			t.Errorf("a call as mail arrives: %s %q", msg.Subject, msg.Data)
		}
		for stream, subject := range map[string]string{"KV_airlock-extensions": "$KV.airlock-extensions.mail", "JOBS": "airlock.job.mail.normal.*.*"} {
			msg, err := trusted.Request("$JS.API.DIRECT.GET."+stream+"."+subject, nil, 5*time.Second)
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(string(msg.Data), "io.nats") {
				t.Errorf("%s has %s", stream, msg.Data)
			}
		}
	})
	t.Run("is dealt no other extension's job, whatever it reports", func(t *testing.T) {
		deals, err := r.SubscribeSync("airlock.worker.deal.money.*.finance")
		if err != nil {
			t.Fatal(err)
		}
		beat := []byte(`{"worker":"liar","beat":{"slots":1000,"received":0,"epoch":0}}`)
		enqueue("mail")
		enqueue("finance")
		for range 5 {
			if err := r.Publish("airlock.dealer.money.finance", beat); err != nil {
				t.Fatal(err)
			}
		}
		msg, err := deals.NextMsg(5 * time.Second)
		if err != nil {
			t.Fatalf("it is dealt nothing: %v", err)
		}
		for ; err == nil; msg, err = deals.NextMsg(200 * time.Millisecond) {
			if of := msg.Header.Get("Airlock-Extension"); of != "finance" {
				t.Errorf("it is dealt a job of %s", of)
			}
		}
	})
	t.Run("cannot end a deal of another worker", func(t *testing.T) {
		honest := take(t, worker, "honest")
		a := <-honest
		for number := range uint64(200) {
			for epoch := range uint64(8) {
				data, _ := json.Marshal(map[string]any{"worker": "honest", "ended": []uint64{epoch<<32 | number}})
				if err := r.Publish("airlock.dealer.money.finance", data); err != nil {
					t.Fatal(err)
				}
			}
		}
		if err := r.Flush(); err != nil {
			t.Fatal(err)
		}
		status, err := worker.QueueStatus(t.Context())
		if err != nil || status.Running < 1 {
			t.Errorf("the dealer knows of %d running jobs, %v", status.Running, err)
		}
		a.Abandon()
	})
}

// A forger who is let through by NATS meets the same refusals at the service.
func TestClientHearsNothingOfOthers(t *testing.T) {
	t.Parallel()
	c := start(t)
	c.run(t)
	if _, err := c.dir.Add(fence.Member{Name: "second", Role: fence.Client}); err != nil {
		t.Fatal(err)
	}
	c.reload(t)
	first, second := c.raw(t, "client"), c.raw(t, "second")
	spy, err := second.SubscribeSync(first.inbox + ".>")
	if err != nil {
		t.Fatal(err)
	}
	if said, is := second.refuses("Subscription", first.inbox+".>"); !is {
		t.Errorf("listening to another client's inbox: %v", said)
	}
	if _, err := first.Request("airlock.api.queue.status", []byte("{}"), 5*time.Second); err != nil {
		t.Fatal(err)
	}
	if msg, err := spy.NextMsg(100 * time.Millisecond); err == nil {
		t.Errorf("it hears %s", msg.Data)
	}
	if _, err := nats.Connect(c.url, nats.RootCAs(c.dir.CA())); err == nil {
		t.Error("who has no key is let in")
	}
}
