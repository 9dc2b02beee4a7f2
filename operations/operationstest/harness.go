// Package operationstest tries operations as guests meet them: over a real bus, in front of a real database.
//
// New starts an embedded NATS server, sets up its streams, opens a store and serves a domain; Harness.Call is a guest's
// call. Exercise holds an operation to what every operation promises, on SQLite and on PostgreSQL. Packages that use it
// call pgtest.Main in their TestMain.
package operationstest

import (
	"context"
	"encoding/json"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/bus/bustest"
	"github.com/airlock-run/airlock/operations"
	"github.com/airlock-run/airlock/operations/store"
	"github.com/airlock-run/airlock/operations/store/storetest"
)

// Extension is who calls in tests.
const Extension = "com.example.test"

// Domain makes the operations that are tried.
type Domain func(tb testing.TB, conn *bus.Conn, db *store.DB) []operations.Operation

// Harness is a bus, a store and a service of one domain. It ends with its test.
type Harness struct {
	Conn *bus.Conn
	DB   *store.DB
	// Library is the one that calls are for unless they say another.
	Library uuid.UUID

	server   *bus.Server
	domain   Domain
	caller   func(testing.TB, *Harness) uuid.UUID
	services []*bus.Service
	queue    func() *bus.Queue
}

// New starts a harness on the store of a URL.
func New(tb testing.TB, url string, domain Domain) *Harness {
	tb.Helper()
	server := bustest.Start(tb)
	h := &Harness{Conn: bustest.Connect(tb, server), server: server, DB: storetest.Open(tb, url), Library: uuid.New(), domain: domain}
	h.queue = sync.OnceValue(func() *bus.Queue {
		return bustest.Queue(tb, h.Conn, bus.QueueConfig{Worker: "test", Slots: 8})
	})
	tb.Cleanup(func() { h.Stop(tb) })
	h.Serve(tb)
	return h
}

// Serve starts one more service of the domain, as another process would.
func (h *Harness) Serve(tb testing.TB) {
	tb.Helper()
	service, err := operations.Serve(h.Conn, operations.Config{
		Name: "test", Store: h.DB, Logger: slog.New(slog.NewTextHandler(tb.Output(), nil)),
	}, h.domain(tb, h.Conn, h.DB)...)
	if err != nil {
		tb.Fatal(err)
	}
	h.services = append(h.services, service)
}

// Stop ends the services; when it returns no call runs any more.
func (h *Harness) Stop(tb testing.TB) {
	tb.Helper()
	for _, service := range h.services {
		if err := service.Stop(); err != nil {
			tb.Error(err)
		}
	}
	h.services = nil
}

// StopOne ends the service that was started last, after the calls that it runs.
func (h *Harness) StopOne(tb testing.TB) {
	tb.Helper()
	last := len(h.services) - 1
	if err := h.services[last].Stop(); err != nil {
		tb.Error(err)
	}
	h.services = h.services[:last]
}

// Call calls a method for a library as a guest does. The payload is sent as it is when it is a string or bytes, and
// otherwise as JSON.
func (h *Harness) Call(tb testing.TB, method string, library uuid.UUID, payload any) (json.RawMessage, error) {
	tb.Helper()
	call := h.NewCall(tb, method, payload)
	call.Library = library
	return h.Conn.Call(tb.Context(), call)
}

// OK makes a call for the harness's library that must succeed, and decodes its output into out, which may be nil.
func (h *Harness) OK(tb testing.TB, method string, payload, out any) {
	tb.Helper()
	answer, err := h.Call(tb, method, h.Library, payload)
	if err != nil {
		tb.Fatalf("%s: %v", method, err)
	}
	if out == nil {
		return
	}
	if err := json.Unmarshal(answer, out); err != nil {
		tb.Fatalf("%s answered %s: %v", method, answer, err)
	}
}

// Refused makes a call for the harness's library that must fail with a code, and returns the sentence.
func (h *Harness) Refused(tb testing.TB, code bus.Code, method string, payload any) string {
	tb.Helper()
	answer, err := h.Call(tb, method, h.Library, payload)
	if err == nil {
		tb.Fatalf("%s answered %.200s, want %s", method, answer, code)
	}
	if bus.CodeOf(err) != code {
		tb.Errorf("%s: error is %v, want %s", method, err, code)
	}
	return bus.AsError(err).Message
}

// NewCall makes a call of a job of its own, in its first attempt and without a key.
func (h *Harness) NewCall(tb testing.TB, method string, payload any) *bus.Call {
	tb.Helper()
	var job uuid.UUID
	if h.caller != nil {
		job = h.caller(tb, h)
	} else {
		job = uuid.New()
		bustest.PutRun(tb, h.server, &bus.Run{Job: job, Extension: Extension, Name: "test", Library: h.Library, State: bus.StateRunning, Attempt: 1})
	}
	return &bus.Call{
		Extension: Extension, Kind: kind(method), Operation: operation(method), Library: h.Library, Job: job, Attempt: 1,
		Payload: encode(tb, payload),
	}
}

// NewPersonsCall makes a call as a person's tool does.
func (h *Harness) NewPersonsCall(tb testing.TB, method string, payload any) *bus.Call {
	tb.Helper()
	return &bus.Call{Extension: bus.Operator, Kind: kind(method), Operation: operation(method), Library: h.Library, Payload: encode(tb, payload)}
}

// Deal has jobs dealt, as where a worker runs.
func (h *Harness) Deal() { h.queue() }

// Attempts makes a job and begins attempts of it until the newest one is n, at least 2. It returns the job.
func (h *Harness) Attempts(tb testing.TB, n uint64) uuid.UUID {
	tb.Helper()
	attempt := h.begin(tb)
	for attempt.Token < n {
		if err := attempt.HandBack(tb.Context(), bus.Report{}); err != nil {
			tb.Fatal(err)
		}
		attempt = h.Begin(tb)
	}
	tb.Cleanup(attempt.Abandon)
	return attempt.Job.ID
}

// Ended makes a job that has ended, and returns it.
func (h *Harness) Ended(tb testing.TB) uuid.UUID {
	tb.Helper()
	attempt := h.begin(tb)
	if err := attempt.End(tb.Context(), bus.Outcome{State: bus.StateCompleted}); err != nil {
		tb.Fatal(err)
	}
	return attempt.Job.ID
}

func (h *Harness) begin(tb testing.TB) *bus.Attempt {
	tb.Helper()
	if err := h.Conn.Enqueue(tb.Context(), &bus.Job{Extension: Extension, Name: "test", Library: h.Library}); err != nil {
		tb.Fatal(err)
	}
	return h.Begin(tb)
}

// Begin begins an attempt of the job whose turn it is.
func (h *Harness) Begin(tb testing.TB) *bus.Attempt {
	tb.Helper()
	ctx, cancel := context.WithTimeout(tb.Context(), 20*time.Second)
	defer cancel()
	delivery, err := h.queue().Next(ctx)
	if err != nil {
		tb.Fatal(err)
	}
	attempt, err := delivery.Begin(ctx)
	if err != nil {
		tb.Fatal(err)
	}
	return attempt
}
