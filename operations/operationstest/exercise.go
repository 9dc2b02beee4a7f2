package operationstest

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"
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

// Example is an operation with what is needed to try it.
type Example struct {
	// Method is the operation's, "action:vdfs.create_entry".
	Method string
	// Input makes what a call needs and returns the input of one that succeeds. Each call of Input returns another one.
	Input func(tb testing.TB, h *Harness) any
	// InputFor is Input for a call that this job makes, where that matters. Default: Input, whoever calls.
	InputFor func(tb testing.TB, h *Harness, job uuid.UUID) any
	// AnyInput tells that the operation takes any JSON.
	AnyInput bool
	// Caller makes the job that calls. Default: any id.
	Caller func(tb testing.TB, h *Harness) uuid.UUID
	// BothKinds tells that there is an operation of this name that reads and one that changes.
	BothKinds bool
	// Owned tells that the input names something of the harness's library, which a call for another must not find.
	Owned bool
	// Bad are inputs that are invalid_argument, by what is wrong with them.
	Bad map[string]any
	// Effects counts the effects of an action so far. It grows by one with each input of Input that is executed.
	Effects func(tb testing.TB, h *Harness) int
}

// Exercise holds an operation to what every operation promises, on each kind of store.
func Exercise(t *testing.T, domain Domain, e Example) {
	t.Helper()
	storetest.Each(t, func(t *testing.T, newURL func(testing.TB) string) {
		// The cases share a harness one after the other: a server for each would take longer than all of them.
		h := New(t, newURL(t), domain)
		h.caller = e.Caller
		t.Run("ok", func(t *testing.T) { h.OK(t, e.Method, e.Input(t, h), new(json.RawMessage)) })
		t.Run("ok by reference", func(t *testing.T) { h.large(t, e) })
		t.Run("invalid_argument", func(t *testing.T) { h.invalid(t, e) })
		if !e.BothKinds {
			t.Run("not_found for the other kind", func(t *testing.T) {
				message := h.Refused(t, bus.NotFound, otherKind(e.Method), e.Input(t, h))
				if !strings.Contains(message, "call "+e.Method) {
					t.Errorf("message %q does not say what to call", message)
				}
			})
		}
		t.Run("ok from two services, one of which is stopped", func(t *testing.T) {
			h.Serve(t)
			h.OK(t, e.Method, e.Input(t, h), nil)
			h.StopOne(t)
			h.OK(t, e.Method, e.Input(t, h), nil)
		})
		if kind(e.Method) == bus.Query {
			t.Run("deadline_exceeded or cancelled for a caller who does not wait", func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				cancel()
				_, err := h.Conn.Call(ctx, h.NewCall(t, e.Method, e.Input(t, h)))
				if code := bus.CodeOf(err); code != bus.Cancelled && code != bus.DeadlineExceeded {
					t.Errorf("error is %v", err)
				}
				h.OK(t, e.Method, e.Input(t, h), nil)
			})
		}
		if e.Owned {
			t.Run("not_found for another library", func(t *testing.T) {
				if _, err := h.Call(t, e.Method, uuid.New(), e.Input(t, h)); bus.CodeOf(err) != bus.NotFound {
					t.Errorf("error is %v, want not_found", err)
				}
			})
		}
		if kind(e.Method) == bus.Action {
			h.action(t, e)
		}
	})
}

// large makes a call that no message carries: what is added is ignored, but it has to be fetched to know.
func (h *Harness) large(t *testing.T, e Example) {
	t.Helper()
	input := bytes.TrimSpace(encode(t, e.Input(t, h)))
	padding := []byte(`"airlock_padding": "` + strings.Repeat("x", bus.MaxPayload+1) + `"`)
	switch {
	case e.AnyInput && !bytes.HasPrefix(input, []byte("{")):
		input = []byte(`"` + strings.Repeat("x", bus.MaxPayload+1) + `"`)
	case len(input) < 2 || input[0] != '{':
		t.Fatalf("the input is %.100s, want an object", input)
	case string(input) == "{}":
		input = slices.Concat([]byte("{"), padding, []byte("}"))
	default:
		input = slices.Concat([]byte("{"), padding, []byte(","), input[1:])
	}
	h.OK(t, e.Method, input, nil)
}

