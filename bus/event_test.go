package bus_test

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/google/uuid"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/bus/bustest"
)

func TestEventArrivesAsPublished(t *testing.T) {
	t.Parallel()
	conn := bustest.New(t)
	library := uuid.New()
	large := bytes.Repeat([]byte("0123456789abcdef"), bus.MaxInlineData/16+1)
	events := map[string]*bus.Event{
		"json":    bus.NewEvent(library, "shop", "order.created", "application/json", []byte(`{"n":1}`)),
		"bytes":   bus.NewEvent(library, "mail", "mail.received", "message/rfc822", []byte("Subject: x\r\n\r\n\xff")),
		"nothing": bus.NewEvent(library, "clock", "tick", "", nil),
		"large":   bus.NewEvent(library, "mail", "mail.received", "message/rfc822", large),
	}
	events["json"].Subject = "order 17 – ä"
	events["json"].Hops = 2
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for _, event := range events {
		if err := conn.Publish(ctx, event); err != nil {
			t.Fatal(err)
		}
	}
	got := map[string]*bus.Event{}
	err := conn.FollowEvents(ctx, "test", func(_ context.Context, event *bus.Event) error {
		if got[event.ID] = event; len(got) == len(events) {
			cancel()
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for name, event := range events {
		if diff := cmp.Diff(event, got[event.ID], cmpopts.EquateApproxTime(0)); diff != "" {
			t.Errorf("%s (-published +followed):\n%s", name, diff)
		}
	}
	reference := got[events["large"].ID].Content
	part, size, err := conn.Content(t.Context(), library, reference, bus.MaxInlineData, 100)
	if err != nil || size != int64(len(large)) || !bytes.Equal(part, large[bus.MaxInlineData:]) {
		t.Errorf("content of %d bytes, %q, %v", size, part, err)
	}
	if _, _, err := conn.Content(t.Context(), uuid.New(), reference, 0, 1); bus.CodeOf(err) != bus.NotFound {
		t.Errorf("another library reads it: %v", err)
	}
}

func TestEventRefused(t *testing.T) {
	t.Parallel()
	conn := bustest.New(t)
	for name, change := range map[string]func(*bus.Event){
		"type empty":      func(e *bus.Event) { e.Type = "" },
		"type wildcard":   func(e *bus.Event) { e.Type = "mail.>" },
		"type upper case": func(e *bus.Event) { e.Type = "Mail" },
		"type empty part": func(e *bus.Event) { e.Type = "mail..received" },
		"type long":       func(e *bus.Event) { e.Type = strings.Repeat("a.", 100) + "a" },
		"no source":       func(e *bus.Event) { e.Source = "" },
		"line break":      func(e *bus.Event) { e.Subject = "a\r\nce-type: b" },
		"loop":            func(e *bus.Event) { e.Hops = bus.MaxHops + 1 },
	} {
		event := bus.NewEvent(uuid.New(), "s", "a.b", "", nil)
		change(event)
		if code := bus.CodeOf(conn.Publish(t.Context(), event)); code != bus.InvalidArgument && code != bus.FailedPrecondition {
			t.Errorf("%s: published with %q", name, code)
		}
	}
}

// The id of the job an event starts is part of the protocol: others compute it, too.
func TestEventJobID(t *testing.T) {
	t.Parallel()
	event := &bus.Event{Source: "shop", ID: "17"}
	if got := event.JobID("finance", "process_receipt").String(); got != "57261c74-8998-5a55-9f04-d079520c3ed6" {
		t.Errorf("job id %s", got)
	}
	other := &bus.Event{Source: "shop 17", ID: ""}
	if event.JobID("a", "b") == other.JobID("a", "b") {
		t.Error("two events start one job")
	}
}
