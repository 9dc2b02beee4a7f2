package fence_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/bus/bustest"
	"github.com/airlock-run/airlock/internal/fence"
)

// cluster is a nats-server with the configuration of a directory, the streams, a dealer, and an operation that answers.
type cluster struct {
	dir    *fence.Directory
	path   string
	config string
	server *server.Server
	url    string
}

// start starts a server with the users of Init, the pool "money" of the extension finance, and the operation "acme".
func start(t *testing.T) *cluster {
	t.Helper()
	path := t.TempDir()
	dir, err := fence.Init(path, fence.Settings{})
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range []fence.Member{
		{Name: "money", Role: fence.Pool, Extensions: []string{"finance", "com.example.tax"}},
		{Name: "acme", Role: fence.Operation, Serves: []string{"query:acme.ocr"}},
	} {
		if _, err := dir.Add(m); err != nil {
			t.Fatal(err)
		}
	}
	c := &cluster{dir: dir, path: path, config: filepath.Join(path, bus.AuthConfigName)}
	options := c.options(t)
	if c.server, err = server.NewServer(options); err != nil {
		t.Fatal(err)
	}
	go c.server.Start()
	t.Cleanup(func() {
		c.server.Shutdown()
		c.server.WaitForShutdown()
	})
	if !c.server.ReadyForConnections(10 * time.Second) {
		t.Fatal("nats-server is not ready")
	}
	c.url = strings.Replace(c.server.ClientURL(), "0.0.0.0", "127.0.0.1", 1)
	return c
}

// options are those of the file, but for the port, and where the streams are.
func (c *cluster) options(t *testing.T) *server.Options {
	t.Helper()
	options, err := server.ProcessConfigFile(c.config)
	if err != nil {
		t.Fatal(err)
	}
	options.Host, options.Port, options.NoSigs, options.NoLog = "127.0.0.1", server.RANDOM_PORT, true, true
	options.StoreDir, options.SyncAlways = filepath.Join(c.path, "data"), false
	if c.server != nil {
		options.Port = c.server.Addr().(*net.TCPAddr).Port //nolint:forcetypeassert // it listens
	}
	return options
}

// reload has the server read its users anew.
func (c *cluster) reload(t *testing.T) {
	t.Helper()
	if err := c.server.ReloadOptions(c.options(t)); err != nil {
		t.Fatalf("reload: %v", err)
	}
}

// bus is how a member connects.
func (c *cluster) bus(name string) bus.Config {
	config := bus.Config{URL: c.url, NKey: c.dir.KeyFile(name), CA: c.dir.CA(), CallTimeout: 5 * time.Second, ConnectTimeout: 5 * time.Second}
	for _, m := range c.dir.Members {
		if m.Name == name && m.Role == fence.Pool {
			config.APIPrefix = bus.AccountPrefix
			config.Pool = bus.Pool{Name: m.Name, Extensions: m.Extensions}
		}
	}
	if name == "client" {
		config.APIPrefix = bus.AccountPrefix
	}
	return config
}

// connect connects as a member.
func (c *cluster) connect(t *testing.T, name string) *bus.Conn {
	t.Helper()
	config := c.bus(name)
	config.Logger = slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))
	conn, err := bus.Connect(config)
	if err != nil {
		t.Fatalf("connect as %s: %v", name, err)
	}
	t.Cleanup(conn.Close)
	return conn
}

// run makes the streams, and has a worker deal and an operation answer.
func (c *cluster) run(t *testing.T) (operations, worker *bus.Conn) {
	t.Helper()
	operations = c.connect(t, "operations")
	if err := operations.Setup(t.Context()); err != nil {
		t.Fatal(err)
	}
	worker = c.connect(t, "worker")
	if err := worker.Setup(t.Context()); err != nil {
		t.Fatal(err)
	}
	bustest.Deal(t, worker, bus.DealerConfig{Name: "worker"})
	for _, err := worker.QueueStatus(t.Context()); err != nil; _, err = worker.QueueStatus(t.Context()) {
		if t.Context().Err() != nil {
			t.Fatal(err)
		}
		<-time.After(10 * time.Millisecond)
	}
	service, err := operations.Serve(bus.ServiceConfig{Name: "test", Endpoints: []bus.Endpoint{
		bus.CallEndpoint(bus.Query, "test.who", nil, who), bus.CallEndpoint(bus.Action, "test.who", nil, who),
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = service.Stop() })
	return operations, worker
}

// who answers who calls.
func who(_ context.Context, call *bus.Call) (json.RawMessage, error) {
	return json.Marshal(call.Extension)
}

// call calls test.who.
func call(extension string, payload []byte) *bus.Call {
	return &bus.Call{Extension: extension, Kind: bus.Query, Operation: "test.who", Library: uuid.New(), Job: uuid.New(), Attempt: 1, Payload: payload}
}

// raw is a connection of who has a member's key and none of our code.
type raw struct {
	*nats.Conn
	t     *testing.T
	inbox string
}

func (c *cluster) raw(t *testing.T, name string) *raw {
	t.Helper()
	r := &raw{t: t}
	for _, m := range c.dir.Members {
		if m.Name == name {
			r.inbox = bus.UserInbox(m.Keys[0])
		}
	}
	key, err := nats.NkeyOptionFromSeed(c.dir.KeyFile(name))
	if err != nil {
		t.Fatal(err)
	}
	r.Conn, err = nats.Connect(c.url, key, nats.RootCAs(c.dir.CA()), nats.CustomInboxPrefix(r.inbox), nats.Timeout(5*time.Second),
		nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {}))
	if err != nil {
		t.Fatalf("connect as %s: %v", name, err)
	}
	t.Cleanup(r.Close)
	return r
}

// refuses tells whether the server refuses what has just been sent to a subject, and what it said last.
func (r *raw) refuses(verb, subject string) (said error, is bool) {
	r.t.Helper()
	if err := r.Flush(); err != nil { // a refusal comes before the answer to the ping
		r.t.Fatal(err)
	}
	err := r.LastError()
	return err, err != nil && strings.Contains(err.Error(), "ermissions Violation for "+verb+` to "`+subject+`"`)
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	data, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to, data, 0o600); err != nil {
		t.Fatal(err)
	}
}
