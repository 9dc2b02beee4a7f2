package airlocktest

import (
	"encoding/json"
	"fmt"

	airlock "github.com/airlock-run/airlock/sdk/go"
)

// published is action:events.publish: nobody listens.
func (h *Host) published(input json.RawMessage) (any, error) {
	var in struct {
		Type string `json:"type"`
	}
	if err := decode(input, &in); err != nil {
		return nil, err
	}
	if in.Type == "" {
		return nil, refusef(airlock.InvalidArgument, "event type %q is not a dotted name", in.Type)
	}
	return map[string]string{"event_id": fmt.Sprintf("event-%d", len(h.Calls()))}, nil
}

// settings is query:config.get until Settings says otherwise.
func (h *Host) settings(json.RawMessage) (any, error) {
	return map[string]any{"settings": struct{}{}}, nil
}

// Settings makes the extension's settings, which query:config.get answers: anything that is a JSON object.
func (h *Host) Settings(settings any) {
	h.Handle("query:config.get", func(json.RawMessage) (any, error) { return map[string]any{"settings": settings}, nil })
}

// notified is action:notify.send. A test finds what was sent among the calls.
func (h *Host) notified(input json.RawMessage) (any, error) {
	var in airlock.Notification
	if err := decode(input, &in); err != nil {
		return nil, err
	}
	if in.Title == "" {
		return nil, refusef(airlock.InvalidArgument, "title is missing")
	}
	return map[string]string{"notification_id": fmt.Sprintf("notification-%d", len(h.Calls()))}, nil
}
