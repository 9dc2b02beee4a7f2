package bus_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/bus/bustest"
)

// An answer that is cut off is an error: what it lacks is not taken for what is not there.
func TestRunsAreReadInFull(t *testing.T) {
	t.Parallel()
	server := bustest.Start(t)
	bad := bustest.NewProxy(t, server)
	conn := bad.Connect(t)
	ids := make([]uuid.UUID, 20)
	for i := range ids {
		ids[i] = uuid.New()
		bustest.PutRun(t, server, &bus.Run{Job: ids[i], Extension: "x", Name: "job", Library: uuid.New(), State: bus.StateCompleted})
	}
	for _, id := range ids {
		ends(t, conn, id, bus.StateCompleted)
	}
	runs, err := conn.Runs(t.Context(), ids)
	if err != nil || len(runs) != len(ids) {
		t.Fatalf("%d of %d records, %v", len(runs), len(ids), err)
	}
	passed := 0
	bad.Lose(func(subject string) bool {
		if strings.HasPrefix(subject, "_INBOX.") {
			passed++
		}
		return passed > len(ids)/2
	})
	ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	if runs, err := conn.Runs(ctx, ids); bus.CodeOf(err) != bus.Unavailable {
		t.Errorf("of an answer that was cut off are %d records, and the error is %v", len(runs), err)
	}
}
