// Package bustest gives tests a real bus: a nats-server with JetStream in the test's process, with a directory of its own.
package bustest

import (
	"context"
	"encoding/json"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/airlock-run/airlock/bus"
)

// Start starts a server that ends with the test. It syncs to disk as `airlock up` does.
func Start(tb testing.TB) *bus.Server {
	tb.Helper()
	server, err := bus.StartServer(tb.Context(), bus.ServerConfig{Dir: Dir(tb)})
	if err != nil {
		tb.Fatalf("start server: %v", err)
	}
	tb.Cleanup(server.Stop)
	return server
}

// Dir makes a directory whose path is short enough for a Unix socket in it.
func Dir(tb testing.TB) string {
	tb.Helper()
	dir, err := os.MkdirTemp("", "airlock") //nolint:usetesting // tb.TempDir's paths can be too long for a socket
	if err != nil {
		tb.Fatalf("make directory: %v", err)
	}
	tb.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// Connect connects to a server and makes the streams.
func Connect(tb testing.TB, server *bus.Server) *bus.Conn {
	tb.Helper()
	conn, err := bus.Connect(bus.Config{Server: server})
	if err != nil {
		tb.Fatalf("connect: %v", err)
	}
	tb.Cleanup(conn.Close)
	if err := conn.Setup(tb.Context()); err != nil {
		tb.Fatalf("set up streams: %v", err)
	}
	return conn
}

// AllowUnlisted sets a policy that lets extensions do all they ask in libraries that nobody has created.
func AllowUnlisted(tb testing.TB, conn *bus.Conn) {
	tb.Helper()
	const policy = `rules: [{name: all, extensions: ["*"], allow: ["query:", "action:"]}]
libraries: {unlisted: allow}`
	if _, err := conn.SetPolicy(tb.Context(), []byte(policy), nil); err != nil {
		tb.Fatalf("set policy: %v", err)
	}
}

// New starts a server and connects to it.
func New(tb testing.TB) *bus.Conn {
	tb.Helper()
	return Connect(tb, Start(tb))
}

// Queue takes a worker's place at a dealer, which runs as long as the test.
func Queue(tb testing.TB, conn *bus.Conn, config bus.QueueConfig) *bus.Queue {
	tb.Helper()
	Deal(tb, conn, bus.DealerConfig{})
	queue, err := conn.Queue(tb.Context(), config)
	if err != nil {
		tb.Fatalf("open queue: %v", err)
	}
	tb.Cleanup(queue.Leave)
	return queue
}

// Deal runs a dealer until the test ends, or stop is called.
func Deal(tb testing.TB, conn *bus.Conn, config bus.DealerConfig) (stop func()) {
	tb.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		conn.NewDealer(config).Run(ctx)
	}()
	stop = sync.OnceFunc(func() {
		cancel()
		<-ended
	})
	tb.Cleanup(stop)
	return stop
}

// Publish publishes raw bytes, as anyone with access to the server may.
func Publish(tb testing.TB, server *bus.Server, subject string, data []byte) {
	tb.Helper()
	nc, err := nats.Connect("nats://airlock", nats.InProcessServer(server))
	if err != nil {
		tb.Fatalf("connect: %v", err)
	}
	defer nc.Close()
	if err := nc.Publish(subject, data); err != nil {
		tb.Fatalf("publish: %v", err)
	}
	if err := nc.Flush(); err != nil {
		tb.Fatalf("publish: %v", err)
	}
}

// PublishJob publishes a job with more headers, as anyone with access to the server may.
func PublishJob(tb testing.TB, server *bus.Server, job *bus.Job, header map[string]string) {
	tb.Helper()
	job.Priority, job.CreatedAt = bus.Normal, time.Now().UTC()
	data, err := json.Marshal(job)
	if err != nil {
		tb.Fatalf("encode job: %v", err)
	}
	Request(tb, server, bus.JobSubject(job.Extension, job.Priority, job.Library, job.ID), header, data)
}

// PutRun writes the first run record of a job.
func PutRun(tb testing.TB, server *bus.Server, run *bus.Run) {
	tb.Helper()
	data, err := json.Marshal(run)
	if err != nil {
		tb.Fatalf("encode run record: %v", err)
	}
	Request(tb, server, bus.RunSubject(run.Job), nil, data) // which waits until it is kept
}

// Request sends a raw request and returns the reply.
func Request(tb testing.TB, server *bus.Server, subject string, header map[string]string, data []byte) []byte {
	tb.Helper()
	nc, err := nats.Connect("nats://airlock", nats.InProcessServer(server))
	if err != nil {
		tb.Fatalf("connect: %v", err)
	}
	defer nc.Close()
	msg := nats.NewMsg(subject)
	msg.Data = data
	for name, value := range header {
		msg.Header.Set(name, value)
	}
	reply, err := nc.RequestMsg(msg, 10*time.Second)
	if err != nil {
		tb.Fatalf("request %s: %v", subject, err)
	}
	return reply.Data
}
