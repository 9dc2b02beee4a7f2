package vdfs_test

import (
	"encoding/json"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/airlock-run/airlock/internal/pgtest"
	"github.com/airlock-run/airlock/operations/operationstest"
	"github.com/airlock-run/airlock/operations/store/storetest"
)

// BenchmarkWriteSidecar writes sidecars of 4 KB to entries of their own over the bus, each call with a key: from one
// caller, and from 16.
func BenchmarkWriteSidecar(b *testing.B) {
	for dialect, newURL := range map[string]func(testing.TB) string{"sqlite": storetest.SQLite, "postgres": pgtest.Database} {
		for _, callers := range []int{1, 16} {
			b.Run(fmt.Sprintf("%s/%d", dialect, callers), func(b *testing.B) {
				h := operationstest.New(b, newURL(b), domain)
				ids := make([]string, callers)
				for i := range ids {
					ids[i] = create(b, h, fmt.Sprintf("/%d", i)).ID
				}
				var next atomic.Int64
				jobs := make(chan int)
				done := make(chan error, callers)
				for i := range callers {
					go func() {
						var failed error
						for range jobs {
							data := random(4 << 10)
							payload, _ := json.Marshal(file(ids[i], "a.json", data))
							call := h.NewCall(b, "action:vdfs.write_sidecar", payload)
							call.Key = fmt.Sprintf("%s/k/%d", call.Job, next.Add(1))
							if _, err := h.Conn.Call(b.Context(), call); err != nil {
								failed = err
							}
						}
						done <- failed
					}()
				}
				n := 0
				for b.Loop() {
					jobs <- n
					n++
				}
				close(jobs)
				for range callers {
					if err := <-done; err != nil {
						b.Error(err)
					}
				}
				b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "writes/s")
			})
		}
	}
}
