package bus_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/micro"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/bus/bustest"
)

// answerInfo answers who asks for services, as anyone may.
func answerInfo(t *testing.T, server *bus.Server, answers ...[]byte) {
	t.Helper()
	nc, err := nats.Connect("nats://airlock", nats.InProcessServer(server))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	if _, err := nc.Subscribe("$SRV.INFO", func(msg *nats.Msg) {
		for _, answer := range answers {
			_ = msg.Respond(answer)
		}
	}); err != nil {
		t.Fatal(err)
	}
	if err := nc.Flush(); err != nil {
		t.Fatal(err)
	}
}

func info(t *testing.T, name string, endpoints ...micro.EndpointInfo) []byte {
	t.Helper()
	data, err := json.Marshal(micro.Info{
		Type: micro.InfoResponseType, ServiceIdentity: micro.ServiceIdentity{Name: name, ID: "1", Version: "1.0.0"}, Endpoints: endpoints,
	})
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func endpoint(subject string, metadata ...string) micro.EndpointInfo {
	e := micro.EndpointInfo{Name: "e", Subject: subject, Metadata: map[string]string{}}
	for i := 0; i < len(metadata); i += 2 {
		e.Metadata[metadata[i]] = metadata[i+1]
	}
	return e
}

// Anyone who may serve says what he likes: what is no operation is left out, and the rest is fit to be shown.
func TestServedByAnyone(t *testing.T) {
	t.Parallel()
	server := bustest.Start(t)
	conn := bustest.Connect(t, server)
	deep := strings.Repeat(`{"a":`, 20_000) + "1" + strings.Repeat("}", 20_000)
	answerInfo(t, server,
		[]byte("no JSON"), nil, []byte(`[]`), []byte(`{"type":7}`), []byte(`{"type":"io.nats.micro.v1.stats_response","name":"x"}`),
		[]byte(`{"type":"`+micro.InfoResponseType+`","endpoints":[null,{"subject":null}]}`), bytes.Repeat([]byte("["), 900_000),
		info(t, "other", endpoint("orders.new"), endpoint("airlock.call.*"), endpoint("airlock.call.*.query."), endpoint("airlock.call.*.mutation.a.b"),
			endpoint("airlock.call.finance.query.a.b"), endpoint("airlock.call.*.query.a.>"), endpoint("airlock.call.*.query.A.b"),
			endpoint("airlock.call.*.query.a b"), endpoint("airlock.call.*.query."+strings.Repeat("a", 65)),
			endpoint("airlock.call.*.query."+strings.Repeat("a.", 80)+"a"), endpoint("airlock.call.*.query.other.kind", bus.MetadataInstead, "action:other.kind")),
		info(t, "weather\x1b[2J", endpoint("airlock.call.*.query.weather.today", "description", "Rain\nor\x1b]0;title\a \u202eshine"+strings.Repeat(" ha", 300),
			bus.MetadataInput, "{no JSON", bus.MetadataOutput, `{"type":"object"}`)),
		info(t, "weather\x1b[2J", endpoint("airlock.call.*.query.weather.today", bus.MetadataSensitive, "true", bus.MetadataOutput, deep)),
		info(t, "second", endpoint("airlock.call.*.query.weather.today", bus.MetadataOutput, `"`+strings.Repeat("x", 300<<10)+`"`)),
	)
	served, err := conn.Served(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := []*bus.Served{{
		Kind: bus.Query, Name: "weather.today", Services: []string{"second", "weather [2J"}, Instances: 3, Sensitive: true, Differs: true,
		Description: ("Rain or ]0;title   shine" + strings.Repeat(" ha", 300))[:500] + "…", Output: json.RawMessage(`{"type":"object"}`),
	}}
	if diff := cmp.Diff(want, served); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// However much is told, what is kept of it is bounded.
func TestServedTooMuch(t *testing.T) {
	t.Parallel()
	server := bustest.Start(t)
	conn := bustest.Connect(t, server)
	const each = 5000
	var answers [][]byte
	for n := range 10 {
		endpoints := make([]micro.EndpointInfo, each)
		for i := range endpoints {
			endpoints[i] = endpoint(fmt.Sprintf("airlock.call.*.query.a.o%d", n*each+i))
		}
		answers = append(answers, info(t, "many", endpoints...))
	}
	answerInfo(t, server, answers...)
	served, err := conn.Served(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(served) != bus.MaxServed {
		t.Errorf("%d operations are listed, want %d", len(served), bus.MaxServed)
	}
}
