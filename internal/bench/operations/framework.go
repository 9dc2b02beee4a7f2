package main

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"time"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/micro"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/internal/bench/table"
	"github.com/airlock-run/airlock/operations"
)

const (
	rounds = 20
	// callsOfRound are made one after the other, of each kind in turn, so that what else the machine does hits both.
	callsOfRound = 500
)

type nothing struct {
	Text string `json:"text" jsonschema:"it is not looked at"`
}

// measureFramework compares an operation that does nothing with a bare micro endpoint that answers the same call.
func measureFramework(ctx context.Context) (_ []table.Row, err error) {
	otel.SetTracerProvider(noop.NewTracerProvider()) // as a process does that is not told where to send traces
	dir, err := os.MkdirTemp("", "airlock-bench")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	server, err := bus.StartServer(ctx, bus.ServerConfig{Dir: dir})
	if err != nil {
		return nil, err
	}
	defer server.Stop()
	conn, err := bus.Connect(bus.Config{Server: server})
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	serving, err := bus.Connect(bus.Config{Server: server})
	if err != nil {
		return nil, err
	}
	defer serving.Close()
	service, err := operations.Serve(serving, operations.Config{Name: "bench"}, operations.Query("bench.nothing",
		func(context.Context, *bus.Call, nothing) (struct{}, error) { return struct{}{}, nil }))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, service.Stop()) }()
	raw, err := serveRaw(server)
	if err != nil {
		return nil, err
	}
	defer raw.Close()

	var bare, framed []time.Duration
	for range rounds {
		for _, side := range []struct {
			operation string
			times     *[]time.Duration
		}{{"bench.raw", &bare}, {"bench.nothing", &framed}} {
			each, err := callMany(ctx, conn, side.operation)
			if err != nil {
				return nil, err
			}
			*side.times = append(*side.times, each)
		}
	}
	with, without := microseconds(framed), microseconds(bare)
	return []table.Row{
		{Name: "an operation that does nothing, median", Figure: with, Unit: "µs"},
		{Name: "a raw micro endpoint with the same headers, median", Figure: without, Unit: "µs"},
		{Name: "what the framework adds", Figure: with - without, Unit: "µs", Goal: table.AtMost(5)},
	}, nil
}

func microseconds(times []time.Duration) float64 {
	return float64(table.Quantile(times, 0.5).Nanoseconds()) / 1e3
}

// serveRaw answers on a connection of its own, as the service of the framework does.
func serveRaw(server *bus.Server) (*nats.Conn, error) {
	nc, err := nats.Connect("nats://airlock", nats.InProcessServer(server))
	if err != nil {
		return nil, err
	}
	service, err := micro.AddService(nc, micro.Config{Name: "raw", Version: "1.0.0"})
	if err == nil {
		err = service.AddEndpoint("raw", micro.HandlerFunc(func(r micro.Request) { _ = r.Respond([]byte("null")) }),
			micro.WithEndpointSubject(bus.CallSubject("*", bus.Query, "bench.raw")))
	}
	if err == nil {
		err = nc.Flush()
	}
	if err != nil {
		nc.Close()
		return nil, err
	}
	return nc, nil
}

// callMany is how long a call took in a round.
func callMany(ctx context.Context, conn *bus.Conn, operation string) (time.Duration, error) {
	call := &bus.Call{
		Extension: "bench", Kind: bus.Query, Operation: operation, Library: uuid.New(), Job: uuid.New(), Attempt: 1,
		Payload: json.RawMessage(`{"text": "some text"}`),
	}
	start := time.Now()
	for range callsOfRound {
		if _, err := conn.Call(ctx, call); err != nil {
			return 0, err
		}
	}
	return time.Since(start) / callsOfRound, nil
}
