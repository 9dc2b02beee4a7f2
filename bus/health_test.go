package bus_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/bus/bustest"
)

func TestChecks(t *testing.T) {
	t.Parallel()
	server := bustest.Start(t)
	conn := bustest.Connect(t, server)
	if err := errors.Join(conn.CheckConnected(), conn.CheckJetStream(t.Context())); err != nil {
		t.Errorf("the bus is well, but: %v", err)
	}
	server.Stop()
	for late := time.Now().Add(10 * time.Second); !errors.Is(conn.CheckConnected(), bus.ErrNotConnected); {
		if time.Now().After(late) {
			t.Fatal("the server has stopped, and the connection is said to be there")
		}
		<-time.After(5 * time.Millisecond)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if conn.CheckJetStream(ctx) == nil {
		t.Error("the server has stopped, and JetStream is said to answer")
	}
}