func (h *Harness) invalid(t *testing.T, e Example) {
	t.Helper()
	for name, payload := range map[string]any{
		"a field twice": `{"airlock": 1, "airlock": 2}`, "broken JSON": `{"a": [1, }`, "two values": `{} {}`, "not UTF-8": "{\"a\": \"\xff\"}",
	} {
		t.Run(name, func(t *testing.T) {
			message := h.Refused(t, bus.InvalidArgument, e.Method, payload)
			if !strings.Contains(message, "byte ") {
				t.Errorf("message %q does not say where", message)
			}
		})
	}
	if !e.AnyInput {
		e.Bad = with(e.Bad, "nothing", "")
		e.Bad = with(e.Bad, "no object", `["a"]`)
		e.Bad = with(e.Bad, "an empty object", `{}`)
	}
	for name, payload := range e.Bad {
		t.Run(name, func(t *testing.T) { h.Refused(t, bus.InvalidArgument, e.Method, payload) })
	}
}

func with(m map[string]any, key string, value any) map[string]any {
	out := map[string]any{key: value}
	maps.Copy(out, m)
	return out
}

// action holds an action to what is promised of effects.
func (h *Harness) action(t *testing.T, e Example) {
	t.Helper()
	t.Run("a repeat has the same answer and no second effect", func(t *testing.T) {
		call := h.keyed(t, e)
		first := h.executes(t, e, call, 1)
		if again := h.executes(t, e, call, 0); !bytes.Equal(first, again) {
			t.Errorf("answers are %s, then %s", first, again)
		}
	})
	t.Run("a key with another request is executed", func(t *testing.T) {
		call, other := h.keyed(t, e), h.keyed(t, e)
		other.Job, other.Key = call.Job, call.Key
		h.executes(t, e, call, 1)
		h.executes(t, e, other, 1)
		h.executes(t, e, other, 0)
	})
	t.Run("a key of another job is another", func(t *testing.T) {
		call, other := h.keyed(t, e), h.keyed(t, e)
		other.Key = call.Key
		h.executes(t, e, call, 1)
		h.executes(t, e, other, 1)
	})
	t.Run("permission_denied for a job that is not there, or another extension's", func(t *testing.T) {
		gone, stolen := h.keyed(t, e), h.keyed(t, e)
		gone.Job, gone.Key = uuid.New(), ""
		stolen.Extension = "another-" + Extension
		for _, call := range []*bus.Call{gone, stolen} {
			before := e.Effects(t, h)
			if _, err := h.Conn.Call(t.Context(), call); bus.CodeOf(err) != bus.PermissionDenied {
				t.Errorf("error is %v, want permission_denied", err)
			}
			if after := e.Effects(t, h); after != before {
				t.Errorf("%d effects of a refused call", after-before)
			}
		}
	})
	t.Run("failed_precondition for an old attempt", func(t *testing.T) {
		call := h.keyed(t, e)
		call.Job = h.Attempts(t, 2)
		if e.InputFor != nil {
			call.Payload = encode(t, e.InputFor(t, h, call.Job))
		}
		h.refusesWithoutEffect(t, e, call)
		call.Attempt = 2
		h.executes(t, e, call, 1)
	})
	t.Run("failed_precondition for a job that has ended", func(t *testing.T) {
		call := h.keyed(t, e)
		call.Job = h.Ended(t)
		h.refusesWithoutEffect(t, e, call)
	})
	t.Run("a person's call is not fenced", func(t *testing.T) {
		call := h.keyed(t, e)
		call.Extension, call.Job, call.Attempt, call.Key = bus.Operator, uuid.Nil, 0, ""
		h.executes(t, e, call, 1)
	})
	t.Run("identical calls to two services at once have one effect", func(t *testing.T) {
		h.Serve(t)
		call, before := h.keyed(t, e), e.Effects(t, h)
		answers := make([]json.RawMessage, 16)
		var wg sync.WaitGroup
		for i := range answers {
			wg.Go(func() {
				own := *call // which takes what answering it cost
				var err error
				if answers[i], err = h.Conn.Call(t.Context(), &own); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		for _, answer := range answers {
			if !bytes.Equal(answer, answers[0]) {
				t.Errorf("answers are %s and %s", answers[0], answer)
			}
		}
		if got := e.Effects(t, h) - before; got != 1 {
			t.Errorf("%d effects, want 1", got)
		}
	})
	t.Run("calls of a service that is cut off have one effect each", func(t *testing.T) { h.cutOff(t, e) })
	t.Run("deadline_exceeded without effect", func(t *testing.T) { h.deadline(t, e) }) // last: it stops the services
}

// cutOff has calls served by two services, of which one loses its connection as a process does that is killed: what it was asked and has not
// answered is asked again by its key.
func (h *Harness) cutOff(t *testing.T, e Example) {
	t.Helper()
	const calls = 8
	dying := bustest.Connect(t, h.server)
	service, err := operations.Serve(dying, operations.Config{Name: "test", Store: h.DB}, h.domain(t, dying, h.DB)...)
	if err != nil {
		t.Fatal(err)
	}
	keyed := make([]*bus.Call, calls)
	for i := range keyed {
		keyed[i] = h.keyed(t, e)
	}
	before := e.Effects(t, h)
	var wg sync.WaitGroup
	for i, call := range keyed {
		wg.Go(func() {
			if i == calls/2 {
				dying.Close()
			}
			for range 30 {
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				_, err := h.Conn.Call(ctx, call)
				cancel()
				if code := bus.CodeOf(err); err == nil || code != bus.DeadlineExceeded && code != bus.Unavailable && code != bus.Cancelled {
					if err != nil {
						t.Error(err)
					}
					return
				}
			}
			t.Error("not answered in 30 tries")
		})
	}
	wg.Wait()
	_ = service.Stop() // it cannot say so any more
	if got := e.Effects(t, h) - before; got != calls {
		t.Errorf("%d effects of %d calls", got, calls)
	}
}

func (h *Harness) keyed(tb testing.TB, e Example) *bus.Call {
	tb.Helper()
	call := h.NewCall(tb, e.Method, e.Input(tb, h))
	call.Key = call.Job.String() + "/" + call.Hash() + "/0"
	return call
}

func (h *Harness) executes(t *testing.T, e Example, call *bus.Call, effects int) json.RawMessage {
	t.Helper()
	before := e.Effects(t, h)
	answer, err := h.Conn.Call(t.Context(), call)
	if err != nil {
		t.Fatal(err)
	}
	if got := e.Effects(t, h) - before; got != effects {
		t.Errorf("%d effects, want %d", got, effects)
	}
	return answer
}

func (h *Harness) refusesWithoutEffect(t *testing.T, e Example, call *bus.Call) {
	t.Helper()
	before := e.Effects(t, h)
	if _, err := h.Conn.Call(t.Context(), call); bus.CodeOf(err) != bus.FailedPrecondition {
		t.Errorf("error is %v, want failed_precondition", err)
	}
	if got := e.Effects(t, h) - before; got != 0 {
		t.Errorf("%d effects, want none", got)
	}
}

// deadline calls while another transaction is in the way for longer than the caller waits.
func (h *Harness) deadline(t *testing.T, e Example) {
	t.Helper()
	call, before := h.keyed(t, e), e.Effects(t, h)
	err := h.DB.Write(t.Context(), func(tx *store.Tx) error {
		if h.DB.Dialect() == store.PostgreSQL {
			if _, err := tx.Exec(t.Context(), `LOCK TABLE calls IN ACCESS EXCLUSIVE MODE`); err != nil {
				return err
			}
		}
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		if _, err := h.Conn.Call(ctx, call); bus.CodeOf(err) != bus.DeadlineExceeded {
			t.Errorf("error is %v, want deadline_exceeded", err)
		}
		h.Stop(t)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := e.Effects(t, h) - before; got != 0 {
		t.Errorf("%d effects, want none", got)
	}
}
