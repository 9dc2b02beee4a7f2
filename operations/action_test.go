package operations_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/operations"
	"github.com/airlock-run/airlock/operations/operationstest"
	"github.com/airlock-run/airlock/operations/store"
	"github.com/airlock-run/airlock/operations/store/storetest"
)

// addInput names a row to add. A row that is there already fails; one with a Fail is added, and then the call fails.
type addInput struct {
	Name string `json:"name"`
	Fail string `json:"fail"`
}

type added struct {
	Rows int     `json:"rows"`
	Odd  float64 `json:"odd"`
	Text string  `json:"text,omitempty"`
}

func add(ctx context.Context, tx *store.Tx, _ *bus.Call, in addInput) (added, error) {
	if in.Name == "" {
		return added{}, bus.Errorf(bus.InvalidArgument, "name is missing")
	}
	n, err := tx.Exec(ctx, `INSERT INTO blobs (library_id, digest, size) VALUES ($1, '', 0) ON CONFLICT DO NOTHING`, in.Name)
	if err != nil {
		return added{}, err
	}
	if n == 0 {
		return added{}, bus.Errorf(bus.AlreadyExists, "%s is there", in.Name)
	}
	out := added{}
	switch in.Fail {
	case "error":
		return out, errors.New("secret text")
	case "panic":
		panic("of the test")
	case "nan":
		out.Odd = math.NaN()
	case "large":
		out.Text = strings.Repeat("x", bus.MaxCall)
	}
	err = tx.QueryRow(ctx, `SELECT count(*) FROM blobs`).Scan(&out.Rows)
	return out, err
}

func adder(testing.TB, *bus.Conn, *store.DB) []operations.Operation {
	return []operations.Operation{operations.Action("test.add", add)}
}

func rows(tb testing.TB, h *operationstest.Harness) (n int) {
	tb.Helper()
	err := h.DB.Read(tb.Context(), func(tx *store.Tx) error {
		return tx.QueryRow(tb.Context(), `SELECT count(*) FROM blobs`).Scan(&n)
	})
	if err != nil {
		tb.Fatal(err)
	}
	return n
}

func TestAction(t *testing.T) {
	t.Parallel()
	operationstest.Exercise(t, adder, operationstest.Example{
		Method:  "action:test.add",
		Input:   func(testing.TB, *operationstest.Harness) any { return addInput{Name: uuid.NewString()} },
		Effects: rows,
	})
}

func TestActionThatFails(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, newURL func(testing.TB) string) {
		h := operationstest.New(t, newURL(t), adder)
		for fail, code := range map[string]bus.Code{
			"error": bus.Internal, "panic": bus.Internal, "nan": bus.Internal, "large": bus.ResourceExhausted,
		} {
			t.Run(fail+" has no effect", func(t *testing.T) {
				message := h.Refused(t, code, "action:test.add", addInput{Name: fail, Fail: fail})
				if strings.Contains(message, "secret") || strings.Contains(message, "goroutine") {
					t.Errorf("message tells too much: %s", message)
				}
				if n := rows(t, h); n != 0 {
					t.Errorf("%d rows, want none", n)
				}
			})
		}
		t.Run("already_exists is not kept: the repeat succeeds once the way is free", func(t *testing.T) {
			h.OK(t, "action:test.add", addInput{Name: "taken"}, nil)
			call := h.NewCall(t, "action:test.add", addInput{Name: "taken"})
			call.Key = call.Job.String() + "/k/mine"
			if _, err := h.Conn.Call(t.Context(), call); bus.CodeOf(err) != bus.AlreadyExists {
				t.Fatalf("error is %v, want already_exists", err)
			}
			err := h.DB.Write(t.Context(), func(tx *store.Tx) error {
				_, err := tx.Exec(t.Context(), `DELETE FROM blobs`)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			for range 2 {
				if answer, err := h.Conn.Call(t.Context(), call); err != nil || string(answer) != `{"rows":1,"odd":0}` {
					t.Errorf("answer is %s, %v", answer, err)
				}
			}
		})
		for name, key := range map[string]string{"too long": strings.Repeat("k", 513), "not UTF-8": "\xff"} {
			t.Run("invalid_argument for a key "+name, func(t *testing.T) {
				call := h.NewCall(t, "action:test.add", addInput{Name: name})
				call.Key = key
				if _, err := h.Conn.Call(t.Context(), call); bus.CodeOf(err) != bus.InvalidArgument {
					t.Errorf("error is %v, want invalid_argument", err)
				}
			})
		}
	})
}

func TestPreparedAction(t *testing.T) {
	t.Parallel()
	h := operationstest.New(t, storetest.SQLite(t), func(_ testing.TB, _ *bus.Conn, db *store.DB) []operations.Operation {
		prepare := func(ctx context.Context, _ *bus.Call, in addInput) (addInput, error) {
			if in.Fail != "" {
				return in, bus.Errorf(bus.InvalidArgument, "%s", in.Fail)
			}
			// Another transaction ends meanwhile, which inside this one would wait for ever.
			return addInput{Name: in.Name + "!"}, db.Write(ctx, func(*store.Tx) error { return nil })
		}
		return []operations.Operation{operations.PreparedAction("test.add", prepare, add)}
	})
	t.Run("ok with what was prepared", func(t *testing.T) {
		h.OK(t, "action:test.add", addInput{Name: "a"}, nil)
		h.Refused(t, bus.AlreadyExists, "action:test.add", addInput{Name: "a"})
	})
	t.Run("invalid_argument from the preparation", func(t *testing.T) {
		if got := h.Refused(t, bus.InvalidArgument, "action:test.add", addInput{Name: "b", Fail: "no"}); got != "no" {
			t.Errorf("message is %q", got)
		}
	})
}

func TestActionUnavailable(t *testing.T) {
	t.Parallel()
	h := operationstest.New(t, storetest.SQLite(t), func(testing.TB, *bus.Conn, *store.DB) []operations.Operation {
		return []operations.Operation{operations.Action("test.away",
			func(context.Context, *store.Tx, *bus.Call, struct{}) (struct{}, error) {
				return struct{}{}, fmt.Errorf("connect: %w", store.ErrUnavailable)
			})}
	})
	h.Refused(t, bus.Unavailable, "action:test.away", `{}`)
}
