package bus_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/bus/bustest"
)

func serve(t *testing.T, conn *bus.Conn, concurrency int, handle bus.CallHandler) *bus.Service {
	t.Helper()
	service, err := conn.Serve(bus.ServiceConfig{
		Name: "test", Concurrency: concurrency,
		Endpoints: []bus.Endpoint{bus.CallEndpoint(bus.Query, "test.ping", nil, handle)},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := service.Stop(); err != nil {
			t.Error(err)
		}
	})
	return service
}

func newCall() *bus.Call {
	return &bus.Call{
		Extension: "com.example.x", Kind: bus.Query, Operation: "test.ping", Version: "v1",
		Library: uuid.New(), Job: uuid.New(), Attempt: 7, Key: "k", Payload: json.RawMessage(`{"a":1}`),
	}
}

func TestCallArrivesAsSent(t *testing.T) {
	t.Parallel()
	conn := bustest.New(t)
	got := make(chan *bus.Call, 1)
	serve(t, conn, 0, func(ctx context.Context, call *bus.Call) (json.RawMessage, error) {
		if deadline, ok := ctx.Deadline(); !ok || time.Until(deadline) > time.Minute {
			t.Errorf("the service has until %v", deadline)
		}
		got <- call
		return json.RawMessage(`"pong"`), nil
	})
	call := newCall()
	answer, err := conn.Call(t.Context(), call)
	if err != nil || string(answer) != `"pong"` {
		t.Fatalf("answer %s, %v", answer, err)
	}
	if diff := cmp.Diff(call, <-got); diff != "" {
		t.Errorf("call (-sent +served):\n%s", diff)
	}
}

func TestCallErrors(t *testing.T) {
	t.Parallel()
	conn := bustest.New(t)
	serve(t, conn, 0, func(ctx context.Context, call *bus.Call) (json.RawMessage, error) {
		switch string(call.Payload) {
		case `"wire"`:
			return nil, &bus.Error{Code: bus.ResourceExhausted, Message: "full\nup", RetryAfter: 1500 * time.Millisecond}
		case `"internal"`:
			return nil, errors.New("the password is hunter2")
		case `"panic"`:
			panic("hunter2")
		case `"large"`:
			return make(json.RawMessage, bus.MaxCall+1), nil
		default:
			<-ctx.Done()
			return nil, ctx.Err()
		}
	})
	cases := map[string]struct {
		payload string
		want    *bus.Error
	}{
		"wire":     {`"wire"`, &bus.Error{Code: bus.ResourceExhausted, Message: "full\nup", RetryAfter: 1500 * time.Millisecond}},
		"internal": {`"internal"`, &bus.Error{Code: bus.Internal}},
		"panic":    {`"panic"`, &bus.Error{Code: bus.Internal}},
		"large":    {`"large"`, &bus.Error{Code: bus.ResourceExhausted}},
		"deadline": {`"wait"`, &bus.Error{Code: bus.DeadlineExceeded}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			if name == "deadline" {
				ctx, cancel = context.WithTimeout(t.Context(), 50*time.Millisecond)
			}
			defer cancel()
			call := newCall()
			call.Payload = json.RawMessage(c.payload)
			_, err := conn.Call(ctx, call)
			var got *bus.Error
			if !errors.As(err, &got) || got.Code != c.want.Code || got.RetryAfter != c.want.RetryAfter {
				t.Fatalf("error %v, want %v", err, c.want)
			}
			if c.want.Message != "" && got.Message != c.want.Message {
				t.Errorf("message %q, want %q", got.Message, c.want.Message)
			}
			if strings.Contains(got.Message, "hunter2") {
				t.Errorf("the caller is told %q", got.Message)
			}
		})
	}
	t.Run("no service", func(t *testing.T) {
		t.Parallel()
		call := newCall()
		call.Operation = "test.pong"
		start := time.Now()
		if _, err := conn.Call(t.Context(), call); bus.CodeOf(err) != bus.Unavailable {
			t.Errorf("error %v, want unavailable", err)
		}
		if took := time.Since(start); took > 5*time.Second {
			t.Errorf("it took %s, which is not at once", took)
		}
	})
	t.Run("payload too large", func(t *testing.T) {
		t.Parallel()
		call := newCall()
		call.Payload = make(json.RawMessage, bus.MaxCall+1)
		if _, err := conn.Call(t.Context(), call); bus.CodeOf(err) != bus.InvalidArgument {
			t.Errorf("error %v, want invalid_argument", err)
		}
	})
}

// A service that is full refuses at once, and the caller finds a place as soon as there is one.
func TestCallWaitsForAPlace(t *testing.T) {
	t.Parallel()
	conn := bustest.New(t)
	var mu sync.Mutex
	running, most := 0, 0
	serve(t, conn, 2, func(context.Context, *bus.Call) (json.RawMessage, error) {
		mu.Lock()
		running++
		most = max(most, running)
		mu.Unlock()
		<-time.After(5 * time.Millisecond)
		mu.Lock()
		running--
		mu.Unlock()
		return json.RawMessage("1"), nil
	})
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if _, err := conn.Call(t.Context(), newCall()); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if most > 2 {
		t.Errorf("%d calls ran at once, want at most 2", most)
	}
}

