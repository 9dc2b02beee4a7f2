package node

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/airlock-run/airlock/bus/bustest"
)

// readiness asks a process whether it is ready, until it answers as wanted.
func readiness(t *testing.T, p *Process, status int, checks map[string]string) {
	t.Helper()
	r := &running{t: t, http: p.server.Address()}
	var got struct {
		Checks map[string]string `json:"checks"`
	}
	for late := time.Now().Add(10 * time.Second); ; <-time.After(10 * time.Millisecond) {
		answered, body := r.ask("/readyz")
		got.Checks = nil
		if err := json.Unmarshal([]byte(body), &got); err != nil {
			t.Fatalf("%s: %v", body, err)
		}
		diff := cmp.Diff(checks, got.Checks)
		if answered == status && diff == "" {
			return
		}
		if time.Now().After(late) {
			t.Fatalf("/readyz answers %d, want %d (-want +got):\n%s", answered, status, diff)
		}
	}
}

// A process is ready when its bus and its roles are, and no longer.
func TestReadiness(t *testing.T) { //nolint:paralleltest // it sets the process's providers
	config, err := FromEnvironment()
	if err != nil {
		t.Fatal(err)
	}
	config.HTTP = "127.0.0.1:0"
	begun, begin := make(chan struct{}), make(chan struct{})
	role := Role{"worker", func(ctx context.Context, _ *Process, ready func()) error {
		<-begin
		ready()
		close(begun)
		<-ctx.Done()
		return nil
	}}
	p, err := startProcess(t.Context(), "test", config, slog.New(slog.DiscardHandler), role)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.close)
	readiness(t, p, http.StatusServiceUnavailable, map[string]string{"bus": "it starts", "worker": "it starts"})

	server := bustest.Start(t)
	conn := bustest.Connect(t, server)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	p.connected(ctx, conn)
	readiness(t, p, http.StatusServiceUnavailable, map[string]string{"bus": "ok", "jetstream": "ok", "worker": "it starts"})

	ended := make(chan error, 1)
	go func() { ended <- p.run(ctx, role, func() {}) }()
	close(begin)
	<-begun
	readiness(t, p, http.StatusOK, map[string]string{"bus": "ok", "jetstream": "ok", "worker": "ok"})

	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	readiness(t, p, http.StatusServiceUnavailable, map[string]string{"bus": "ok", "jetstream": "ok", "worker": "ok", "process": "it stops"})

	server.Stop()
	readiness(t, p, http.StatusServiceUnavailable, map[string]string{
		"bus": "not connected to NATS; the connection is tried again and again", "jetstream": "it does not answer in time",
		"worker": "ok", "process": "it stops",
	})
}

func TestHTTPAddressThatCannotBe(t *testing.T) { //nolint:paralleltest // it sets the process's providers
	config, err := FromEnvironment()
	if err != nil {
		t.Fatal(err)
	}
	config.HTTP = "nowhere"
	if _, err := startProcess(t.Context(), "test", config, slog.New(slog.DiscardHandler)); err == nil {
		t.Error("an address that cannot be is taken")
	}
}
