package bus_test

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/bus/bustest"
)

// largeJSON is a string in JSON of so many bytes.
func largeJSON(size int) json.RawMessage {
	data := bytes.Repeat([]byte("0123456789abcdef"), size/16+1)[:size]
	data[0], data[size-1] = '"', '"'
	return data
}

func inputs(t *testing.T, server *bus.Server) (jetstream.ObjectStore, jetstream.Stream) {
	t.Helper()
	nc, err := nats.Connect("nats://airlock", nats.InProcessServer(server))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	store, err := js.ObjectStore(t.Context(), "airlock-inputs")
	if err != nil {
		t.Fatal(err)
	}
	stream, err := js.Stream(t.Context(), "OBJ_airlock-inputs")
	if err != nil {
		t.Fatal(err)
	}
	return store, stream
}

func messages(t *testing.T, stream jetstream.Stream) uint64 {
	t.Helper()
	info, err := stream.Info(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return info.State.Msgs
}

func TestLargeInputIsKeptAside(t *testing.T) {
	t.Parallel()
	server := bustest.Start(t)
	conn := bustest.Connect(t, server)
	_, stream := inputs(t, server)
	queue := openQueue(t, conn)
	job := newJob()
	job.Input = largeJSON(50 << 20)
	start := time.Now()
	enqueue(t, conn, job)
	t.Logf("50 MiB enqueued in %s", time.Since(start).Round(time.Millisecond))
	kept := messages(t, stream)
	enqueue(t, conn, job) // again, as a caller does who is not sure
	if again := messages(t, stream); again != kept || job.InputRef != nil || len(job.Input) != 50<<20 {
		t.Errorf("enqueued twice: %d messages, then %d; the caller's job has an input of %d bytes and the reference %v",
			kept, again, len(job.Input), job.InputRef)
	}

	attempt := begin(t, queue)
	if attempt.Job.Input != nil || attempt.Job.InputRef == nil || attempt.Job.InputRef.Size != 50<<20 {
		t.Fatalf("the job was dealt with an input of %d bytes and the reference %+v", len(attempt.Job.Input), attempt.Job.InputRef)
	}
	start = time.Now()
	input, err := conn.Input(t.Context(), attempt.Job)
	t.Logf("50 MiB read in %s", time.Since(start).Round(time.Millisecond))
	if err != nil || !bytes.Equal(input, job.Input) {
		t.Fatalf("its input is %d bytes, error %v", len(input), err)
	}
	if err := attempt.End(t.Context(), completed()); err != nil {
		t.Fatal(err)
	}
	if n, err := conn.SweepInputs(t.Context(), time.Now().Add(2*time.Hour)); n != 0 || err != nil {
		t.Errorf("with a record of the job, %d inputs were removed, error %v", n, err)
	}
}

func TestInlineInputStaysInTheMessage(t *testing.T) {
	t.Parallel()
	conn := bustest.New(t)
	queue := openQueue(t, conn)
	job := newJob()
	job.Input = largeJSON(bus.InlineInput)
	enqueue(t, conn, job)
	attempt := begin(t, queue)
	t.Cleanup(attempt.Abandon)
	input, err := conn.Input(t.Context(), attempt.Job)
	if err != nil || !bytes.Equal(input, job.Input) || attempt.Job.InputRef != nil {
		t.Errorf("input of %d bytes, reference %v, error %v", len(input), attempt.Job.InputRef, err)
	}
}

func TestSweepInputs(t *testing.T) {
	t.Parallel()
	server := bustest.Start(t)
	conn := bustest.Connect(t, server)
	store, stream := inputs(t, server)
	put := func(name string) {
		t.Helper()
		if _, err := store.PutBytes(t.Context(), name, largeJSON(1<<20)); err != nil {
			t.Fatal(err)
		}
	}
	submit := func(due time.Duration) *bus.Job {
		t.Helper()
		job := newJob()
		job.Input = largeJSON(bus.InlineInput + 1)
		if due > 0 {
			at := time.Now().Add(due)
			job.Due = &at
		}
		enqueue(t, conn, job)
		return job
	}
	waits, scheduled, cancelled, deleted := submit(0), submit(time.Hour), submit(0), submit(0)
	for _, job := range []*bus.Job{cancelled, deleted} {
		if err := conn.Cancel(t.Context(), job.ID); err != nil {
			t.Fatal(err)
		}
	}
	forget(t, server, deleted)
	put(newJob().Extension) // by nobody we know: it stays
	orphan := "0b6f0f3e-4a8e-4f0e-9d8c-1f6f4f0f7a01/sha256:" + strings.Repeat("0", 64)
	put(orphan)
	if _, err := publishTo(t, server, "$O.airlock-inputs.C.halfway", "half of an input"); err != nil {
		t.Fatal(err)
	}

	before := messages(t, stream)
	if n, err := conn.SweepInputs(t.Context(), time.Now().Add(59*time.Minute)); n != 0 || err != nil || messages(t, stream) != before {
		t.Errorf("within the hour: %d removed, error %v, %d messages of %d", n, err, messages(t, stream), before)
	}
	if n, err := conn.SweepInputs(t.Context(), time.Now().Add(61*time.Minute)); n != 2 || err != nil {
		t.Errorf("%d removed, want that of the deleted job and the orphan; error %v", n, err)
	}
	for _, job := range []*bus.Job{waits, scheduled, cancelled} {
		sent := *job
		sent.Input, sent.InputRef = nil, &bus.InputRef{Digest: bus.Digest(job.Input), Size: int64(len(job.Input))}
		if input, err := conn.Input(t.Context(), &sent); err != nil || !bytes.Equal(input, job.Input) {
			t.Errorf("input of a job that is kept: %d bytes, error %v", len(input), err)
		}
	}
	sent := *deleted
	sent.Input, sent.InputRef = nil, &bus.InputRef{Digest: bus.Digest(deleted.Input), Size: int64(len(deleted.Input))}
	if _, err := conn.Input(t.Context(), &sent); bus.CodeOf(err) != bus.NotFound {
		t.Errorf("input of a deleted job: error is %v, want not_found", err)
	}
	for _, subject := range []string{"$O.airlock-inputs.C.halfway"} {
		if _, err := stream.GetLastMsgForSubject(t.Context(), subject); err == nil {
			t.Errorf("%s is still there", subject)
		}
	}
	// Three inputs of two messages each, and what is not ours.
	if n := messages(t, stream); n != 3*(2+1)+(8+1) {
		t.Errorf("%d messages are left", n)
	}
}

// forget removes all that is known of a job.
func forget(t *testing.T, server *bus.Server, job *bus.Job) {
	t.Helper()
	nc, err := nats.Connect("nats://airlock", nats.InProcessServer(server))
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	for name, subject := range map[string]string{
		"JOBS": bus.JobSubject(job.Extension, job.Priority, job.Library, job.ID), "RUNS": bus.RunSubject(job.ID),
	} {
		stream, err := js.Stream(t.Context(), name)
		if err == nil {
			err = stream.Purge(t.Context(), jetstream.WithPurgeSubject(subject))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

func publishTo(t *testing.T, server *bus.Server, subject, data string) (*jetstream.PubAck, error) {
	t.Helper()
	nc, err := nats.Connect("nats://airlock", nats.InProcessServer(server))
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	return js.Publish(context.WithoutCancel(t.Context()), subject, []byte(data))
}

func TestInputThatCannotBe(t *testing.T) {
	t.Parallel()
	conn := bustest.New(t)
	reference := &bus.InputRef{Digest: bus.Digest([]byte("1")), Size: 1}
	for name, c := range map[string]struct {
		input json.RawMessage
		ref   *bus.InputRef
		want  string
	}{
		"too large":             {input: largeJSON(bus.MaxInput + 1), want: "input is 104857601 bytes, at most 104857600 are possible"},
		"input and reference":   {input: []byte("1"), ref: reference, want: "there is an input beside it"},
		"reference to nothing":  {ref: &bus.InputRef{Digest: reference.Digest}, want: "no reference to an input"},
		"reference without one": {ref: &bus.InputRef{Digest: "me", Size: 1}, want: "no reference to an input"},
		"reference too large":   {ref: &bus.InputRef{Digest: reference.Digest, Size: bus.MaxInput + 1}, want: "no reference to an input"},
	} {
		job := newJob()
		job.Input, job.InputRef = c.input, c.ref
		if err := conn.Enqueue(t.Context(), job); bus.CodeOf(err) != bus.InvalidArgument || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error is %v", name, err)
		}
	}
	t.Run("duplicate leaves nothing", func(t *testing.T) {
		t.Parallel()
		server := bustest.Start(t)
		conn := bustest.Connect(t, server)
		store, _ := inputs(t, server)
		for range 2 {
			job := newJob()
			job.Library, job.Input, job.Unique = [16]byte{1}, largeJSON(1<<20), &bus.Unique{Key: "k"}
			_ = conn.Enqueue(t.Context(), job)
		}
		if kept, err := store.List(t.Context()); err != nil || len(kept) != 1 {
			t.Errorf("%d inputs are kept, error %v", len(kept), err)
		}
	})
	t.Run("retry with another large input", func(t *testing.T) {
		t.Parallel()
		conn := bustest.New(t)
		queue := openQueue(t, conn)
		job := newJob()
		enqueue(t, conn, job)
		if err := begin(t, queue).End(t.Context(), bus.Outcome{State: bus.StateDead}); err != nil {
			t.Fatal(err)
		}
		if err := conn.RetryJob(t.Context(), job.ID, largeJSON(2<<20)); err != nil {
			t.Fatal(err)
		}
		attempt := begin(t, queue)
		t.Cleanup(attempt.Abandon)
		if input, err := conn.Input(t.Context(), attempt.Job); err != nil || len(input) != 2<<20 {
			t.Errorf("input of %d bytes, error %v", len(input), err)
		}
	})
}
