package main

import (
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/internal/testcache"
)

// fired is what event publish and trigger fire print as JSON.
type fired struct {
	ID, Type string
	Jobs     []startedJob
}

func TestTriggers(t *testing.T) {
	t.Parallel()
	dir := testcache.DataDir(t)
	start(t, "up", "--data-dir", dir)
	openDoor(t, "--data-dir", dir)
	at := func(args ...string) []string { return append(args, "--data-dir", dir) }
	wantOutput(t, "there is no trigger", at("trigger", "list")...)
	must(t, at("extension", "load", testGuest(t, mayTest, `,"triggers":[
		{"event":"order.placed","job":"empty","filter":{"data.country":["DE","FR"],"source":{"prefix":"shop/"}}},
		{"event":"order.*","job":"state"}, {"event":"order.paid","job":"state"}]`))...)

	out := must(t, at("trigger", "list")...)
	for _, want := range []string{"order.placed", `{"data.country":["DE","FR"],"source":{"prefix":"shop/"}}`, "test-extension:empty", "order.*", "test-extension:state"} {
		if !strings.Contains(out, want) {
			t.Errorf("list does not say %q:\n%s", want, out)
		}
	}
	var all []struct {
		bus.TriggerID

		Paused bool
	}
	decode(t, must(t, at("trigger", "list", "--extension", "test-extension", "--json")...), &all)
	if want := (bus.TriggerID{Extension: "test-extension", Job: "state", Event: "order.*"}); len(all) != 3 || all[1].TriggerID != want || all[1].Paused {
		t.Errorf("list prints %+v", all)
	}

	// started are the jobs that an event starts, as they are said, once they have an outcome.
	started := func(t *testing.T, args ...string) string {
		t.Helper()
		library := uuid.NewString()
		var f fired
		decode(t, must(t, at(append(args, "--library", library, "--json")...)...), &f)
		var names []string
		for _, job := range f.Jobs {
			names = append(names, strings.TrimPrefix(job.Name, "test-extension:"))
		}
		// One more, which is last: an event that starts nothing starts nothing later, either.
		var last fired
		decode(t, must(t, at("event", "publish", "order.placed", "--source", "shop/x", "--data", `{"country":"FR"}`, "--library", library, "--json")...), &last)
		want := len(f.Jobs) + len(last.Jobs)
		until(t, "all jobs have ended", func() bool { return len(listed(t, at, "--library", library, "--state", "completed")) >= want })
		if jobs := listed(t, at, "--library", library); len(jobs) != want {
			t.Errorf("%q: there are %d jobs, want %d", args, len(jobs), want)
		}
		return strings.Join(names, " ")
	}
	publish := func(data string) []string {
		return []string{"event", "publish", "order.placed", "--source", "shop/berlin", "--data", data}
	}
	for name, c := range map[string]struct {
		args []string
		want string
	}{ // one after the other, as they share what is paused
		"a filter that holds":     {publish(`{"country":"DE"}`), "empty state"},
		"one that doesn't":        {publish(`{"country":"NL"}`), "state"},
		"no data":                 {[]string{"event", "publish", "order.placed", "--source", "shop/berlin"}, "state"},
		"two triggers of one job": {[]string{"event", "publish", "order.paid"}, "state"},
		"by hand":                 {[]string{"trigger", "fire", "test-extension:empty", "--data", `{"country":"NL"}`}, "empty"},
		"by hand, one of many":    {[]string{"trigger", "fire", "test-extension:state", "order.*", "--type", "order.lost", "--data", `"` + strings.Repeat("x", 100<<10) + `"`}, "state"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := started(t, c.args...); got != c.want {
				t.Errorf("it starts %q, want %q", got, c.want)
			}
		})
	}

	wantOutput(t, "paused: order.placed starts nothing by test-extension:empty until", at("trigger", "pause", "test-extension:empty")...)
	wantOutput(t, "paused", at("trigger", "list")...)
	if got := started(t, publish(`{"country":"DE"}`)...); got != "state" {
		t.Errorf("while it is paused %q is started", got)
	}
	if got := started(t, "trigger", "fire", "test-extension:empty"); got != "empty" {
		t.Errorf("a paused one starts %q by hand", got)
	}
	must(t, at("trigger", "pause", "test-extension:state", "order.*")...)
	if got := started(t, "event", "publish", "order.paid"); got != "state" {
		t.Errorf("with one of two triggers paused %q is started", got)
	}
	wantOutput(t, "resumed: order.placed starts test-extension:empty", at("trigger", "resume", "test-extension:empty")...)
	if got := started(t, publish(`{"country":"DE"}`)...); got != "empty" {
		t.Errorf("after it was resumed %q is started", got)
	}

	for name, c := range map[string]struct {
		args []string
		code int
		want string
	}{
		"which of them":  {[]string{"pause", "test-extension:state"}, 2, "has several triggers: name the events after it, one of order.*, order.paid"},
		"none":           {[]string{"pause", "test-extension:empty", "order.paid"}, 1, "there is no trigger of test-extension:empty on order.paid; `airlock trigger list` shows"},
		"no job":         {[]string{"fire", "test-extension"}, 2, "want EXTENSION:JOB"},
		"no extension":   {[]string{"fire", "other:job"}, 1, "extension other is not installed"},
		"not paused":     {[]string{"resume", "test-extension:empty"}, 1, "is not paused"},
		"which type":     {[]string{"fire", "test-extension:state", "order.*"}, 2, "name one of these with --type"},
		"another type":   {[]string{"fire", "test-extension:empty", "--type", "order.paid"}, 2, "the trigger is for order.placed"},
		"data":           {[]string{"fire", "test-extension:empty", "--data", "{"}, 1, "data"},
		"too many words": {[]string{"pause", "a", "b", "c"}, 2, "it got 3 arguments"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			stdout, stderr, code := airlock(t, at(append([]string{"trigger"}, c.args...)...)...)
			if code != c.code || !strings.Contains(stderr, c.want) || stdout != "" {
				t.Errorf("exit code %d, it said %q and %q, want %d and %q", code, stderr, stdout, c.code, c.want)
			}
		})
	}
}
