package operations_test

import (
	"context"
	"strings"
	"testing"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/bus/bustest"
	"github.com/airlock-run/airlock/operations"
)

// What a service tells of its operations is heard by all who ask, and never outgrows a message.
func TestServicesTellOfTheirOperations(t *testing.T) {
	t.Parallel()
	conn := bustest.New(t)
	service, err := operations.Serve(conn, operations.Config{Name: "test"}, operations.Query("test.told",
		func(context.Context, *bus.Call, addInput) (added, error) { return added{}, nil }, operations.Describe("tells\n\x1b[31mall")))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = service.Stop() })
	served, err := conn.Served(t.Context())
	if err != nil || len(served) != 1 {
		t.Fatalf("%d operations are told of, want 1, without that of the other kind: %v", len(served), err)
	}
	got := served[0]
	if got.Method() != "query:test.told" || got.Instances != 1 || got.Description != "tells  [31mall" || got.Differs {
		t.Errorf("told is %+v", got)
	}
	if !strings.Contains(string(got.Input), `"name"`) || !strings.Contains(string(got.Output), `"rows"`) {
		t.Errorf("schemas are %s and %s", got.Input, got.Output)
	}
}

func TestServeRefusesToTellTooMuch(t *testing.T) {
	t.Parallel()
	conn := bustest.New(t)
	query := operations.Query("test.long", func(context.Context, *bus.Call, struct{}) (struct{}, error) { return struct{}{}, nil },
		operations.Describe(strings.Repeat("x", 300<<10)))
	if service, err := operations.Serve(conn, operations.Config{Name: "test"}, query); err == nil {
		_ = service.Stop()
		t.Error("served")
	}
	broken := operations.Query("test.sample", func(context.Context, *bus.Call, addInput) (struct{}, error) { return struct{}{}, nil },
		operations.Sample(`{"name": 5}`))
	if service, err := operations.Serve(conn, operations.Config{Name: "test"}, broken); err == nil {
		_ = service.Stop()
		t.Error("served with a sample that does not fit")
	}
}
