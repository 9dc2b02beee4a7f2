package bus_test

import (
	"bytes"
	"context"
	"encoding/json"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/bus/bustest"
)

func serveSizes(t *testing.T, conn *bus.Conn) {
	t.Helper()
	service, err := conn.Serve(bus.ServiceConfig{Name: "sizes", Endpoints: []bus.Endpoint{
		bus.CallEndpoint(bus.Query, "test.echo", nil, func(_ context.Context, call *bus.Call) (json.RawMessage, error) {
			return call.Payload, nil
		}),
		bus.CallEndpoint(bus.Query, "test.size", nil, func(_ context.Context, call *bus.Call) (json.RawMessage, error) {
			return json.Marshal(len(call.Payload))
		}),
		bus.CallEndpoint(bus.Query, "test.make", nil, func(_ context.Context, call *bus.Call) (json.RawMessage, error) {
			var size int
			err := json.Unmarshal(call.Payload, &size)
			return largeJSON(size), err
		}),
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = service.Stop() })
}

func callOf(operation string, payload json.RawMessage) *bus.Call {
	return &bus.Call{Extension: "a", Kind: bus.Query, Operation: operation, Library: uuid.New(), Job: uuid.New(), Attempt: 1, Payload: payload}
}

func TestLargeCalls(t *testing.T) {
	t.Parallel()
	server := bustest.Start(t)
	conn := bustest.Connect(t, server)
	serveSizes(t, conn)
	edge := bus.MaxPayload - bus.HeaderRoom
	for name, size := range map[string]int{"at the edge of a message": edge, "beyond it": edge + 1, "50 MiB": 50 << 20} {
		t.Run(name, func(t *testing.T) {
			call := callOf("test.echo", largeJSON(size))
			start := time.Now()
			answer, err := conn.Call(t.Context(), call)
			if err != nil || !bytes.Equal(answer, call.Payload) {
				t.Fatalf("answer of %d bytes, error %v", len(answer), err)
			}
			t.Logf("%d bytes there and back in %s", size, time.Since(start).Round(time.Millisecond))
		})
	}
	t.Run("nothing is left behind", func(t *testing.T) {
		nc, err := nats.Connect("nats://airlock", nats.InProcessServer(server))
		if err != nil {
			t.Fatal(err)
		}
		defer nc.Close()
		js, err := jetstream.New(nc)
		if err != nil {
			t.Fatal(err)
		}
		stream, err := js.Stream(t.Context(), "OBJ_airlock-calls")
		if err != nil {
			t.Fatal(err)
		}
		info := stream.CachedInfo()
		if info.State.Bytes > 10_000 || info.Config.MaxAge != time.Hour {
			t.Errorf("%d bytes are left, for %s", info.State.Bytes, info.Config.MaxAge)
		}
	})
	t.Run("too large a payload", func(t *testing.T) {
		_, err := conn.Call(t.Context(), callOf("test.size", largeJSON(bus.MaxCall+1)))
		if bus.CodeOf(err) != bus.InvalidArgument || !strings.Contains(err.Error(), "payload of query:test.size is 104857601 bytes, at most 104857600 are possible") {
			t.Errorf("error is %v", err)
		}
	})
	t.Run("too large an answer", func(t *testing.T) {
		_, err := conn.Call(t.Context(), callOf("test.make", json.RawMessage("104857601")))
		if bus.CodeOf(err) != bus.ResourceExhausted || !strings.Contains(err.Error(), "at most 104857600 are possible") {
			t.Errorf("error is %v", err)
		}
	})
	t.Run("an answer larger than the caller wants", func(t *testing.T) {
		call := callOf("test.make", json.RawMessage("9000000"))
		call.MaxAnswer = 8 << 20
		_, err := conn.Call(t.Context(), call)
		if bus.CodeOf(err) != bus.ResourceExhausted || !strings.Contains(err.Error(), "the answer of query:test.make: it is 9000000 bytes, at most 8388608") {
			t.Errorf("error is %v", err)
		}
	})
	t.Run("no service", func(t *testing.T) {
		_, err := conn.Call(t.Context(), callOf("test.nobody", largeJSON(9<<20)))
		if bus.CodeOf(err) != bus.Unavailable {
			t.Errorf("error is %v", err)
		}
	})
}

func TestReferencesAreNotBelieved(t *testing.T) {
	t.Parallel()
	server := bustest.Start(t)
	serveSizes(t, bustest.Connect(t, server))
	header := func(content string) map[string]string {
		return map[string]string{
			"Airlock-Library": uuid.NewString(), "Airlock-Job": uuid.NewString(), "Airlock-Attempt": "1", "Airlock-Timeout-Ms": "5000",
			"Airlock-Content": content,
		}
	}
	for content, want := range map[string]string{
		"me":                              `"code":"invalid_argument"`,
		"../../etc/passwd 10":             `"code":"invalid_argument"`,
		uuid.NewString():                  `"code":"invalid_argument"`,
		uuid.NewString() + " -1":          `"code":"invalid_argument"`,
		uuid.NewString() + " 104857601":   `"code":"invalid_argument"`,
		uuid.NewString() + " 5 and a bit": `"code":"invalid_argument"`,
		uuid.NewString() + " 9999999":     `"code":"invalid_argument"`,
		uuid.NewString() + " 9999999 " + strings.Repeat("A", 43): `there is nothing any more`,
	} {
		answer := bustest.Request(t, server, bus.CallSubject("a", bus.Query, "test.size"), header(content), nil)
		if !strings.Contains(string(answer), want) {
			t.Errorf("%s: answer is %s", content, answer)
		}
	}
}

// What goes by reference cannot be read in its bucket, and what is put in its place is found out.
func TestReferencesAreSealed(t *testing.T) {
	t.Parallel()
	server := bustest.Start(t)
	conn := bustest.Connect(t, server)
	nc, err := nats.Connect("nats://airlock", nats.InProcessServer(server))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	bucket, err := js.ObjectStore(t.Context(), "airlock-calls")
	if err != nil {
		t.Fatal(err)
	}
	// Between the caller and the service, somebody who may use the bucket.
	_, err = nc.Subscribe(bus.CallSubject("a", bus.Query, "test.tapped"), func(msg *nats.Msg) {
		name, _, _ := strings.Cut(msg.Header.Get("Airlock-Content"), " ")
		data, err := bucket.GetBytes(context.Background(), name)
		if err != nil || bytes.Contains(data, bytes.Repeat([]byte("x"), 64)) {
			t.Errorf("the bucket has %.80q, %v", data, err)
			return
		}
		data[len(data)/2] ^= 1
		if _, err := bucket.PutBytes(context.Background(), name, data); err != nil {
			t.Error(err)
		}
		forward := nats.NewMsg(bus.CallSubject("a", bus.Query, "test.size"))
		forward.Reply, forward.Header = msg.Reply, msg.Header
		if err := nc.PublishMsg(forward); err != nil {
			t.Error(err)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	serveSizes(t, conn)
	payload := json.RawMessage(`"` + strings.Repeat("x", 9<<20) + `"`)
	if answer, err := conn.Call(t.Context(), callOf("test.tapped", payload)); bus.CodeOf(err) != bus.PermissionDenied {
		t.Errorf("the service takes it: %s, %v", answer, err)
	}
}

// What many large calls at once hold in memory is bounded: of their payloads and answers no more is fetched at a time than there is
// room for.
func TestLargeCallsAtOnce(t *testing.T) {
	t.Parallel()
	conn := bustest.New(t)
	serveSizes(t, conn)
	payload := largeJSON(40 << 20)
	peak := watchMemory(t)
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	defer cancel()
	errs := make(chan error)
	for range 16 {
		go func() {
			answer, err := conn.Call(ctx, callOf("test.size", payload))
			if err == nil && string(answer) != "41943040" {
				err = bus.Errorf(bus.Internal, "answer is %s", answer)
			}
			errs <- err
		}()
	}
	for range 16 {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	t.Logf("16 calls with 40 MiB each, at most %d MiB of heap", peak()>>20)
}

// watchMemory returns what tells the most heap there was since.
func watchMemory(t *testing.T) (peak func() uint64) {
	t.Helper()
	stop, result := make(chan struct{}), make(chan uint64)
	go func() {
		var most uint64
		for {
			var stats runtime.MemStats
			runtime.ReadMemStats(&stats)
			most = max(most, stats.HeapAlloc)
			select {
			case <-stop:
				result <- most
				return
			case <-time.After(10 * time.Millisecond):
			}
		}
	}()
	return func() uint64 {
		close(stop)
		return <-result
	}
}
