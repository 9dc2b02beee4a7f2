package events_test

import (
	"context"
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/google/uuid"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/internal/pgtest"
	"github.com/airlock-run/airlock/operations"
	"github.com/airlock-run/airlock/operations/events"
	"github.com/airlock-run/airlock/operations/operationstest"
	"github.com/airlock-run/airlock/operations/store"
	"github.com/airlock-run/airlock/operations/store/storetest"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

func domain(_ testing.TB, conn *bus.Conn, _ *store.DB) []operations.Operation {
	return events.Operations(conn)
}

type object = map[string]any

// callerAfter makes a job to which so many events led. It waits, and so counts as one that may call.
func callerAfter(tb testing.TB, h *operationstest.Harness, hops int) uuid.UUID {
	tb.Helper()
	due := time.Now().Add(time.Hour)
	job := &bus.Job{Extension: operationstest.Extension, Name: "test", Library: h.Library, Due: &due, Hops: hops}
	if err := h.Conn.Enqueue(tb.Context(), job); err != nil {
		tb.Fatal(err)
	}
	return job.ID
}

// published returns all events there are, oldest first.
func published(tb testing.TB, h *operationstest.Harness) (all []*bus.Event) {
	tb.Helper()
	last := bus.NewEvent(h.Library, "test", "test.last", "", []byte(`1`))
	if err := h.Conn.Publish(tb.Context(), last); err != nil {
		tb.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(tb.Context(), 20*time.Second)
	defer cancel()
	err := h.Conn.FollowEvents(ctx, "test-"+uuid.NewString(), func(_ context.Context, e *bus.Event) error {
		if e.ID == last.ID {
			cancel()
		} else if e.Type != last.Type {
			all = append(all, e)
		}
		return nil
	})
	if err != nil {
		tb.Fatal(err)
	}
	return all
}

func TestPublish(t *testing.T) {
	t.Parallel()
	operationstest.Exercise(t, domain, operationstest.Example{
		Method: "action:events.publish",
		Input: func(testing.TB, *operationstest.Harness) any {
			return object{"type": "receipt.detected", "data": object{"n": uuid.NewString()}}
		},
		Caller: func(tb testing.TB, h *operationstest.Harness) uuid.UUID { return callerAfter(tb, h, 0) },
		Bad: map[string]any{
			"no type": object{"data": 1}, "a type with spaces": object{"type": "a b"}, "a type of Airlock's": object{"type": "airlock.budget.warning"},
			"data twice":        object{"type": "a", "data": 1, "data_base64": "YQ==", "content_type": "text/plain"},
			"bytes of no type":  object{"type": "a", "data_base64": "YQ=="},
			"no base64":         object{"type": "a", "data_base64": "?", "content_type": "text/plain"},
			"a line in subject": object{"type": "a", "subject": "a\nb"},
		},
		Effects: func(tb testing.TB, h *operationstest.Harness) int { return len(published(tb, h)) },
	})
}

func TestPublishedEventsAre(t *testing.T) {
	t.Parallel()
	h := operationstest.New(t, storetest.SQLite(t), domain)
	publish := func(hops int, payload any) (string, error) {
		call := h.NewCall(t, "action:events.publish", payload)
		call.Job = callerAfter(t, h, hops)
		answer, err := h.Conn.Call(t.Context(), call)
		var out struct {
			ID string `json:"event_id"`
		}
		if err == nil {
			err = json.Unmarshal(answer, &out)
		}
		return out.ID, err
	}
	first, err := publish(2, object{"type": "receipt.detected", "subject": "entry 7", "data": object{"total": "7.50"}})
	if err != nil {
		t.Fatal(err)
	}
	second, err := publish(0, object{"type": "scan.done", "content_type": "text/plain", "data_base64": "aGk="})
	if err != nil {
		t.Fatal(err)
	}
	source := "/extensions/" + operationstest.Extension
	want := []*bus.Event{
		{
			ID: first, Source: source, Type: "receipt.detected", Subject: "entry 7", DataContentType: "application/json",
			Data: json.RawMessage(`{"total":"7.50"}`), Size: 16, Library: h.Library, Hops: 2,
		},
		{ID: second, Source: source, Type: "scan.done", DataContentType: "text/plain", DataBase64: "aGk=", Size: 2, Library: h.Library},
	}
	if diff := cmp.Diff(want, published(t, h), cmpopts.IgnoreFields(bus.Event{}, "Time")); diff != "" {
		t.Error(diff)
	}
	if _, err := publish(bus.MaxHops+1, object{"type": "again.and.again"}); bus.CodeOf(err) != bus.FailedPrecondition || !strings.Contains(err.Error(), "loop") {
		t.Errorf("the end of a chain is %v", err)
	}
}
