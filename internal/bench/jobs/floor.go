package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/synadia-io/orbit.go/jetstreamext"

	"github.com/airlock-run/airlock/bus"
)

// floor is how many jobs a second the bus alone can do: a message consumed and acknowledged, and one of the size of an outcome written in
// atomic batches of 1,000, nothing else.
func floor(ctx context.Context, relaxed bool, n int) (float64, error) {
	dir, err := os.MkdirTemp("", "airlock-floor")
	if err != nil {
		return 0, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	server, err := bus.StartServer(ctx, bus.ServerConfig{Dir: dir, Relaxed: relaxed})
	if err != nil {
		return 0, err
	}
	defer server.Stop()
	nc, err := nats.Connect("", nats.InProcessServer(server))
	if err != nil {
		return 0, err
	}
	defer nc.Close()
	js, err := jetstream.New(nc)
	if err != nil {
		return 0, err
	}
	for name, subject := range map[string]string{"IN": "in.>", "OUT": "out.>"} {
		if _, err := js.CreateStream(ctx, jetstream.StreamConfig{
			Name: name, Subjects: []string{subject}, AllowAtomicPublish: true, AllowMsgTTL: true, MaxMsgsPerSubject: 1,
		}); err != nil {
			return 0, err
		}
	}
	if err := publish(ctx, js, "in.", n, 300); err != nil {
		return 0, err
	}
	consumer, err := js.CreateConsumer(ctx, "IN", jetstream.ConsumerConfig{
		Durable: "floor", AckPolicy: jetstream.AckExplicitPolicy, MaxAckPending: 10_000,
	})
	if err != nil {
		return 0, err
	}
	messages, err := consumer.Messages(jetstream.PullMaxMessages(1000))
	if err != nil {
		return 0, err
	}
	defer messages.Stop()
	start, cpu := time.Now(), processTime()
	batches, failed := make(chan []*nats.Msg, 2), make(chan error, 1)
	go func() {
		for batch := range batches {
			if _, err := jetstreamext.PublishMsgBatch(ctx, js, batch); err != nil {
				failed <- err
				return
			}
		}
		failed <- nil
	}()
	var batch []*nats.Msg
	for range n {
		msg, err := messages.Next()
		if err != nil {
			return 0, err
		}
		if err := msg.Ack(); err != nil {
			return 0, err
		}
		batch = append(batch, message("out."+msg.Subject()[len("in."):], 450))
		if len(batch) == 1000 {
			batches <- batch
			batch = nil
		}
	}
	close(batches)
	if err := <-failed; err != nil {
		return 0, err
	}
	fmt.Fprintf(os.Stderr, "%.1f us of processor time a message\n", float64((processTime()-cpu).Microseconds())/float64(n))
	return float64(n) / time.Since(start).Seconds(), nil
}

// message is one with the headers and the size of ours.
func message(subject string, size int) *nats.Msg {
	msg := nats.NewMsg(subject)
	msg.Data = make([]byte, size)
	msg.Header.Set(jetstream.ExpectedLastSubjSeqHeader, "0")
	return msg
}

// publish publishes n messages in atomic batches.
func publish(ctx context.Context, js jetstream.JetStream, prefix string, n, size int) error {
	for n > 0 {
		batch := make([]*nats.Msg, min(n, 1000))
		for i := range batch {
			batch[i] = message(prefix+"extension.normal."+uuid.NewString()+"."+uuid.NewString(), size)
		}
		if _, err := jetstreamext.PublishMsgBatch(ctx, js, batch); err != nil {
			return err
		}
		n -= len(batch)
	}
	return nil
}