func TestServiceRefusesMalformedCalls(t *testing.T) {
	t.Parallel()
	server := bustest.Start(t)
	conn := bustest.Connect(t, server)
	serve(t, conn, 0, func(context.Context, *bus.Call) (json.RawMessage, error) {
		t.Error("a malformed call was served")
		return nil, nil
	})
	for name, header := range map[string]map[string]string{
		"no headers":   {},
		"bad library":  {"Airlock-Library": "x", "Airlock-Job": uuid.NewString(), "Airlock-Attempt": "1", "Airlock-Timeout-Ms": "10"},
		"bad job":      {"Airlock-Library": uuid.NewString(), "Airlock-Job": "", "Airlock-Attempt": "1", "Airlock-Timeout-Ms": "10"},
		"bad attempt":  {"Airlock-Library": uuid.NewString(), "Airlock-Job": uuid.NewString(), "Airlock-Attempt": "-1", "Airlock-Timeout-Ms": "10"},
		"no time left": {"Airlock-Library": uuid.NewString(), "Airlock-Job": uuid.NewString(), "Airlock-Attempt": "1", "Airlock-Timeout-Ms": "0"},
	} {
		reply := bustest.Request(t, server, bus.CallSubject("x", bus.Query, "test.ping"), header, nil)
		if !strings.Contains(string(reply), `"code":"invalid_argument"`) {
			t.Errorf("%s: answered %s", name, reply)
		}
	}
}

func TestCallHash(t *testing.T) {
	t.Parallel()
	call := newCall()
	same := *call
	same.Job, same.Attempt, same.Key, same.Version = uuid.New(), 9, "", ""
	if call.Hash() != same.Hash() {
		t.Error("the hash depends on who calls")
	}
	for name, change := range map[string]func(*bus.Call){
		"kind":      func(c *bus.Call) { c.Kind = bus.Action },
		"operation": func(c *bus.Call) { c.Operation = "test.pin" },
		"library":   func(c *bus.Call) { c.Library = uuid.New() },
		"payload":   func(c *bus.Call) { c.Payload = json.RawMessage(`{"a":2}`) },
	} {
		other := *call
		change(&other)
		if call.Hash() == other.Hash() {
			t.Errorf("the hash does not depend on the %s", name)
		}
	}
}

func BenchmarkCall(b *testing.B) {
	conn := bustest.New(b)
	service, err := conn.Serve(bus.ServiceConfig{Name: "test", Endpoints: []bus.Endpoint{
		bus.CallEndpoint(bus.Query, "test.ping", nil, func(_ context.Context, call *bus.Call) (json.RawMessage, error) {
			return call.Payload, nil
		}),
	}})
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = service.Stop() }()
	call := newCall()
	for b.Loop() {
		if _, err := conn.Call(b.Context(), call); err != nil {
			b.Fatal(err)
		}
	}
}

// A call that was under way when the connection was lost is made again when it is back, if doing it twice is harmless.
func TestCallIsMadeAgain(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		kind bus.Kind
		key  string
		want int32
	}{
		"what reads": {bus.Query, "", 2}, "an action with a key": {bus.Action, "k", 2}, "not an action without": {bus.Action, "", 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := bustest.Start(t)
			serving := bustest.Connect(t, server)
			bad := bustest.NewProxy(t, server)
			caller := bad.Connect(t)
			var calls atomic.Int32
			arrived, over := make(chan struct{}), make(chan struct{})
			defer close(over)
			handle := func(context.Context, *bus.Call) (json.RawMessage, error) {
				if calls.Add(1) == 1 {
					close(arrived)
					<-over // its answer would be too late
				}
				return json.RawMessage(`"pong"`), nil
			}
			service, err := serving.Serve(bus.ServiceConfig{
				Name: "test", Endpoints: []bus.Endpoint{bus.CallEndpoint(c.kind, "test.ping", nil, handle)},
			})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = service.Stop() })
			call := newCall()
			call.Kind, call.Key = c.kind, c.key
			go func() {
				<-arrived
				bad.Cut()
				bad.Heal()
			}()
			wait, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			if c.want == 1 {
				wait, cancel = context.WithTimeout(t.Context(), 2*time.Second)
				defer cancel()
			}
			answer, err := caller.Call(wait, call)
			if got := calls.Load(); got != c.want {
				t.Errorf("it arrived %d times, want %d", got, c.want)
			}
			if again := string(answer) == `"pong"`; again != (c.want == 2) {
				t.Errorf("answer %s, %v", answer, err)
			}
		})
	}
}
