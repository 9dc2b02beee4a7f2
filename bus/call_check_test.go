package bus_test

import (
	"context"
	"encoding/json"
	"maps"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/bus/bustest"
)

// Requests that no caller of ours would make, sent raw, and what the service answers to each. None of them reaches the operation.
func TestForgedCalls(t *testing.T) {
	t.Parallel()
	server := bustest.Start(t)
	conn := bustest.Connect(t, server)
	var served atomic.Int32
	service, err := conn.Serve(bus.ServiceConfig{Name: "test", Endpoints: []bus.Endpoint{
		bus.CallEndpoint(bus.Action, "test.do", nil, func(ctx context.Context, call *bus.Call) (json.RawMessage, error) {
			if err := conn.CheckCaller(ctx, call); err != nil {
				return nil, err
			}
			served.Add(1)
			return json.RawMessage(`"done"`), nil
		}),
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = service.Stop() })
	library := uuid.New()
	job := func(extension string, state bus.State, attempt uint64) string {
		run := &bus.Run{Job: uuid.New(), Extension: extension, Name: "job", Library: library, State: state, Attempt: attempt}
		bustest.PutRun(t, server, run)
		return run.Job.String()
	}
	running, others, over := job("finance", bus.StateRunning, 2), job("mail", bus.StateRunning, 2), job("finance", bus.StateCompleted, 2)
	waiting := &bus.Job{Extension: "finance", Name: "job", Library: library}
	if err := conn.Enqueue(t.Context(), waiting); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		extension string
		// header is what differs from a call in order; a value of "-" leaves the header out.
		header map[string]string
		twice  string
		says   string
	}{
		"in order":                        {says: `"done"`},
		"in order, of a first attempt":    {header: map[string]string{"Airlock-Job": waiting.ID.String(), "Airlock-Attempt": "1"}, says: `"done"`},
		"another extension's job":         {header: map[string]string{"Airlock-Job": others}, says: "permission_denied: job " + others + " is not one of finance"},
		"a job that is not there":         {header: map[string]string{"Airlock-Job": uuid.NewString(), "Airlock-Attempt": "1"}, says: "permission_denied: there is no job"},
		"a job that has ended":            {header: map[string]string{"Airlock-Job": over}, says: "failed_precondition: job " + over + " has ended"},
		"an old attempt":                  {header: map[string]string{"Airlock-Attempt": "1"}, says: "failed_precondition: attempt 1 of job " + running + " is over: attempt 2 runs"},
		"an attempt to come":              {header: map[string]string{"Airlock-Attempt": "3"}, says: "failed_precondition: attempt 3 of job " + running + " has not begun"},
		"a second attempt without record": {header: map[string]string{"Airlock-Job": waiting.ID.String()}, says: "failed_precondition: attempt 2 of job"},
		"attempt 0, as a person's":        {header: map[string]string{"Airlock-Attempt": "0"}, says: "attempts are counted from 1"},
		"an attempt that is no number":    {header: map[string]string{"Airlock-Attempt": "-1"}, says: "invalid_argument: header Airlock-Attempt"},
		"no job":                          {header: map[string]string{"Airlock-Job": uuid.Nil.String()}, says: "an extension calls from a job"},
		"no library":                      {header: map[string]string{"Airlock-Library": "-"}, says: "invalid_argument: header Airlock-Library"},
		"a library written another way":   {header: map[string]string{"Airlock-Library": "{" + library.String() + "}"}, says: "want a UUID in lower case"},
		"a job in capitals":               {header: map[string]string{"Airlock-Job": strings.ToUpper(running)}, says: "want a UUID in lower case"},
		"an extension it is not":          {header: map[string]string{"Airlock-Extension": "mail"}, says: "permission_denied: header Airlock-Extension"},
		"a look-alike on the subject":     {extension: "Finance", says: "invalid_argument: \"Finance\" is no id"},
		"an operator that is none":        {extension: "_operators", says: `invalid_argument: ".operators" is no id`},
		"two jobs":                        {twice: "Airlock-Job", says: "header Airlock-Job is there 2 times"},
		"two attempts":                    {twice: "Airlock-Attempt", says: "header Airlock-Attempt is there 2 times"},
		"two traces":                      {twice: "traceparent", says: "header traceparent is there 2 times"},
		"a header spelled otherwise":      {header: map[string]string{"airlock-job": others}, says: "want it spelled as in the protocol"},
		"a trace of 2 KB":                 {header: map[string]string{"tracestate": strings.Repeat("x", 2048)}, says: "header tracestate is 2048 bytes"},
		"no time":                         {header: map[string]string{"Airlock-Timeout-Ms": "-"}, says: "invalid_argument: header Airlock-Timeout-Ms"},
		"time that is over":               {header: map[string]string{"Airlock-Timeout-Ms": "0"}, says: "want milliseconds above 0"},
		"time for ever":                   {header: map[string]string{"Airlock-Timeout-Ms": "99999999999999"}, says: "want milliseconds above 0"},
		"a key of 600 bytes":              {header: map[string]string{"Airlock-Call-Key": strings.Repeat("k", 600)}, says: "invalid_argument: header Airlock-Call-Key"},
		"a key that is no text":           {header: map[string]string{"Airlock-Call-Key": "\xff"}, says: "invalid_argument: header Airlock-Call-Key"},
		"out of a stream":                 {header: map[string]string{"Nats-Stream": "ACTIVITY"}, says: "permission_denied: header Nats-Stream"},
		"a payload elsewhere":             {header: map[string]string{"Airlock-Content": "../../x 5"}, says: "invalid_argument: header Airlock-Content"},
	} {
		t.Run(name, func(t *testing.T) {
			before := served.Load()
			msg := nats.NewMsg("airlock.call.finance.action.test.do")
			if c.extension != "" {
				msg.Subject = "airlock.call." + c.extension + ".action.test.do"
			}
			header := map[string]string{
				"Airlock-Library": library.String(), "Airlock-Job": running, "Airlock-Attempt": "2", "Airlock-Timeout-Ms": "1000",
				"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
			}
			maps.Copy(header, c.header)
			for name, value := range header {
				if value != "-" {
					msg.Header[name] = []string{value}
				}
			}
			if c.twice != "" {
				msg.Header[c.twice] = append(msg.Header[c.twice], msg.Header[c.twice][0])
			}
			nc := rawConn(t, server)
			reply, err := nc.RequestMsg(msg, 5*time.Second)
			if err != nil {
				t.Fatal(err)
			}
			answer := string(reply.Data)
			if code := reply.Header.Get("Nats-Service-Error-Code"); code != "" {
				answer = code + ": " + reply.Header.Get("Nats-Service-Error")
			}
			if !strings.Contains(answer, c.says) {
				t.Errorf("it answers %s, want %s", answer, c.says)
			}
			if runs := served.Load() - before; (runs == 1) != strings.Contains(name, "in order") {
				t.Errorf("the operation runs %d times", runs)
			}
		})
	}

	t.Run("a server that delivers or answers on the subject of a call has no effect", func(t *testing.T) {
		nc := rawConn(t, server)
		before := served.Load()
		// What a job tells is kept, with the headers of a call in order; then the server is to publish it as a call.
		kept := nats.NewMsg(bus.ActivitySubject(uuid.New(), bus.ActivityLog))
		kept.Header = nats.Header{
			"Airlock-Library": {library.String()}, "Airlock-Job": {running}, "Airlock-Attempt": {"2"}, "Airlock-Timeout-Ms": {"1000"},
		}
		if _, err := nc.RequestMsg(kept, 5*time.Second); err != nil {
			t.Fatal(err)
		}
		const call = "airlock.call.finance.action.test.do"
		heard, err := nc.SubscribeSync(call)
		if err != nil {
			t.Fatal(err)
		}
		if err := nc.PublishRequest("$JS.API.DIRECT.GET.ACTIVITY."+kept.Subject, call, nil); err != nil {
			t.Fatal(err)
		}
		consumer := `{"stream_name":"ACTIVITY","config":{"name":"x","deliver_subject":"` + call + `","ack_policy":"none","filter_subject":"` + kept.Subject + `"}}`
		if _, err := nc.Request("$JS.API.CONSUMER.CREATE.ACTIVITY.x."+kept.Subject, []byte(consumer), 5*time.Second); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if _, err := heard.NextMsg(5 * time.Second); err != nil {
				t.Fatalf("the server does not publish it: %v", err)
			}
		}
		if err := service.Stop(); err != nil { // which waits for what it serves
			t.Fatal(err)
		}
		if runs := served.Load() - before; runs != 0 {
			t.Errorf("the operation runs %d times", runs)
		}
	})
}

// rawConn is a connection with none of our code.
func rawConn(t *testing.T, server *bus.Server) *nats.Conn {
	t.Helper()
	nc, err := nats.Connect("nats://airlock", nats.InProcessServer(server))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	return nc
}
