package bustest

import (
	"encoding/base64"
	"maps"
	"net"
	"slices"
	"strings"
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// unix reaches a server by its socket, wherever the URL leads.
type unix string

// Dial implements nats.CustomDialer.
func (u unix) Dial(string, string) (net.Conn, error) { return net.Dial("unix", string(u)) }

// Subjects are those of all messages that the streams of a server have, by its socket. Of objects it has their names.
func Subjects(tb testing.TB, socket string) []string {
	tb.Helper()
	nc, err := nats.Connect("nats://airlock", nats.SetCustomDialer(unix(socket)))
	if err != nil {
		tb.Fatal(err)
	}
	defer nc.Close()
	js, err := jetstream.New(nc)
	if err != nil {
		tb.Fatal(err)
	}
	var all []string
	names := js.StreamNames(tb.Context())
	for name := range names.Name() {
		stream, err := js.Stream(tb.Context(), name)
		if err != nil {
			tb.Fatal(err)
		}
		info, err := stream.Info(tb.Context(), jetstream.WithSubjectFilter(">"))
		if err != nil {
			tb.Fatal(err)
		}
		for _, subject := range slices.Sorted(maps.Keys(info.State.Subjects)) {
			if at := strings.Index(subject, ".M."); at >= 0 && strings.HasPrefix(subject, "$O.") {
				if object, err := base64.URLEncoding.DecodeString(subject[at+3:]); err == nil {
					subject = subject[:at+3] + string(object)
				}
			}
			all = append(all, subject)
		}
	}
	if names.Err() != nil {
		tb.Fatal(names.Err())
	}
	return all
}
