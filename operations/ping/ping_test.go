package ping_test

import (
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/internal/pgtest"
	"github.com/airlock-run/airlock/operations"
	"github.com/airlock-run/airlock/operations/operationstest"
	"github.com/airlock-run/airlock/operations/ping"
	"github.com/airlock-run/airlock/operations/store"
	"github.com/airlock-run/airlock/operations/store/storetest"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

func domain(testing.TB, *bus.Conn, *store.DB) []operations.Operation { return ping.Operations() }

func TestPing(t *testing.T) {
	t.Parallel()
	operationstest.Exercise(t, domain, operationstest.Example{
		Method: "query:test.ping", AnyInput: true,
		Input: func(testing.TB, *operationstest.Harness) any { return `{"a":1}` },
	})

	for name, tt := range map[string]struct{ payload, pong string }{
		"an object":    {`{"b": [1, 2e3], "a": "<é>"}`, `{"b":[1,2e3],"a":"<é>"}`},
		"nothing":      {"", "null"},
		"a big number": {"12345678901234567890123456789", "12345678901234567890123456789"},
	} {
		t.Run("answers "+name+" and who calls", func(t *testing.T) {
			t.Parallel()
			h := operationstest.New(t, storetest.SQLite(t), domain)
			call := h.NewCall(t, "query:test.ping", tt.payload)
			call.Attempt = 7
			answer, err := h.Conn.Call(t.Context(), call)
			if err != nil {
				t.Fatal(err)
			}
			want := `{"pong":` + tt.pong + `,"extension":"com.example.test","library_id":"` + call.Library.String() +
				`","job_id":"` + call.Job.String() + `","attempt":7}`
			if diff := cmp.Diff(want, string(answer)); diff != "" {
				t.Error(diff)
			}
		})
	}
}
