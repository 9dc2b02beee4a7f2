package vdfs_test

import (
	"encoding/json"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/internal/pgtest"
	"github.com/airlock-run/airlock/operations/operationstest"
	"github.com/airlock-run/airlock/operations/store/storetest"
)

// BenchmarkWriteSidecar writes sidecars of 4 KB to entries of their own over the bus, each call with a key: from one
// caller, and from 16. It is over when all are answered, which b.Loop could not wait for: it stops the clock when the
// last one is handed out.
func BenchmarkWriteSidecar(b *testing.B) {
	for dialect, newURL := range map[string]func(testing.TB) string{"sqlite": storetest.SQLite, "postgres": pgtest.Database} {
		for _, callers := range []int{1, 16} {
			b.Run(fmt.Sprintf("%s/%d", dialect, callers), func(b *testing.B) {
				h := operationstest.New(b, newURL(b), domain)
				ids := make([]string, callers)
				for i := range ids {
					ids[i] = create(b, h, fmt.Sprintf("/%d", i)).ID
				}
				var begun atomic.Int64
				var group sync.WaitGroup
				jobs := make([]*bus.Call, callers)
				for i := range jobs {
					jobs[i] = h.NewCall(b, "action:vdfs.write_sidecar", nil)
				}
				b.ResetTimer()
				for i, id := range ids {
					group.Go(func() {
						for n := begun.Add(1); n <= int64(b.N); n = begun.Add(1) {
							if err := writeOnce(b, h, *jobs[i], id, n); err != nil {
								b.Error(err)
							}
						}
					})
				}
				group.Wait()
				b.StopTimer()
				b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "writes/s")
			})
		}
	}
}

// writeOnce makes a call as the job of another.
func writeOnce(b *testing.B, h *operationstest.Harness, call bus.Call, id string, n int64) error {
	b.Helper()
	payload, err := json.Marshal(file(id, "a.json", random(4<<10)))
	if err != nil {
		return err
	}
	call.Payload, call.Key = payload, fmt.Sprintf("%s/k/%d", call.Job, n)
	_, err = h.Conn.Call(b.Context(), &call)
	return err
}
