package main

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/airlock-run/airlock/bus"
)

func TestSchedules(t *testing.T) {
	t.Parallel()
	at := install(t)
	wantOutput(t, "there is no schedule", at("schedule", "list")...)
	library := uuid.NewString()
	add := func(name string, more ...string) []string {
		return at(append([]string{"schedule", "add", name, "--job", "test-extension:empty", "--library", library}, more...)...)
	}

	out := must(t, add("weekdays", "--cron", "0 7 * * 1-5", "--time-zone", "Europe/Berlin", "--input", `{"n":1}`)...)
	for _, want := range []string{"schedule weekdays", "0 7 * * 1-5 Europe/Berlin", "test-extension:empty", library, `{"n":1}`} {
		if !strings.Contains(out, want) {
			t.Errorf("add does not say %q:\n%s", want, out)
		}
	}
	var shown struct {
		bus.Recurring

		Next []time.Time
	}
	decode(t, must(t, at("schedule", "show", "weekdays", "--json")...), &shown)
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	if len(shown.Next) != 3 {
		t.Fatalf("it is due next %v, want three times", shown.Next)
	}
	for i, next := range shown.Next {
		local := next.In(berlin)
		if local.Hour() != 7 || local.Minute() != 0 || local.Weekday() == time.Saturday || local.Weekday() == time.Sunday {
			t.Errorf("due time %d is %v", i, local)
		}
	}
	must(t, add("weekdays", "--cron", "0 7 * * 1-5", "--time-zone", "Europe/Berlin", "--input", `{"n":1}`)...)
	wantFailure(t, "there is another schedule weekdays", add("weekdays", "--every", "5m")...)

	must(t, add("often", "--every", "1s")...)
	wantOutput(t, "@every 1s", at("schedule", "list")...)
	until(t, "it starts jobs", func() bool { return len(listed(t, at, "--library", library, "--state", "completed")) >= 2 })
	started := listed(t, at, "--library", library)[0]
	wantOutput(t, "schedule   often", at("job", "show", started.ID.String())...)

	out = must(t, at("schedule", "pause", "often")...)
	if !strings.Contains(out, "paused     until `airlock schedule resume often`") || strings.Contains(out, "due ") {
		t.Errorf("pause says\n%s", out)
	}
	decode(t, must(t, at("schedule", "resume", "often", "--json")...), &shown)
	if shown.Paused || len(shown.Next) != 3 {
		t.Errorf("resume says %+v", shown)
	}
	wantOutput(t, "often is removed", at("schedule", "remove", "often")...)
	var all []json.RawMessage
	if decode(t, must(t, at("schedule", "list", "--json")...), &all); len(all) != 1 {
		t.Errorf("%d schedules are left, want 1", len(all))
	}

	for name, c := range map[string]struct {
		args []string
		code int
		want string
	}{
		"hour":         {add("bad", "--cron", "0 25 * * *"), 1, `the hour field cannot be "25"`},
		"fields":       {add("bad", "--cron", "0 7 * *"), 1, "has 4 fields, want five"},
		"never":        {add("bad", "--cron", "0 0 31 2 *"), 1, "is never due"},
		"zone":         {add("bad", "--cron", "@daily", "--time-zone", "Europe/Berln"), 1, `there is no time zone "Europe/Berln"`},
		"every and":    {add("bad", "--cron", "@daily", "--every", "5m"), 2, "[every cron]"},
		"neither":      {add("bad"), 2, "[every cron]"},
		"too often":    {add("bad", "--every", "1ms"), 1, "at least 1s"},
		"no job":       {at("schedule", "add", "bad", "--every", "5m"), 2, `"job"`},
		"unknown job":  {at("schedule", "add", "bad", "--every", "5m", "--job", "test-extension:nothing"), 1, `has no job "nothing"`},
		"name":         {add("Bad Name", "--every", "5m"), 1, `name "Bad Name"`},
		"not there":    {at("schedule", "show", "gone"), 1, "there is no schedule gone; `airlock schedule list`"},
		"remove gone":  {at("schedule", "remove", "gone"), 1, "there is no schedule gone"},
		"pause gone":   {at("schedule", "pause", "gone"), 1, "there is no schedule gone"},
		"input broken": {add("bad", "--every", "5m", "--input", "{"), 1, "input is not JSON"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			stdout, stderr, code := airlock(t, c.args...)
			if code != c.code || !strings.Contains(stderr, c.want) || stdout != "" {
				t.Errorf("exit code %d, it said %q and %q, want %d and %q", code, stderr, stdout, c.code, c.want)
			}
		})
	}
}
