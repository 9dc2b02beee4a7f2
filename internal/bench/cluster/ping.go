package cluster

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/micro"
)

// Pings is how many requests RawPings makes: as many as the job "pings" of the hand-written guest makes calls of test.ping.
const Pings = 1000

// ServePing answers raw requests as a micro service does, without anything of ours. It ends with the connection.
func ServePing(nc *nats.Conn) error {
	service, err := micro.AddService(nc, micro.Config{Name: "raw", Version: "1.0.0"})
	if err != nil {
		return err
	}
	return service.AddEndpoint("ping", micro.HandlerFunc(func(r micro.Request) { _ = r.Respond(r.Data()) }),
		micro.WithEndpointSubject("raw.call.*.query.test.ping"))
}

// RawPings makes Pings requests, one after the other, with the headers that a call has, and returns microseconds a request.
func RawPings(ctx context.Context, nc *nats.Conn) (float64, error) {
	start := time.Now()
	for range Pings {
		msg := nats.NewMsg("raw.call.guest.query.test.ping")
		msg.Data = []byte("1")
		for name, value := range map[string]string{
			"Airlock-Library": uuid.Nil.String(), "Airlock-Job": uuid.Nil.String(), "Airlock-Attempt": "1", "Airlock-Timeout-Ms": "30000",
		} {
			msg.Header.Set(name, value)
		}
		if _, err := nc.RequestMsgWithContext(ctx, msg); err != nil {
			return 0, err
		}
	}
	return float64(time.Since(start).Microseconds()) / Pings, nil
}
