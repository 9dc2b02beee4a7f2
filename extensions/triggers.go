package extensions

import (
	"fmt"
	"slices"
	"strings"
)

// maxEventType bounds an event's type, in bytes.
const maxEventType = 256

// Trigger starts a job once for each event that its pattern matches.
type Trigger struct {
	Event EventPattern
	// Job is the job's name within the extension.
	Job string
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

// JobsFor returns the names of the jobs that an event of a type starts, each once, in the order of the triggers.
func (m *Manifest) JobsFor(eventType string) []string {
	var jobs []string
	for _, t := range m.Triggers {
		if t.Event.Matches(eventType) && !slices.Contains(jobs, t.Job) {
			jobs = append(jobs, t.Job)
		}
	}
	return jobs
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
	})
	d.require(n, `a trigger is {"event": "mail.received", "job": "process_receipt"}`, "event", "job")
	m.Triggers = append(m.Triggers, t)
}
