package bus_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/bus/bustest"
)

func startServer(t *testing.T, dir string) *bus.Server {
	t.Helper()
	server, err := bus.StartServer(t.Context(), bus.ServerConfig{Dir: dir})
	if err != nil {
		t.Fatalf("start server: %v", err)
	}
	return server
}

func TestServerSocket(t *testing.T) {
	t.Parallel()
	dir := bustest.Dir(t)
	server := startServer(t, dir)
	defer server.Stop()
	socket := filepath.Join(dir, bus.SocketName)
	info, err := os.Stat(socket)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("socket: %v, %v", info.Mode(), err)
	}
	if _, err := bus.StartServer(t.Context(), bus.ServerConfig{Dir: dir}); !errors.Is(err, bus.ErrInUse) {
		t.Errorf("a second server: %v, want ErrInUse", err)
	}
	conn, err := bus.Connect(bus.Config{Socket: socket})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.Setup(t.Context()); err != nil {
		t.Errorf("set up through the socket: %v", err)
	}
}

func TestConnectFails(t *testing.T) {
	t.Parallel()
	for name, config := range map[string]bus.Config{
		"no socket": {Socket: filepath.Join(t.TempDir(), "none.sock")},
		"no server": {URL: "nats://127.0.0.1:1"},
	} {
		start := time.Now()
		if _, err := bus.Connect(config); !errors.Is(err, bus.ErrNotReachable) {
			t.Errorf("%s: %v, want ErrNotReachable", name, err)
		}
		if took := time.Since(start); took > 10*time.Second {
			t.Errorf("%s: said so after %s", name, took)
		}
	}
	for name, config := range map[string]bus.Config{
		"nowhere":  {},
		"two ways": {URL: "nats://x", Socket: "y"},
		"negative": {URL: "nats://x", CallTimeout: -1},
		"replicas": {URL: "nats://x", Replicas: 6},
	} {
		if _, err := bus.Connect(config); err == nil || errors.Is(err, bus.ErrNotReachable) {
			t.Errorf("%s: %v, want a refusal of the configuration", name, err)
		}
	}
}

// An attempt that ends while the server is away is recorded when it is back.
func TestAttemptOutlastsTheServer(t *testing.T) {
	t.Parallel()
	dir := bustest.Dir(t)
	first := startServer(t, dir)
	conn, err := bus.Connect(bus.Config{Socket: filepath.Join(dir, bus.SocketName)})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.Setup(t.Context()); err != nil {
		t.Fatal(err)
	}
	queue := openQueue(t, conn)
	jobs := []*bus.Job{newJob(), newJob()}
	enqueue(t, conn, jobs[0])
	attempt := begin(t, queue)
	first.Stop()

	ended := make(chan error, 1)
	go func() { ended <- attempt.End(t.Context(), completed()) }()
	select {
	case err := <-ended:
		t.Fatalf("without a server the attempt ended with %v", err)
	case <-time.After(300 * time.Millisecond):
	}
	defer startServer(t, dir).Stop()
	if err := <-ended; err != nil {
		t.Fatalf("end: %v", err)
	}
	if run, err := conn.Run(t.Context(), jobs[0].ID); err != nil || run.State != bus.StateCompleted {
		t.Errorf("the record is %+v, %v", run, err)
	}
	for deadline := time.Now().Add(10 * time.Second); ; <-time.After(20 * time.Millisecond) {
		_, err := conn.Watch(t.Context(), jobs[0].ID)
		if err == nil {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("what jobs tell cannot be watched any more: %v", err)
		}
	}
	enqueue(t, conn, jobs[1]) // and life goes on
	if err := begin(t, queue).End(t.Context(), completed()); err != nil {
		t.Errorf("the next job: %v", err)
	}
}
