// Command receiver is the OpenTelemetry Collector's OTLP receiver with nothing behind it: it writes what it receives to
// standard output, one request a line, in the JSON encoding of OTLP. Tests start it and read what Airlock has sent.
//
// The first line is {"grpc": "127.0.0.1:…", "http": "127.0.0.1:…"}: where it listens. It ends when its standard input does.
//
// It has a module of its own. The receiver is a part of the Collector and needs some hundred packages that Airlock does not.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"sync"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/receiver/otlpreceiver"
	"go.opentelemetry.io/collector/receiver/receivertest"
)

func main() {
	if err := run(context.Background(), os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "receiver:", err)
		os.Exit(1)
	}
}

// printer writes lines.
type printer struct {
	mu  sync.Mutex
	out io.Writer
}

func (p *printer) line(data []byte, err error) error {
	if err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	_, err = p.out.Write(append(data, '\n'))
	return err
}

func run(ctx context.Context, stdin io.Reader, stdout io.Writer) error {
	out := &printer{out: stdout}
	traces, err := consumer.NewTraces(func(_ context.Context, t ptrace.Traces) error {
		return out.line((&ptrace.JSONMarshaler{}).MarshalTraces(t))
	})
	if err != nil {
		return err
	}
	metrics, err := consumer.NewMetrics(func(_ context.Context, m pmetric.Metrics) error {
		return out.line((&pmetric.JSONMarshaler{}).MarshalMetrics(m))
	})
	if err != nil {
		return err
	}
	factory := otlpreceiver.NewFactory()
	config := factory.CreateDefaultConfig().(*otlpreceiver.Config)
	addresses := map[string]string{}
	for _, protocol := range []string{"grpc", "http"} {
		if addresses[protocol], err = freeAddress(); err != nil {
			return err
		}
	}
	config.Protocols.GRPC.GetOrInsertDefault().NetAddr.Endpoint = addresses["grpc"]
	config.Protocols.HTTP.GetOrInsertDefault().ServerConfig.NetAddr.Endpoint = addresses["http"]
	settings := receivertest.NewNopSettings(factory.Type())
	var parts []component.Component
	t, err := factory.CreateTraces(ctx, settings, config, traces)
	if err != nil {
		return err
	}
	m, err := factory.CreateMetrics(ctx, settings, config, metrics)
	if err != nil {
		return err
	}
	parts = append(parts, t, m) // both are one: its server starts once
	for _, part := range parts {
		if err := part.Start(ctx, componenttest.NewNopHost()); err != nil {
			return err
		}
	}
	if err := out.line(json.Marshal(addresses)); err != nil {
		return err
	}
	if _, err := io.Copy(io.Discard, stdin); err != nil {
		return err
	}
	for _, part := range parts {
		if err := part.Shutdown(ctx); err != nil {
			return err
		}
	}
	return nil
}

// freeAddress is an address of this machine that nobody listens on.
func freeAddress() (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer listener.Close()
	return listener.Addr().String(), nil
}
