package bus_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/google/uuid"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/bus/bustest"
)

// stored is a record as a release wrote it.
func stored(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// What the first release wrote is read, to the last member. The files in testdata/release1 are never changed: when a shape gains a member, the files of
// the release that brings it are added beside them.
func TestRecordsOfRelease1(t *testing.T) {
	t.Parallel()
	server := bustest.Start(t)
	conn := bustest.Connect(t, server)
	library := uuid.MustParse("a1510c00-0000-4000-8000-000000000001")
	id, parent := uuid.MustParse("01a20499-5d0c-7f5e-8f3a-0d9a3a2b1c4e"), uuid.MustParse("01a20499-5d0c-7f5e-8f3a-0d9a3a2b1c4d")
	at := func(seconds int) *time.Time {
		t := time.Date(2026, 11, 22, 18, 0, seconds, 0, time.UTC)
		return &t
	}
	t.Run("job", func(t *testing.T) {
		t.Parallel()
		bustest.Request(t, server, bus.JobSubject("finance", bus.Normal, library, id), nil, stored(t, "release1/job.json"))
		got, err := conn.Job(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		want := &bus.Job{
			ID: id, Extension: "finance", Name: "process_receipt", Library: library, Priority: bus.Normal, Input: json.RawMessage(`{"any":"JSON"}`),
			Event: got.Event, MaxAttempts: 3, TimeoutMS: 60000, CreatedAt: *at(0), Unique: &bus.Unique{Key: "k", ForMS: 1000}, Parent: &parent, Depth: 1,
			Schedule: "finance.daily",
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("job (-want +got):\n%s", diff)
		}
		if got.Event == nil || got.Event.Type != "mail.received" || got.Event.Source != "mail" {
			t.Errorf("its event is %+v", got.Event)
		}
	})
	t.Run("run", func(t *testing.T) {
		t.Parallel()
		bustest.Request(t, server, bus.RunSubject(id), nil, stored(t, "release1/run.json"))
		got, err := conn.Run(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		due := at(0).Add(time.Hour)
		want := &bus.Run{
			Job: id, Extension: "finance", Name: "process_receipt", Library: library, Priority: bus.Normal, CreatedAt: *at(0), State: bus.StateScheduled,
			Attempt: 3, Failures: 1, Worker: "w1", Version: "sha256:40ee9ab085b6cbbc6a70e5622926d381be20b6b57c21b1420227c1757978ef3c",
			Digest: "sha256:a506d40593aefd8d57413f2b0a5e8e9b6567e6a695dc43ec4d1d0653788e9b39", Due: &due, StartedAt: at(1),
			Checkpoint: &bus.Checkpoint{State: []byte("so far"), At: *at(2), Calls: map[string]uint32{"h": 7}},
			Errors:     []bus.Failure{{Attempt: 1, At: *at(3), Code: bus.Internal, Error: "no luck", Limit: "fuel"}},
			Report: bus.Report{
				Progress: 0.5, Message: "half", Items: 1, Bytes: 2, Warnings: []string{"w"}, Logs: []bus.LogLine{{At: *at(2), Level: "info", Text: "t"}},
				Calls: 3, Denied: 1, GuestMS: 1.5, CallMS: 2.5, Fuel: 9, MemoryBytes: 65536,
			},
			Lost: 1, Yields: 2, Trace: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", Holder: "h1", Write: 4,
		}
		if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(bus.Run{})); diff != "" {
			t.Errorf("run record (-want +got):\n%s", diff)
		}
	})
	t.Run("schedule", func(t *testing.T) {
		t.Parallel()
		bustest.Request(t, server, "$KV.airlock-schedules.finance.daily", nil, stored(t, "release1/recurring.json"))
		got, err := conn.Recurring(t.Context(), "finance.daily")
		if err != nil {
			t.Fatal(err)
		}
		want := &bus.Recurring{
			Name: "finance.daily", Spec: "0 7 * * 1-5", TimeZone: "Europe/Berlin", Extension: "finance", Job: "process_receipt", Library: library,
			Priority: bus.Normal, Input: json.RawMessage(`{"a":1}`), CreatedAt: *at(0), Manifest: true,
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("schedule (-want +got):\n%s", diff)
		}
	})
}

// Streams that a newer release has written in a format of its own are not used.
func TestSetupRefusesNewerFormats(t *testing.T) {
	t.Parallel()
	for format, refused := range map[string]bool{"1": false, "2": true, "next": true} {
		t.Run(format, func(t *testing.T) {
			t.Parallel()
			server := bustest.Start(t)
			conn := bustest.Connect(t, server)
			nc, err := nats.Connect("nats://airlock", nats.InProcessServer(server))
			if err != nil {
				t.Fatal(err)
			}
			defer nc.Close()
			js, err := jetstream.New(nc)
			if err != nil {
				t.Fatal(err)
			}
			stream, err := js.Stream(t.Context(), "RUNS")
			if err != nil {
				t.Fatal(err)
			}
			config := stream.CachedInfo().Config
			config.Metadata["airlock-format"] = format
			if _, err := js.UpdateStream(t.Context(), config); err != nil {
				t.Fatal(err)
			}
			err = conn.Setup(t.Context())
			if refused != (err != nil) || refused && !strings.Contains(err.Error(), `RUNS: it has format "`+format+`", and this airlock knows "1": run a newer airlock`) {
				t.Errorf("set up: %v", err)
			}
		})
	}
}
