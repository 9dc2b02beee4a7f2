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
	"github.com/airlock-run/airlock/operations/content"
	"github.com/airlock-run/airlock/operations/events"
	"github.com/airlock-run/airlock/operations/operationstest"
	"github.com/airlock-run/airlock/operations/store"
	"github.com/airlock-run/airlock/operations/store/storetest"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

func domain(tb testing.TB, conn *bus.Conn, db *store.DB) []operations.Operation {
	tb.Helper()
	contents, err := content.New(db, content.Bus(conn), content.Config{})
	if err != nil {
		tb.Fatal(err)
	}
	return events.Operations(conn, contents)
}

// digest is a reference of nothing that was kept.
var digest = bus.Digest([]byte("nothing"))

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
			"data twice":         object{"type": "a", "data": 1, "data_base64": "YQ==", "content_type": "text/plain"},
			"bytes of no type":   object{"type": "a", "data_base64": "YQ=="},
			"data and content":   object{"type": "a", "data": 1, "content": digest, "content_type": "text/plain"},
			"content of no type": object{"type": "a", "content": digest}, "no reference": object{"type": "a", "content": "x", "content_type": "text/plain"},
			"a long event_id":   object{"type": "a", "event_id": strings.Repeat("x", 257)},
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

// An event that has a name is one event, whichever job publishes it; another type or library has others.
func TestNamedEvents(t *testing.T) {
	t.Parallel()
	h := operationstest.New(t, storetest.SQLite(t), domain)
	mailed, err := h.Conn.PutContent(t.Context(), h.Library, []byte("Subject: hello\r\n\r\n"))
	if err != nil {
		t.Fatal(err)
	}
	publish := func(payload object) (string, error) {
		call := h.NewCall(t, "action:events.publish", payload)
		call.Job = callerAfter(t, h, 0)
		answer, err := h.Conn.Call(t.Context(), call)
		var out struct {
			ID string `json:"event_id"`
		}
		if err == nil {
			err = json.Unmarshal(answer, &out)
		}
		return out.ID, err
	}
	mail := object{"type": "mail.received", "content": mailed, "content_type": "message/rfc822", "event_id": "work/1"}
	first, err := publish(mail)
	if err != nil {
		t.Fatal(err)
	}
	if second, err := publish(mail); err != nil || second != first {
		t.Errorf("published by another job it is %s, want %s, error %v", second, first, err)
	}
	if other, err := publish(object{"type": "mail.other", "event_id": "work/1"}); err != nil || other == first {
		t.Errorf("of another type it is %s, error %v", other, err)
	}
	if _, err := publish(object{"type": "a", "content": digest, "content_type": "text/plain"}); bus.CodeOf(err) != bus.NotFound {
		t.Errorf("content that is not there: %v", err)
	}
	got := published(t, h)
	if len(got) != 2 || got[0].Content != mailed || got[0].Size != 18 || got[0].DataContentType != "message/rfc822" {
		t.Errorf("the events are %+v", got)
	}
}
