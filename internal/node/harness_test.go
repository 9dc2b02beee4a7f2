package node

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/bus/bustest"
	"github.com/airlock-run/airlock/extensions"
	"github.com/airlock-run/airlock/internal/guests"
	"github.com/airlock-run/airlock/internal/testcache"
	"github.com/airlock-run/airlock/runner/prepare"
)

func TestMain(m *testing.M) {
	prepare.Child()
	os.Exit(m.Run())
}

// running is `airlock up` in this process, seen from outside.
type running struct {
	t       *testing.T
	conn    *bus.Conn
	library uuid.UUID
	http    string
	stop    func()
}

// up starts it with the test guest installed, and returns once it is ready.
func up(t *testing.T) *running {
	t.Helper()
	dir := bustest.Dir(t)
	if err := os.Symlink(testcache.Dir(t), filepath.Join(dir, "cache")); err != nil {
		t.Fatal(err)
	}
	config, err := FromEnvironment()
	if err != nil {
		t.Fatal(err)
	}
	config.DataDir, config.HTTP = dir, "127.0.0.1:0"
	log := &addressLog{address: make(chan string, 1)}
	ctx, cancel := context.WithCancel(context.Background())
	ready, stopped := make(chan struct{}), make(chan error, 1)
	go func() { stopped <- Up(ctx, config, slog.New(log), func() { close(ready) }) }()
	r := &running{t: t, library: uuid.New(), http: <-log.address}
	if status, body := r.ask("/readyz"); status == http.StatusOK {
		t.Errorf("it is ready before it is: %s", body)
	}
	select {
	case <-ready:
	case err := <-stopped:
		t.Fatal(err)
	}
	if r.conn, err = bus.Connect(bus.Config{Socket: filepath.Join(dir, bus.SocketName)}); err != nil {
		t.Fatal(err)
	}
	r.stop = func() {
		r.conn.Close()
		cancel()
		if err := <-stopped; err != nil {
			t.Error(err)
		}
	}
	bustest.AllowUnlisted(t, r.conn)
	r.install()
	return r
}

// addressLog is a log that waits for the address of HTTP.
type addressLog struct{ address chan string }

func (l *addressLog) Enabled(context.Context, slog.Level) bool { return true }
func (l *addressLog) WithAttrs([]slog.Attr) slog.Handler       { return l }
func (l *addressLog) WithGroup(string) slog.Handler            { return l }
func (l *addressLog) Handle(_ context.Context, r slog.Record) error {
	r.Attrs(func(a slog.Attr) bool {
		if a.Key == "address" {
			l.address <- a.Value.String()
		}
		return true
	})
	return nil
}

func (r *running) install() {
	r.t.Helper()
	wasm, err := os.ReadFile(filepath.Join(guests.Root(r.t), "runner", "sandbox", "testdata", "guest.wasm"))
	if err != nil {
		r.t.Fatal(err)
	}
	p, err := extensions.NewPackage([]byte(`{"id":"test-extension","name":"Test","version":"1.0.0","description":"d","author":"a",
		"wasm_file":"guest.wasm","permissions":{"methods":["query:test.ping"]},
		"jobs":{"trap":{"max_attempts":2,"backoff":{"initial":"50ms"}}}}`), wasm)
	if err != nil {
		r.t.Fatal(err)
	}
	catalogue, err := Catalogue(r.t.Context(), r.conn, slog.New(slog.DiscardHandler))
	if err != nil {
		r.t.Fatal(err)
	}
	jobs := []extensions.JobInfo{{Name: "call_many", Export: "x_call_many"}, {Name: "trap", Export: "x_trap"}}
	if _, err := catalogue.Install(r.t.Context(), p, jobs); err != nil {
		r.t.Fatal(err)
	}
}

// run enqueues a job and waits for its outcome.
func (r *running) run(ctx context.Context, name, input string) *bus.Run {
	r.t.Helper()
	job := &bus.Job{Extension: "test-extension", Name: name, Library: r.library, Input: json.RawMessage(input)}
	if err := r.conn.Enqueue(ctx, job); err != nil {
		r.t.Fatal(err)
	}
	runs, err := r.conn.WatchRun(ctx, job.ID)
	if err != nil {
		r.t.Fatal(err)
	}
	for run := range runs {
		if run.State.Ended() {
			return run
		}
	}
	r.t.Fatalf("job %s has no outcome", name)
	return nil
}

// pause pauses the extension and enqueues two jobs, which wait then.
func (r *running) pause(ctx context.Context) {
	r.t.Helper()
	if err := r.conn.PauseExtension(ctx, "test-extension"); err != nil {
		r.t.Fatal(err)
	}
	for late := time.Now().Add(10 * time.Second); ; <-time.After(20 * time.Millisecond) {
		status, err := r.conn.QueueStatus(ctx)
		if err == nil && slices.ContainsFunc(status.Extensions, func(e bus.ExtensionQueue) bool { return e.Paused }) {
			break
		}
		if time.Now().After(late) {
			r.t.Fatalf("the extension is not paused: %+v, error %v", status, err)
		}
	}
	for range 2 {
		job := &bus.Job{Extension: "test-extension", Name: "trap", Library: r.library, Priority: bus.Low}
		if err := r.conn.Enqueue(context.Background(), job); err != nil {
			r.t.Fatal(err)
		}
	}
}

func (r *running) ask(path string) (int, string) {
	r.t.Helper()
	request, err := http.NewRequestWithContext(r.t.Context(), http.MethodGet, "http://"+r.http+path, nil)
	if err != nil {
		r.t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		r.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	return response.StatusCode, string(body)
}
