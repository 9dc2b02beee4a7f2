package telemetry

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// ask asks a server, and returns the status and the answer.
func ask(t *testing.T, s *Server, path string) (int, verdict) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+s.Address()+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	var v verdict
	if response.Header.Get("Content-Type") == "application/json" {
		if err := json.Unmarshal(body, &v); err != nil {
			t.Fatalf("%s answers %s: %v", path, body, err)
		}
	}
	return response.StatusCode, v
}

func listen(t *testing.T, health *Health) *Server {
	t.Helper()
	s, err := Listen(t.Context(), "127.0.0.1:0", nil, health, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func TestHealth(t *testing.T) {
	t.Parallel()
	health := &Health{}
	s := listen(t, health)
	end := make(chan struct{})
	t.Cleanup(func() { close(end) })
	for _, step := range []struct {
		name   string
		change func()
		status int
		want   verdict
	}{
		{"nothing_to_check", func() {}, http.StatusOK, verdict{Status: "ok"}},
		{"starts", func() { health.Fail("worker", ErrStarting) }, http.StatusServiceUnavailable, verdict{"unavailable", map[string]string{"worker": "it starts"}}},
		{
			"one_fails", func() { health.Set("bus", func(context.Context) error { return nil }) }, http.StatusServiceUnavailable,
			verdict{"unavailable", map[string]string{"worker": "it starts", "bus": "ok"}},
		},
		{"ready", func() { health.Fail("worker", nil) }, http.StatusOK, verdict{"ok", map[string]string{"worker": "ok", "bus": "ok"}}},
		{
			"hangs", func() {
				health.Set("bus", func(context.Context) error { <-end; return nil })
			}, http.StatusServiceUnavailable,
			verdict{"unavailable", map[string]string{"worker": "ok", "bus": "it does not answer in time"}},
		},
	} {
		step.change()
		status, got := ask(t, s, "/readyz")
		if status != step.status {
			t.Errorf("%s: status %d, want %d", step.name, status, step.status)
		}
		if diff := cmp.Diff(step.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", step.name, diff)
		}
		if status, _ := ask(t, s, "/healthz"); status != http.StatusOK {
			t.Errorf("%s: /healthz answers %d", step.name, status)
		}
	}
}

func TestServer(t *testing.T) {
	t.Parallel()
	t.Run("no_metrics", func(t *testing.T) {
		t.Parallel()
		if status, _ := ask(t, listen(t, &Health{}), "/metrics"); status != http.StatusNotFound {
			t.Errorf("status %d", status)
		}
	})
	t.Run("address_taken", func(t *testing.T) {
		t.Parallel()
		s := listen(t, &Health{})
		if _, err := Listen(t.Context(), s.Address(), nil, &Health{}, slog.New(slog.DiscardHandler)); err == nil {
			t.Error("two listen on one address")
		}
	})
}

func TestProducers(t *testing.T) {
	t.Parallel()
	p := &producers{}
	p.add(produced{})
	p.add(failing{})
	if got, err := p.Produce(t.Context()); len(got) != 1 || !errors.Is(err, errProduce) {
		t.Errorf("%d produced, error %v; want what one has and the error of the other", len(got), err)
	}
}
