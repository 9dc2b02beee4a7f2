package bus

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// startBus starts a server and connects to it, for tests that see inside.
func startBus(tb testing.TB) (*Server, *Conn) {
	tb.Helper()
	server, err := StartServer(tb.Context(), ServerConfig{Dir: tb.TempDir()})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(server.Stop)
	return server, connectTo(tb, server)
}

func connectTo(tb testing.TB, server *Server) *Conn {
	tb.Helper()
	conn, err := Connect(Config{Server: server})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(conn.Close)
	if err := conn.Setup(tb.Context()); err != nil {
		tb.Fatal(err)
	}
	return conn
}

func recordOf(id uuid.UUID, follows uint64) *nats.Msg {
	msg := nats.NewMsg(RunSubject(id))
	msg.Data = []byte(`{}`)
	msg.Header.Set(jetstream.ExpectedLastSubjSeqHeader, strconv.FormatUint(follows, 10))
	return msg
}

// Of a group that goes together each has its own answer.
func TestCommitRefusesOneOfMany(t *testing.T) {
	t.Parallel()
	_, conn := startBus(t)
	var wg sync.WaitGroup
	var mu sync.Mutex
	refused, kept := 0, map[uint64]bool{}
	for i := range 500 {
		follows := uint64(0)
		if i%100 == 50 {
			follows = 7
		}
		wg.Add(1)
		conn.records.submit(recordOf(uuid.New(), follows), func(sequence uint64, err error) {
			defer wg.Done()
			mu.Lock()
			defer mu.Unlock()
			switch {
			case isConflict(err) && follows == 7:
				refused++
			case err != nil || follows == 7:
				t.Errorf("record %d: sequence %d, %v", i, sequence, err)
			default:
				kept[sequence] = true
			}
		})
	}
	wg.Wait()
	if refused != 5 || len(kept) != 495 {
		t.Errorf("%d were refused and %d kept with sequences of their own, want 5 and 495", refused, len(kept))
	}
}

// Many write at once, each its own record again and again: what they are told is what is stored.
func TestCommitIsConcurrent(t *testing.T) {
	t.Parallel()
	_, conn := startBus(t)
	stream, err := conn.runs(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 64 {
		wg.Go(func() {
			id, last := uuid.New(), uint64(0)
			for n := range 20 {
				msg := recordOf(id, last)
				msg.Data = fmt.Append(nil, n)
				var err error
				if last, err = conn.records.publish(t.Context(), msg); err != nil {
					t.Errorf("write %d: %v", n, err)
					return
				}
			}
			msg, err := stream.GetLastMsgForSubject(t.Context(), RunSubject(id))
			if err != nil || msg.Sequence != last || string(msg.Data) != "19" {
				t.Errorf("stored is %+v, %v; told was %d", msg, err, last)
			}
		})
	}
	wg.Wait()
}

// A write that is alone is not held back: it takes as long as one without the committer.
func BenchmarkCommitLonelyWrite(b *testing.B) {
	_, conn := startBus(b)
	writes := map[string]func(ctx context.Context, msg *nats.Msg) error{
		"floor": func(ctx context.Context, msg *nats.Msg) error {
			_, err := conn.js.PublishMsg(ctx, msg)
			return err
		},
		"committer": func(ctx context.Context, msg *nats.Msg) error {
			_, err := conn.records.publish(ctx, msg)
			return err
		},
	}
	for name, write := range writes {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if err := write(b.Context(), recordOf(uuid.New(), 0)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
