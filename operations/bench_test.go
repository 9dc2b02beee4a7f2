package operations_test

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/operations"
	"github.com/airlock-run/airlock/operations/operationstest"
	"github.com/airlock-run/airlock/operations/store"
	"github.com/airlock-run/airlock/operations/store/storetest"
)

// BenchmarkCall compares a call to a bare endpoint of the bus with one to the same query in this framework.
func BenchmarkCall(b *testing.B) {
	h := operationstest.New(b, storetest.SQLite(b), func(testing.TB, *bus.Conn, *store.DB) []operations.Operation {
		return []operations.Operation{operations.Query("test.echo",
			func(_ context.Context, _ *bus.Call, in addInput) (addInput, error) { return in, nil })}
	})
	bare, err := h.Conn.Serve(bus.ServiceConfig{Name: "bare", Endpoints: []bus.Endpoint{
		bus.CallEndpoint(bus.Query, "test.bare", nil,
			func(_ context.Context, call *bus.Call) (json.RawMessage, error) { return call.Payload, nil }),
	}})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = bare.Stop() })
	for _, method := range []string{"query:test.bare", "query:test.echo"} {
		b.Run(method, func(b *testing.B) {
			call := h.NewCall(b, method, addInput{Name: "a name of some length"})
			for b.Loop() {
				if _, err := h.Conn.Call(b.Context(), call); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
