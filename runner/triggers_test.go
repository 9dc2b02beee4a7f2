package runner_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/extensions"
	"github.com/airlock-run/airlock/runner"
)

// hear installs n extensions that an event of type crowd.called starts a job of, and returns their ids. Their records are written by
// themselves: a catalogue looks through all versions for each.
func (c *cluster) hear(n int) []string {
	c.tb.Helper()
	store, err := c.conn.Extensions(c.tb.Context())
	if err != nil {
		c.tb.Fatal(err)
	}
	jobs, ids := jobsOf(c.tb, guest), make([]string, n)
	for i := range ids {
		ids[i] = fmt.Sprintf("crowd-%d", i)
		p, err := extensions.NewPackage(fmt.Appendf(nil, `{"id":%q,"name":"Test","version":"1.0.0","wasm_file":"guest.wasm",
			"triggers":[{"event":"crowd.called","job":"empty"},{"event":"crowd.*","job":"empty"}]}`, ids[i]), guest)
		if err != nil {
			c.tb.Fatal(err)
		}
		record, err := json.Marshal(extensions.Installed{Manifest: p.Manifest, Version: p.Version(), Digest: p.Digest, Size: int64(len(p.Wasm)), Jobs: jobs})
		if err == nil {
			err = store.PutModule(c.tb.Context(), p.Digest, p.Wasm)
		}
		if err == nil {
			_, err = store.PutRecord(c.tb.Context(), ids[i], record)
		}
		if err != nil {
			c.tb.Fatal(err)
		}
	}
	return ids
}

// Each of many extensions that hear an event has its job once, also when the event is handed to workers again.
func TestManyExtensionsHearOneEvent(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	ids := c.hear(1000)
	for range 2 {
		c.work(runner.Config{})
	}
	event := bus.NewEvent(c.library, "test", "crowd.called", "", []byte("1"))
	for range 2 {
		if err := c.conn.Publish(t.Context(), event); err != nil {
			t.Fatal(err)
		}
	}
	jobs := make([]uuid.UUID, len(ids))
	for i, id := range ids {
		jobs[i] = event.JobID(id, "empty")
	}
	eventually(t, "all jobs have ended", func() bool {
		runs, err := c.conn.Runs(t.Context(), jobs)
		if err != nil {
			t.Fatal(err)
		}
		ended := 0
		for _, run := range runs {
			if run.State == bus.StateCompleted && run.Attempt == 1 {
				ended++
			}
		}
		return ended == len(jobs)
	})
}

// BenchmarkPublish measures how long a publisher waits, by how many extensions its events start jobs of, and how long those take to be enqueued.
func BenchmarkPublish(b *testing.B) {
	for _, n := range []int{0, 1, 1000} {
		b.Run(fmt.Sprintf("%d extensions hear it", n), func(b *testing.B) {
			c := newCluster(b)
			ids := c.hear(n)
			for _, id := range ids { // what they do is not what is measured
				if err := c.conn.PauseExtension(b.Context(), id); err != nil {
					b.Fatal(err)
				}
			}
			c.work(runner.Config{})
			var publishing, all time.Duration
			b.ResetTimer()
			for range b.N {
				event := bus.NewEvent(c.library, "test", "crowd.called", "", []byte("1"))
				begin := time.Now()
				if err := c.conn.Publish(b.Context(), event); err != nil {
					b.Fatal(err)
				}
				publishing += time.Since(begin)
				for _, id := range ids[max(0, n-1):] { // the last one, as they are enqueued together
					for {
						if _, err := c.conn.Job(b.Context(), event.JobID(id, "empty")); err == nil {
							break
						} else if bus.CodeOf(err) != bus.NotFound {
							b.Fatal(err)
						}
					}
				}
				all += time.Since(begin)
			}
			b.ReportMetric(float64(publishing.Microseconds())/float64(b.N), "publish-µs/op")
			b.ReportMetric(float64(all.Microseconds())/float64(b.N), "enqueued-µs/op")
		})
	}
}
