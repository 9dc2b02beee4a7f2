package operationstest

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/airlock-run/airlock/bus"
)

func kind(method string) bus.Kind {
	kind, _, _ := strings.Cut(method, ":")
	return bus.Kind(kind)
}

func operation(method string) string {
	_, operation, _ := strings.Cut(method, ":")
	return operation
}

func otherKind(method string) string {
	if kind(method) == bus.Query {
		return "action:" + operation(method)
	}
	return "query:" + operation(method)
}

func encode(tb testing.TB, payload any) json.RawMessage {
	tb.Helper()
	switch p := payload.(type) {
	case string:
		return json.RawMessage(p)
	case []byte:
		return p
	case json.RawMessage:
		return p
	}
	data, err := json.Marshal(payload)
	if err != nil {
		tb.Fatal(err)
	}
	return data
}
