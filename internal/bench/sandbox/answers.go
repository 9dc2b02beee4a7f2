package main

import (
	"context"
	"encoding/json"

	"github.com/airlock-run/airlock/runner/sandbox"
)

// Answers that the guests' calls get. They are the same each time: what a call costs behind the sandbox is not measured here.
var (
	classified = []byte(`{"label":"office","confidence":0.8,"scores":[{"label":"office","score":0.8}],"model":"bench"}`)
	created    = []byte(`{"id":"a1510c00-0000-4000-8000-000000000001","name":"Receipt","path":"/receipts/1","entry_type":"receipt",
		"metadata":{},"created_at":"2026-11-14T06:03:17Z","updated_at":"2026-11-14T06:03:17Z","sidecars":[]}`)
	settings = []byte(`{"settings":{}}`)
	revision = []byte(`{"revision":0}`)
	nothing  = []byte(`{}`)
	unknown  = []byte(`{"error":"no service answers","code":"unavailable"}`)
)

// answer is what a call gets. Payload is not retained.
func answer(method string, payload []byte) []byte {
	switch method {
	case "query:test.ping":
		return append(append([]byte(`{"pong":`), payload...), '}')
	case "query:ai.classify_text":
		return classified
	case "action:vdfs.create_entry":
		return created
	case "query:config.get":
		return settings
	case "query:state.get", "action:state.put":
		return revision
	case "action:vdfs.write_sidecar":
		return nothing
	default:
		return unknown
	}
}

// host is what the sandbox's guests reach: it answers calls, and takes note of nothing. The zero value is ready to use.
type host struct {
	// interrupted, when set, answers a guest that asks whether to go on.
	interrupted func() sandbox.Interrupt
	// said are the lines at level error, with which a guest says why it failed.
	said []string
	// calls counts the calls of operations.
	calls int
}

func (h *host) Call(_ context.Context, call sandbox.Call) json.RawMessage {
	h.calls++
	return answer(call.Method, call.Payload)
}

func (h *host) CallMany(ctx context.Context, calls []sandbox.Call) []json.RawMessage {
	answers := make([]json.RawMessage, len(calls))
	for i, call := range calls {
		answers[i] = h.Call(ctx, call)
	}
	return answers
}

func (h *host) Log(level sandbox.Level, text []byte) {
	if level == sandbox.Error {
		h.said = append(h.said, string(text))
	}
}

func (h *host) Interrupted() sandbox.Interrupt {
	if h.interrupted != nil {
		return h.interrupted()
	}
	return sandbox.Continue
}

func (h *host) Progress(float32, []byte)                              {}
func (h *host) Checkpoint(context.Context, []byte) error              { return nil }
func (h *host) Room(context.Context, int64) (leave func(), err error) { return func() {}, nil }
func (h *host) LoadCheckpoint() []byte                                { return nil }
func (h *host) Warn(string)                                           {}
func (h *host) AddBytes(int64)                                        {}
func (h *host) AddItems(int64)                                        {}
