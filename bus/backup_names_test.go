package bus

import (
	"slices"
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Of each stream it was thought whether a backup has it.
func TestBackupKnowsEachStream(t *testing.T) {
	t.Parallel()
	server, err := StartServer(t.Context(), ServerConfig{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Stop)
	conn, err := Connect(Config{Server: server})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Close)
	if err := conn.Setup(t.Context()); err != nil {
		t.Fatal(err)
	}
	nc, err := nats.Connect("", nats.InProcessServer(server))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	known := slices.Concat(copiedBeforeDatabase, copiedAfterDatabase, notCopied)
	names := js.StreamNames(t.Context())
	n := 0
	for name := range names.Name() {
		n++
		if !slices.Contains(known, name) {
			t.Errorf("stream %s is in no list of bus/backup.go", name)
		}
	}
	if err := names.Err(); err != nil || n != len(known) {
		t.Errorf("there are %d streams, and %d are known, %v", n, len(known), err)
	}
}
