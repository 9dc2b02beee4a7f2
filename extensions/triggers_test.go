package extensions_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/airlock-run/airlock/extensions"
)

func TestEventPattern(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		pattern string
		matches []string
		not     []string
	}{
		{"mail.received", []string{"mail.received"}, []string{"mail", "mail.received.x", "mail.received_x", "mail.receive", "x.mail.received", ""}},
		{"mail.*", []string{"mail.received", "mail.received.again"}, []string{"mail", "mail.", "mailbox.full", "mail_x.y", ""}},
		{"mail", []string{"mail"}, []string{"mail.received", "mailx"}},
	} {
		pattern, err := extensions.ParseEventPattern(c.pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, eventType := range c.matches {
			if !pattern.Matches(eventType) {
				t.Errorf("%s does not match %s", pattern, eventType)
			}
		}
		for _, eventType := range c.not {
			if pattern.Matches(eventType) {
				t.Errorf("%s matches %s", pattern, eventType)
			}
		}
	}
	for _, text := range []string{"", "*", ".*", "mail.", ".mail", "mail..x", "mail.*.*", "*.received", "mail.>", "Mail", "mail received", strings.Repeat("a.", 200) + "a"} {
		if pattern, err := extensions.ParseEventPattern(text); err == nil {
			t.Errorf("%q was accepted as %s", text, pattern)
		}
	}
}

func TestStarting(t *testing.T) {
	t.Parallel()
	m := parseFile(t, "testdata/full.json")
	for eventType, want := range map[string][]string{
		"mail.received": {"process_receipt", "count", "count"},
		"mail.sent":     {"count"},
		"mail":          nil,
		"file.created":  nil,
	} {
		var jobs []string
		for _, trigger := range m.Starting(&extensions.Event{Type: eventType}) {
			jobs = append(jobs, trigger.Job)
		}
		if diff := cmp.Diff(want, jobs); diff != "" {
			t.Errorf("%s (-want +got):\n%s", eventType, diff)
		}
	}
}
