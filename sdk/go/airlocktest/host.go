package airlocktest

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	airlock "github.com/airlock-run/airlock/sdk/go"
)

// Handler answers the calls of one method. The answer is encoded as JSON. An [*airlock.Error] reaches the job as it is, any other
// error as `internal`.
type Handler func(input json.RawMessage) (any, error)

// nothing is what an operation answers that has nothing to tell.
var nothing = json.RawMessage("null")

// Host runs jobs in a test. Its methods may be called from several goroutines.
type Host struct {
	t testing.TB

	mu          sync.Mutex
	job         airlock.UUID
	library     airlock.UUID
	attempt     int
	handlers    map[string]Handler
	failures    map[string][]error
	content     map[string][]byte
	events      map[string][]byte // data of events, by reference
	interrupt   func() airlock.Interrupt
	refuseSaves bool

	calls       []Call
	logs        []Log
	progress    []Progress
	warnings    []string
	checkpoints []json.RawMessage
	trace       []string
	bytes       int64
	items       int64

	subJobs subJobs
}

var _ airlock.Host = (*Host)(nil)

// New returns a host with in-memory vdfs, search, credentials, state, events and sub-jobs, empty settings, no model server, and no other operation.
func New(tb testing.TB) *Host {
	tb.Helper()
	h := &Host{
		t:         tb,
		job:       airlock.UUID{0x0a, 0x11, 0x0c, 0x4b, 0, 0, 0x40, 0, 0x80, 0, 0, 0, 0, 0, 0, 1},
		library:   airlock.UUID{0x11, 0xb4, 0xa4, 0x17, 0, 0, 0x40, 0, 0x80, 0, 0, 0, 0, 0, 0, 2},
		handlers:  map[string]Handler{},
		failures:  map[string][]error{},
		content:   map[string][]byte{},
		events:    map[string][]byte{},
		interrupt: func() airlock.Interrupt { return airlock.Continue },
	}
	h.Handle("query:test.ping", h.ping)
	newEntries(h).register(h)
	newCredentials().register(h)
	newState().register(h)
	h.Handle("action:events.publish", h.published)
	h.Handle("query:config.get", h.settings)
	h.Handle("action:notify.send", h.notified)
	h.Handle("query:vdfs.read_content", h.readContent)
	h.Handle("action:vdfs.write_content", h.writeContent)
	h.Handle("action:jobs.dispatch", h.subJobs.dispatch)
	h.Handle("query:jobs.status", h.subJobs.status)
	h.Handle("action:jobs.cancel", h.subJobs.cancel)
	for _, method := range []string{"query:ai.complete", "query:ai.extract", "query:ai.embed"} {
		h.Handle(method, noModel)
	}
	h.Handle("action:jobs.snooze", func(json.RawMessage) (any, error) { return nothing, nil })
	return h
}

// Handle answers a method's calls with handle, in place of what answered them before. A version or `.input` at a call's end is
// not looked at.
func (h *Host) Handle(method string, handle Handler) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.handlers[method] = handle
}

// FailNext makes the next call of a method fail with err; the one after that is answered as before. Called again it makes one more
// fail.
func (h *Host) FailNext(method string, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.failures[method] = append(h.failures[method], err)
}

// InterruptAt makes the nth check, counting from 1, and all after it answer with what.
func (h *Host) InterruptAt(n int, what airlock.Interrupt) {
	h.mu.Lock()
	defer h.mu.Unlock()
	checks := 0
	h.interrupt = func() airlock.Interrupt {
		if checks++; checks >= n {
			return what
		}
		return airlock.Continue
	}
}

// RefuseCheckpoints makes the host refuse to save, as it does to an attempt that a newer one has replaced.
func (h *Host) RefuseCheckpoints() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.refuseSaves = true
}

// Call answers a job's call.
func (h *Host) Call(method string, library *airlock.UUID, payload []byte) []byte {
	call := Call{Method: method, Payload: slices.Clone(payload)}
	if library != nil {
		call.Library = library.String()
	}
	h.mu.Lock()
	h.calls = append(h.calls, call)
	h.trace = append(h.trace, fmt.Sprintf("spacedrive_call(%s)", method))
	name := operation(method)
	handle, ok := h.handlers[name]
	if failures := h.failures[name]; len(failures) > 0 {
		h.failures[name] = failures[1:]
		handle, ok = func(json.RawMessage) (any, error) { return nil, failures[0] }, true
	}
	h.mu.Unlock()
	if !ok {
		return refusal(&airlock.Error{Code: airlock.Unavailable, Message: "no service answers " + method})
	}
	// The handler is called without the lock: it may ask the host what it has seen so far.
	out, err := handle(call.Payload)
	if err != nil {
		return refusal(err)
	}
	answer, err := json.Marshal(out)
	if err != nil {
		h.t.Errorf("airlocktest: encode the answer of %s: %v", method, err)
		return nil
	}
	return answer
}

// CallMany answers a job's calls one after the other.
func (h *Host) CallMany(calls []byte) []byte {
	var wire []struct {
		Method  string          `json:"method"`
		Library string          `json:"library_id"`
		Payload json.RawMessage `json:"payload"`
	}
	if err := json.Unmarshal(calls, &wire); err != nil {
		return refusal(&airlock.Error{Code: airlock.InvalidArgument, Message: err.Error()})
	}
	answers := make([]json.RawMessage, len(wire))
	for i, call := range wire {
		var library *airlock.UUID
		if call.Library != "" {
			id, err := airlock.ParseUUID(call.Library)
			if err != nil {
				answers[i] = refusal(&airlock.Error{Code: airlock.InvalidArgument, Message: err.Error()})
				continue
			}
			library = &id
		}
		answers[i] = h.Call(call.Method, library, call.Payload)
	}
	out, err := json.Marshal(answers)
	if err != nil {
		h.t.Errorf("airlocktest: encode answers: %v", err)
		return nil
	}
	return out
}

func (h *Host) ping(input json.RawMessage) (any, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return map[string]any{
		"pong": input, "extension": "test", "library_id": h.library.String(), "job_id": h.job.String(), "attempt": h.attempt,
	}, nil
}

// operation takes a version and an `.input` off a method.
func operation(method string) string {
	if i := strings.LastIndex(method, ".v"); i > 0 && len(method) > i+2 && strings.Trim(method[i+2:], "0123456789") == "" {
		method = method[:i]
	}
	return strings.TrimSuffix(method, ".input")
}

func refusal(err error) []byte {
	call := &airlock.Error{Code: airlock.Internal, Message: "internal error"}
	errors.As(err, &call)
	answer := map[string]any{"error": call.Message, "code": call.Code}
	if call.RetryAfter > 0 {
		answer["retry_after_ms"] = call.RetryAfter.Milliseconds()
	}
	out, _ := json.Marshal(answer) // strings and a number always encode
	return out
}
