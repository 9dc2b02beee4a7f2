package runner_test

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	"go.uber.org/goleak"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/bus/bustest"
	"github.com/airlock-run/airlock/extensions"
	"github.com/airlock-run/airlock/runner"
	"github.com/airlock-run/airlock/runner/sandbox"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

//go:embed sandbox/testdata/guest.wasm
var guest []byte

// cluster is a bus with the test guest installed as test-extension, and its workers.
type cluster struct {
	tb        testing.TB
	server    *bus.Server
	conn      *bus.Conn
	catalogue *extensions.Catalogue
	library   uuid.UUID
}

func newCluster(tb testing.TB) *cluster {
	tb.Helper()
	server := bustest.Start(tb)
	c := &cluster{tb: tb, server: server, conn: bustest.Connect(tb, server), library: uuid.New()}
	bustest.AllowUnlisted(tb, c.conn)
	store, err := c.conn.Extensions(tb.Context())
	if err != nil {
		tb.Fatal(err)
	}
	if c.catalogue, err = extensions.NewCatalogue(store, extensions.CatalogueConfig{}); err != nil {
		tb.Fatal(err)
	}
	return c
}

// install installs the test guest; more goes into its manifest.
func (c *cluster) install(permissions, more string) extensions.Installed {
	c.tb.Helper()
	return c.installModule(guest, permissions, more)
}

func (c *cluster) installModule(wasm []byte, permissions, more string) extensions.Installed {
	c.tb.Helper()
	manifest := fmt.Sprintf(`{"id":"test-extension","name":"Test","version":"1.0.0","description":"d","author":"a",
		"wasm_file":"guest.wasm","permissions":%s%s}`, permissions, more)
	p, err := extensions.NewPackage([]byte(manifest), wasm)
	if err != nil {
		c.tb.Fatal(err)
	}
	installed, err := c.catalogue.Install(c.tb.Context(), p, jobsOf(c.tb, wasm))
	if err == nil && installed.Held != nil {
		installed, err = c.catalogue.Approve(c.tb.Context(), p.Manifest.ID, installed.Version, "the test")
	}
	if err != nil {
		c.tb.Fatal(err)
	}
	return installed
}

func jobsOf(tb testing.TB, wasm []byte) []extensions.JobInfo {
	tb.Helper()
	engine, err := sandbox.NewEngine(sandbox.Config{Interpreter: true})
	if err != nil {
		tb.Fatal(err)
	}
	defer func() { _ = engine.Close(context.Background()) }()
	module, err := engine.Prepare(tb.Context(), wasm, sandbox.Options{MaxMemory: 64 << 20})
	if err != nil {
		tb.Fatal(err)
	}
	defer func() { _ = module.Close(context.Background()) }()
	var jobs []extensions.JobInfo
	for _, job := range module.Jobs() {
		jobs = append(jobs, extensions.JobInfo(job))
	}
	return jobs
}

// work starts a worker and returns how to stop it.
func (c *cluster) work(config runner.Config) (stop func()) {
	c.tb.Helper()
	_, stop = c.start(config)
	return stop
}

func (c *cluster) start(config runner.Config) (worker *runner.Worker, stop func()) {
	c.tb.Helper()
	engine, err := sandbox.NewEngine(sandbox.Config{})
	if err != nil {
		c.tb.Fatal(err)
	}
	if config.Backoff == 0 {
		config.Backoff = 100 * time.Millisecond
	}
	worker, err = runner.New(c.conn, c.catalogue, engine.Prepare, config)
	if err != nil {
		c.tb.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 2)
	go func() { done <- worker.Run(ctx) }()
	select {
	case <-worker.Ready():
	case err := <-done:
		c.tb.Fatalf("worker: %v", err)
	}
	go func() { done <- worker.RunTriggers(ctx) }()
	stopped := false
	stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		for range 2 {
			if err := <-done; err != nil {
				c.tb.Errorf("worker: %v", err)
			}
		}
		_ = engine.Close(context.Background())
	}
	c.tb.Cleanup(stop)
	return worker, stop
}

func (c *cluster) submit(name, input string) *bus.Job {
	c.tb.Helper()
	job := &bus.Job{Extension: "test-extension", Name: name, Library: c.library, Input: json.RawMessage(input)}
	if err := c.conn.Enqueue(c.tb.Context(), job); err != nil {
		c.tb.Fatal(err)
	}
	return job
}

// until waits for the run record of a job to be as wanted.
func (c *cluster) until(job uuid.UUID, wanted func(*bus.Run) bool) *bus.Run {
	c.tb.Helper()
	ctx, cancel := context.WithTimeout(c.tb.Context(), 30*time.Second)
	defer cancel()
	runs, err := c.conn.WatchRun(ctx, job)
	if err != nil {
		c.tb.Fatal(err)
	}
	var last *bus.Run
	for run := range runs {
		if last = run; wanted(run) {
			return run
		}
	}
	c.tb.Fatalf("job %s: not as wanted within 30 s; last record %+v", job, last)
	return nil
}

// outcome waits for a job to end.
func (c *cluster) outcome(job *bus.Job) *bus.Run {
	c.tb.Helper()
	return c.until(job.ID, func(r *bus.Run) bool { return r.State.Ended() })
}

// serve answers calls to an operation.
func (c *cluster) serve(kind bus.Kind, operation string, handle bus.CallHandler) {
	c.tb.Helper()
	service, err := c.conn.Serve(bus.ServiceConfig{
		Name: "test", Endpoints: []bus.Endpoint{bus.CallEndpoint(kind, operation, nil, handle)},
	})
	if err != nil {
		c.tb.Fatal(err)
	}
	c.tb.Cleanup(func() { _ = service.Stop() })
}

func ping(_ context.Context, call *bus.Call) (json.RawMessage, error) {
	return json.Marshal(map[string]any{"pong": call.Payload, "extension": call.Extension, "library_id": call.Library})
}

// own creates a library with these grants.
func (c *cluster) own(library uuid.UUID, grants string) {
	c.tb.Helper()
	_, revision, err := c.conn.Library(c.tb.Context(), library)
	if err != nil {
		revision = 0
	}
	if err := c.conn.PutLibrary(c.tb.Context(), library, fmt.Appendf(nil, `{"id":%q,"grants":{%s}}`, library, grants), revision); err != nil {
		c.tb.Fatal(err)
	}
}
