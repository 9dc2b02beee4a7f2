package state_test

import (
	"encoding/json"
	"os"
	"strconv"
	"testing"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/internal/pgtest"
	"github.com/airlock-run/airlock/operations"
	"github.com/airlock-run/airlock/operations/operationstest"
	"github.com/airlock-run/airlock/operations/state"
	"github.com/airlock-run/airlock/operations/store"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

func domain(_ testing.TB, _ *bus.Conn, db *store.DB) []operations.Operation {
	return state.Operations(db)
}

type object = map[string]any

type value struct {
	Value    any   `json:"value"`
	Revision int64 `json:"revision"`
}

func put(tb testing.TB, h *operationstest.Harness, key string, v any) int64 {
	tb.Helper()
	var out value
	h.OK(tb, "action:state.put", object{"key": key, "value": v}, &out)
	return out.Revision
}

func get(tb testing.TB, h *operationstest.Harness, key string) (out value) {
	tb.Helper()
	h.OK(tb, "query:state.get", object{"key": key}, &out)
	return out
}

// sum is a sum over the totals of all extensions.
func sum(tb testing.TB, h *operationstest.Harness, column string) (n int) {
	tb.Helper()
	err := h.DB.Read(tb.Context(), func(tx *store.Tx) error {
		return tx.QueryRow(tb.Context(), `SELECT COALESCE(SUM(`+column+`), 0) FROM state_totals`).Scan(&n)
	})
	if err != nil {
		tb.Fatal(err)
	}
	return n
}

func key(n int) string { return "k" + strconv.Itoa(n) }

func decode(tb testing.TB, data []byte, out any) {
	tb.Helper()
	if err := json.Unmarshal(data, out); err != nil {
		tb.Error(err)
	}
}

func encode(tb testing.TB, in any) []byte {
	tb.Helper()
	data, err := json.Marshal(in)
	if err != nil {
		tb.Error(err)
	}
	return data
}
