package bus_test

import (
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m,
		// The client's object store can leave one behind that waits for acknowledgements of a publisher that is closed.
		goleak.IgnoreAnyFunction("github.com/nats-io/nats%2ego/jetstream.(*jetStream).resetPendingAcksOnReconnect"))
}
