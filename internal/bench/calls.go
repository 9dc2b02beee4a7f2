package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/internal/bench/cluster"
	"github.com/airlock-run/airlock/internal/bench/table"
	"github.com/airlock-run/airlock/internal/mailset/tuned"
)

// calls measures test.ping from a guest against a raw micro request with the same headers, both in one process, in turns.
func (b *bench) calls(ctx context.Context) ([]table.Row, error) {
	nc, stop, err := raw(ctx)
	if err != nil {
		return nil, err
	}
	defer stop()
	if err := cluster.ServePing(nc); err != nil {
		return nil, err
	}
	var ratios, guests, raws []float64
	for range 15 {
		raw, err := cluster.RawPings(ctx, nc)
		if err != nil {
			return nil, err
		}
		run, _, err := b.job(ctx, "guest", "pings", "")
		if err != nil {
			return nil, err
		}
		if run.Report.Calls != cluster.Pings || run.Report.Denied > 0 {
			return nil, fmt.Errorf("the guest made %d calls, %d refused", run.Report.Calls, run.Report.Denied)
		}
		guest := float64(run.Report.GuestMS+run.Report.CallMS) * 1000 / cluster.Pings
		ratios, guests, raws = append(ratios, guest/raw), append(guests, guest), append(raws, raw)
	}
	return []table.Row{
		{Name: "test.ping from a guest, per call, median of 15", Figure: median(guests), Unit: "µs"},
		{Name: "floor: micro request with the same headers, in turns", Figure: median(raws), Unit: "µs"},
		{Name: "test.ping from a guest over the micro request", Figure: median(ratios), Unit: "x", Goal: table.AtMost(2)},
	}, nil
}

// raw starts an empty server, synced, and connects to it without anything of ours in between.
func raw(ctx context.Context) (nc *nats.Conn, stop func(), err error) {
	c, err := cluster.Start(ctx, cluster.Config{})
	if err != nil {
		return nil, nil, err
	}
	if nc, err = c.Raw(); err != nil {
		c.Close()
		return nil, nil, err
	}
	return nc, func() {
		nc.Close()
		c.Close()
	}, nil
}

// floor measures two synced publishes, one after the other: what a job cannot do without.
func (b *bench) floor(ctx context.Context, n int) ([]time.Duration, error) {
	nc, stop, err := raw(ctx)
	if err != nil {
		return nil, err
	}
	defer stop()
	js, err := jetstream.New(nc)
	if err != nil {
		return nil, err
	}
	if _, err := js.CreateStream(ctx, jetstream.StreamConfig{Name: "FLOOR", Subjects: []string{"floor.>"}}); err != nil {
		return nil, err
	}
	job, err := json.Marshal(&bus.Job{ID: uuid.New(), Extension: "guest", Name: "empty", Library: uuid.New(), Priority: bus.Normal})
	if err != nil {
		return nil, err
	}
	times := make([]time.Duration, n)
	for i := range times {
		start := time.Now()
		for range 2 {
			if _, err := js.Publish(ctx, "floor."+uuid.NewString(), job); err != nil {
				return nil, err
			}
		}
		times[i] = time.Since(start)
	}
	slices.Sort(times)
	return times, nil
}

// receipts measures mails with a PDF that has a text layer, from the event to the record.
func (b *bench) receipts(ctx context.Context) ([]table.Row, error) {
	mail, err := os.ReadFile(filepath.Join("examples", "mail", "receipt-pdf.eml"))
	if err != nil {
		return nil, err
	}
	const warm, n = 5, 200
	if _, err := b.process(ctx, slices.Repeat([][]byte{mail}, warm)); err != nil {
		return nil, err
	}
	took, err := b.process(ctx, slices.Repeat([][]byte{mail}, n))
	if err != nil {
		return nil, err
	}
	return []table.Row{{Name: "receipts with a text layer, one process", Figure: n / took.Seconds(), Unit: "/s", Goal: table.AtLeast(10)}}, nil
}

// mailRounds is how often the mails of the labelled set are processed, each time for another library.
const mailRounds = 4

// mails measures the mails of the labelled set whose text is in themselves, receipts and others, from the event to the record or to the verdict
// that they are none.
func (b *bench) mails(ctx context.Context) ([]table.Row, error) {
	set, err := tuned.Mails()
	if err != nil {
		return nil, err
	}
	var mails [][]byte
	for _, m := range set {
		if !bytes.Contains(m.Raw, []byte("Content-Disposition: attachment")) {
			mails = append(mails, m.Raw)
		}
	}
	own := b.library
	defer func() { b.library = own }()
	var took time.Duration
	for round := range mailRounds + 1 {
		b.library = uuid.New()
		one, err := b.process(ctx, mails)
		if err != nil {
			return nil, err
		}
		if round > 0 { // the first one warms up
			took += one
		}
	}
	table.Note("%d mails of text, %d times", len(mails), mailRounds)
	return []table.Row{{Name: "mails with text, one process", Figure: float64(mailRounds*len(mails)) / took.Seconds(), Unit: "/s", Goal: table.AtLeast(50)}}, nil
}

// process publishes mails and returns how long it took until all were processed.
func (b *bench) process(ctx context.Context, mails [][]byte) (time.Duration, error) {
	var done []<-chan *bus.Run
	var events []*bus.Event
	for _, mail := range mails {
		event := bus.NewEvent(b.library, "bench", "mail.received", "message/rfc822", mail)
		events = append(events, event)
		done = append(done, b.expect(event.JobID("finance", "process_receipt")))
	}
	start := time.Now()
	for _, event := range events {
		if err := b.conn.Publish(ctx, event); err != nil {
			return 0, err
		}
	}
	for _, outcome := range done {
		select {
		case run := <-outcome:
			if run.State != bus.StateCompleted || len(run.Errors) > 0 || len(run.Report.Warnings) > 0 {
				return 0, fmt.Errorf("a mail is %s: %+v %v", run.State, run.Errors, run.Report.Warnings)
			}
		case <-ctx.Done():
			return 0, errors.New("mails were not processed in time")
		}
	}
	return time.Since(start), nil
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}
