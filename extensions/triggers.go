package extensions

import (
	"encoding/json"
	"fmt"
	"strings"
)

// maxEventType bounds an event's type, in bytes.
const maxEventType = 256

// Trigger starts a job once for each event that its pattern matches and that holds its filter.
type Trigger struct {
	Event EventPattern `json:"event"`
	// Job is the job's name within the extension.
	Job    string `json:"job"`
	Filter Filter `json:"filter,omitzero"`
}

// Event is what triggers look at of an event. It is not safe for concurrent use.
type Event struct {
	Type, Source, Subject, DataContentType string
	// Data is the event's data if it is JSON that travels with it.
	Data json.RawMessage

	decoded any
	tried   bool
}

// field is a part of an event, by its path.
func (e *Event) field(path []string) (value any, there bool) {
	switch path[0] {
	case "source":
		return e.Source, true
	case "subject":
		return e.Subject, e.Subject != ""
	case "datacontenttype":
		return e.DataContentType, e.DataContentType != ""
	}
	if !e.tried {
		e.tried = true
		_ = json.Unmarshal(e.Data, &e.decoded) // what is no JSON has no fields
	}
	value = e.decoded
	for _, name := range path[1:] {
		object, _ := value.(map[string]any)
		if value, there = object[name]; !there {
			return nil, false
		}
	}
	return value, true
}

// EventPattern is an event's type, "mail.received", or all types below a name, "mail.*".
type EventPattern string

// ParseEventPattern reads a pattern of event types.
func ParseEventPattern(text string) (EventPattern, error) {
	if len(text) > maxEventType {
		return "", fmt.Errorf("event pattern %s has %d bytes, at most %d are allowed", quote(text), len(text), maxEventType)
	}
	for part := range strings.SplitSeq(strings.TrimSuffix(text, ".*"), ".") {
		if problem := tokenProblem(part); problem != "" {
			return "", fmt.Errorf("event pattern %s: a part of it %s; write a type such as mail.received, or mail.* for all below mail", quote(text), problem)
		}
	}
	return EventPattern(text), nil
}

// Matches reports whether events of a type are meant. Whole parts are compared: "mail.*" is not for "mailbox.full", nor for "mail".
func (p EventPattern) Matches(eventType string) bool {
	if prefix, ok := strings.CutSuffix(string(p), "*"); ok {
		return len(eventType) > len(prefix) && strings.HasPrefix(eventType, prefix)
	}
	return string(p) == eventType
}

// Starting returns the triggers that an event sets off, in their order. Several may be of one job, which the event starts once.
func (m *Manifest) Starting(e *Event) []Trigger {
	var starting []Trigger
	for _, t := range m.Triggers {
		if t.Event.Matches(e.Type) && t.Filter.Holds(e) {
			starting = append(starting, t)
		}
	}
	return starting
}

func (d *decoder) trigger(n *node, m *Manifest) {
	var t Trigger
	d.object(n, fields{
		"event": d.checked(func(text string) (err error) {
			t.Event, err = ParseEventPattern(text)
			return err
		}),
		"job": d.checked(func(text string) error {
			if problem := tokenProblem(text); problem != "" {
				return fmt.Errorf("the job's name %s", problem)
			}
			t.Job = text
			return nil
		}),
		"filter": d.filter(&t.Filter),
	})
	d.require(n, `a trigger is {"event": "mail.received", "job": "process_receipt"}`, "event", "job")
	m.Triggers = append(m.Triggers, t)
}
