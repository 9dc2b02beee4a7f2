// Package otlptest gives tests a real OTLP receiver: that of the OpenTelemetry Collector, in a process of its own, built from
// internal/telemetry/receiver.
//
//	r := otlptest.Start(t)
//	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://"+r.HTTP)
//	…
//	spans := r.Until(func(got otlptest.Received) bool { return len(got.Spans) == 5 }).Spans
package otlptest

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/airlock-run/airlock/internal/guests"
)

// Receiver is a running receiver. It ends with the test.
type Receiver struct {
	// GRPC and HTTP are the addresses it listens on, without a scheme.
	GRPC string `json:"grpc"`
	HTTP string `json:"http"`

	tb testing.TB

	mu       sync.Mutex
	received Received
	// more is closed, and replaced, whenever something was received.
	more chan struct{}
}

// Received is all that has been received so far.
type Received struct {
	Spans []Span
	// Metrics are in the order in which they came: a metric comes with each collection.
	Metrics []Metric
	// Text is all of it as the receiver tells it, in OTLP's JSON encoding: a line for each request.
	Text string
}

// Start builds the receiver and starts it. Go's build cache makes that quick from the second time on.
func Start(tb testing.TB) *Receiver {
	tb.Helper()
	binary := filepath.Join(tb.TempDir(), "receiver")
	build := exec.CommandContext(tb.Context(), "go", "build", "-buildvcs=false", "-o", binary, ".") //nolint:gosec // a path of ours
	build.Dir = filepath.Join(guests.Root(tb), "internal", "telemetry", "receiver")
	if out, err := build.CombinedOutput(); err != nil {
		tb.Fatalf("build receiver: %v\n%s", err, out)
	}
	cmd := exec.CommandContext(context.Background(), binary) //nolint:gosec // built just now
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		tb.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		tb.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		tb.Fatalf("start receiver: %v", err)
	}
	r := &Receiver{tb: tb, more: make(chan struct{})}
	lines := bufio.NewReader(stdout)
	ended := make(chan struct{})
	tb.Cleanup(func() {
		_ = stdin.Close()
		<-ended
		if err := cmd.Wait(); err != nil {
			tb.Errorf("receiver: %v", err)
		}
	})
	first, err := lines.ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(first, r)
	}
	if err != nil {
		close(ended)
		tb.Fatalf("receiver does not say where it listens: %v", err)
	}
	go func() {
		defer close(ended)
		r.read(lines)
	}()
	return r
}

func (r *Receiver) read(lines *bufio.Reader) {
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			if err != io.EOF { //nolint:errorlint // ReadBytes answers it as it is
				r.tb.Errorf("read from receiver: %v", err)
			}
			return
		}
		spans, metrics, err := decode(line)
		if err != nil {
			r.tb.Errorf("decode what the receiver has received: %v", err)
			return
		}
		r.mu.Lock()
		r.received.Spans = append(r.received.Spans, spans...)
		r.received.Metrics = append(r.received.Metrics, metrics...)
		r.received.Text += string(line)
		close(r.more)
		r.more = make(chan struct{})
		r.mu.Unlock()
	}
}

// Until waits until what has been received is enough, and returns it. After half a minute the test fails.
func (r *Receiver) Until(enough func(Received) bool) Received {
	r.tb.Helper()
	late := time.After(30 * time.Second)
	for {
		r.mu.Lock()
		got := Received{Spans: slices.Clone(r.received.Spans), Metrics: slices.Clone(r.received.Metrics), Text: r.received.Text}
		more := r.more
		r.mu.Unlock()
		if enough(got) {
			return got
		}
		select {
		case <-more:
		case <-late:
			r.tb.Fatalf("not received what was expected within 30 s, but %d spans and %d metrics: %+v", len(got.Spans), len(got.Metrics), got)
		}
	}
}
