package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/internal/testcache"
	"github.com/airlock-run/airlock/operations/jobs"
)

// install starts everything and installs the extension that tests use.
func install(t *testing.T, flags ...string) (at func(args ...string) []string) {
	t.Helper()
	dir := testcache.DataDir(t)
	start(t, append([]string{"up", "--data-dir", dir}, flags...)...)
	openDoor(t, "--data-dir", dir)
	at = func(args ...string) []string { return append(args, "--data-dir", dir) }
	must(t, at("extension", "load", testGuest(t, mayTest, `,"jobs":{"answer":{"max_attempts":1}}`))...)
	return at
}

// until waits for something to become so.
func until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !holds(); <-time.After(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("after 20 seconds it still is not so: %s", what)
		}
	}
}

// listed are the jobs that list shows with flags.
func listed(t *testing.T, at func(...string) []string, flags ...string) []jobs.Job {
	t.Helper()
	var out jobs.ListResponse
	decode(t, must(t, at(append([]string{"job", "list", "--json"}, flags...)...)...), &out)
	return out.Jobs
}

func decode(t *testing.T, text string, out any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), out); err != nil {
		t.Fatalf("%v in:\n%s", err, text)
	}
}

// submitJob submits a job and returns its id.
func submitJob(t *testing.T, at func(...string) []string, args ...string) string {
	t.Helper()
	return strings.TrimSpace(must(t, at(append([]string{"job", "submit"}, args...)...)...))
}

// wantFailure runs a command that has to fail with exit code 1, and say something.
func wantFailure(t *testing.T, want string, args ...string) (stdout string) {
	t.Helper()
	stdout, stderr, code := airlock(t, args...)
	if code != 1 || !strings.Contains(stderr, want) {
		t.Errorf("airlock %s: exit code %d, it said %q, want 1 and %q", strings.Join(args, " "), code, stderr, want)
	}
	return stdout
}

func wantOutput(t *testing.T, want string, args ...string) {
	t.Helper()
	if out := must(t, args...); !strings.Contains(out, want) {
		t.Errorf("airlock %s says\n%s\nwant %q", strings.Join(args, " "), out, want)
	}
}

func TestSubmitLaterOnceAndMany(t *testing.T) {
	t.Parallel()
	at := install(t)
	wantOutput(t, "test-extension is paused", at("extension", "pause", "test-extension")...)

	t.Run("delayed", func(t *testing.T) {
		later := submitJob(t, at, "test-extension:empty", "--in", "1h", "--expires-in", "2h")
		wantOutput(t, "due", at("job", "show", later)...)
		wantOutput(t, "expires", at("job", "show", later)...)
		when := time.Now().Add(48 * time.Hour).Truncate(time.Minute)
		var out submitted
		decode(t, must(t, at("job", "submit", "test-extension:empty", "--at", when.Format("2006-01-02 15:04"), "--json")...), &out)
		if out.Due == nil || !out.Due.Equal(when) {
			t.Errorf("it is due %v, want %v", out.Due, when)
		}
		until(t, "both are scheduled", func() bool { return len(listed(t, at, "--state", "scheduled")) == 2 })
	})
	t.Run("unique", func(t *testing.T) {
		first := submitJob(t, at, "test-extension:empty", "--unique", "k")
		out := wantFailure(t, "job "+first+` holds the unique key "k" already`, at("job", "submit", "test-extension:empty", "--unique", "k", "--json")...)
		var duplicate submitted
		if decode(t, out, &duplicate); duplicate.ID.String() != first || !duplicate.Duplicate {
			t.Errorf("as JSON it says %s, want job %s as a duplicate", out, first)
		}
		must(t, at("job", "cancel", first)...)
		submitJob(t, at, "test-extension:empty", "--unique", "k")
		forHour := submitJob(t, at, "test-extension:empty", "--unique", "h", "--unique-for", "1h")
		must(t, at("job", "cancel", forHour)...)
		wantFailure(t, forHour, at("job", "submit", "test-extension:empty", "--unique", "h", "--unique-for", "1h")...)
	})
	t.Run("expired", func(t *testing.T) {
		id := submitJob(t, at, "test-extension:empty", "--expires-in", "1s")
		wantFailure(t, "it had not begun when it expired", at("job", "watch", id)...)
	})
	t.Run("batch", func(t *testing.T) { testBatch(t, at) })
}

func testBatch(t *testing.T, at func(...string) []string) {
	file := filepath.Join(t.TempDir(), "jobs.ndjson")
	write := func(lines ...string) {
		if err := os.WriteFile(file, []byte(strings.Join(lines, "\n")), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	library := uuid.NewString()
	inLibrary := func() int { return len(listed(t, at, "--library", library, "--limit", "2000")) }
	good := `{"job":"test-extension:answer","input":{"n":1},"library":"` + library + `","priority":"low","in":"1h","unique":"b1"}`

	for name, c := range map[string]struct{ line, want string }{
		"job not there": {`{"job":"test-extension:nothing"}`, `:2: extension test-extension has no job "nothing"`},
		"no JSON":       {`{"job":`, `:2: it is no job: unexpected`},
		"other field":   {`{"job":"test-extension:empty","inptu":1}`, `:2: it is no job: json: unknown field "inptu"`},
		"two on a line": {`{"job":"test-extension:empty"} {}`, `:2: there is more than one job on the line`},
		"duration":      {`{"job":"test-extension:empty","in":"soon"}`, `:2: in is "soon", want a duration`},
		"time":          {`{"job":"test-extension:empty","at":"soon"}`, `:2: at: "soon" is no time`},
		"time over":     {`{"job":"test-extension:empty","at":"2020-01-01"}`, `which is in the past`},
		"both":          {`{"job":"test-extension:empty","expires_in":"1h","expires_at":"2100-01-01"}`, `:2: it has expires_in and expires_at`},
		"key twice":     {good, `:2: line 1 has the unique key "b1" too`},
	} {
		write(good, c.line)
		if out := wantFailure(t, c.want, at("job", "submit", "--batch", file)...); out != "" {
			t.Errorf("%s: it says %s", name, out)
		}
	}
	if n := inLibrary(); n != 0 {
		t.Errorf("%d jobs of files with mistakes were enqueued", n)
	}

	write(good, "", `{"library":"`+library+`"}`)
	ids := strings.Fields(must(t, at("job", "submit", "test-extension:empty", "--batch", file)...))
	until(t, "the jobs of the file are listed", func() bool { return inLibrary() == 2 })
	wantOutput(t, `{"n":1}`, at("job", "show", ids[0])...)
	wantOutput(t, "test-extension:empty", at("job", "show", ids[1])...)
	stdout := wantFailure(t, `:1: job `+ids[0]+` holds the unique key "b1" already; nothing was enqueued`, at("job", "submit", "test-extension:empty", "--batch", file, "--json")...)
	if want := "{\n  \"jobs\": []\n}\n"; stdout != want {
		t.Errorf("as JSON it says %s, want %s", stdout, want)
	}

	var many []string
	for n := range 1500 {
		many = append(many, fmt.Sprintf(`{"library":"%s","input":%d}`, library, n))
	}
	write(many...)
	stdout, stderr, code := airlock(t, at("job", "submit", "test-extension:empty", "--batch", file)...)
	if code != 0 || strings.Count(stdout, "\n") != 1500 || !strings.Contains(stderr, "1500 jobs: 1000 at a time") {
		t.Errorf("1500 jobs: exit code %d, %d ids, it said %q", code, strings.Count(stdout, "\n"), stderr)
	}
	until(t, "1502 jobs are listed", func() bool { return inLibrary() == 1502 })
	if n := strings.Count(must(t, at("job", "list", "--library", library, "--all", "--json")...), "\n"); n != 1502 {
		t.Errorf("--all lists %d jobs", n)
	}
	// A limit that all answers together make up.
	if got := listed(t, at, "--library", library, "--limit", "1200"); len(got) != 1200 {
		t.Errorf("--limit 1200 lists %d jobs", len(got))
	}
}

func TestChangeJobs(t *testing.T) {
	t.Parallel()
	at := install(t)
	must(t, at("extension", "pause", "test-extension")...)
	waiting := submitJob(t, at, "test-extension:empty")

	wantOutput(t, waiting+" is paused", at("job", "pause", waiting)...)
	until(t, "it is shown as paused", func() bool { return strings.Contains(must(t, at("job", "show", waiting)...), "available, paused") })
	wantOutput(t, waiting+" is resumed", at("job", "resume", waiting)...)
	wantFailure(t, "is not paused", at("job", "resume", waiting)...)
	wantFailure(t, "has not ended: it is available; cancel it first", at("job", "delete", waiting)...)

	var out []changed
	decode(t, must(t, at("job", "cancel", waiting, "--json")...), &out)
	if len(out) != 1 || !out[0].Done || out[0].State != bus.StateCancelled {
		t.Errorf("cancel says %+v", out)
	}
	wantFailure(t, "it was cancelled", at("job", "watch", waiting)...)
	wantFailure(t, "has ended already: it is cancelled", at("job", "cancel", waiting)...)
	unknown := uuid.NewString()
	other := submitJob(t, at, "test-extension:empty")
	stdout := wantFailure(t, "1 of 2 jobs could not be cancelled", at("job", "cancel", unknown, other)...)
	if !strings.Contains(stdout, other+" is cancelled") {
		t.Errorf("the one that is there: %s", stdout)
	}

	// Retried, it waits again; the extension is still paused.
	wantOutput(t, waiting+" is retried", at("job", "retry", waiting)...)
	must(t, at("extension", "resume", "test-extension")...)
	wantOutput(t, "completed", at("job", "watch", waiting)...)
	wantFailure(t, "is completed, and only a job that is dead, cancelled, expired or scheduled can be retried", at("job", "retry", waiting)...)
	wantOutput(t, waiting+" is deleted", at("job", "delete", waiting)...)
	wantFailure(t, "there is no job "+waiting, at("job", "show", waiting)...)
	wantFailure(t, "there is no job "+waiting, at("job", "watch", waiting)...)
	until(t, "it is listed no more", func() bool {
		for _, job := range listed(t, at) {
			if job.ID.String() == waiting {
				return false
			}
		}
		return true
	})
}

func TestDeadLetters(t *testing.T) {
	t.Parallel()
	at := install(t)
	_, stderr, _ := airlock(t, at("job", "submit", "test-extension:answer", "--input", "3", "--watch")...)
	if !strings.Contains(stderr, "the job answered 3: failed for good") {
		t.Fatalf("the job says %s", stderr)
	}
	var dead []jobs.Job
	until(t, "it is listed as dead", func() bool { dead = listed(t, at, "--state", "dead"); return len(dead) == 1 })
	id := dead[0].ID.String()
	shown := must(t, at("job", "show", id)...)
	for _, want := range []string{"state      dead", "input      3", "failed     attempt 1: the job answered 3: failed for good", "module     ", "exit code  3", "fuel", "airlock job retry " + id} {
		if !strings.Contains(shown, want) {
			t.Errorf("show of a dead job does not have %q:\n%s", want, shown)
		}
	}
	if out := must(t, at("job", "show", "--input", id)...); out != "3\n" {
		t.Errorf("its input is %q", out)
	}

	edited := filepath.Join(t.TempDir(), "input.json")
	if err := os.WriteFile(edited, []byte("0\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	must(t, at("job", "retry", id, "--input", "@"+edited)...)
	until(t, "it completed with the other input", func() bool {
		return strings.Contains(must(t, at("job", "show", id)...), "completed")
	})

	for range 3 {
		wantFailure(t, "failed for good", at("job", "submit", "test-extension:answer", "--input", "3", "--watch")...)
	}
	count := func(state string) int { return len(listed(t, at, "--state", state, "--extension", "test-extension")) }
	until(t, "three are dead", func() bool { return count("dead") == 3 })
	t.Run("asked", func(t *testing.T) {
		var stdout, stderr bytes.Buffer
		code := run(t.Context(), at("job", "delete", "--state", "dead", "--extension", "test-extension"), strings.NewReader("n\n"), &stdout, &stderr)
		if code != 1 || !strings.Contains(stderr.String(), "delete 3 jobs (3 dead)? [y/N]") || !strings.Contains(stderr.String(), "nothing was done") {
			t.Errorf("exit code %d, it said %s", code, stderr.String())
		}
		stderr.Reset()
		code = run(t.Context(), at("job", "delete", "--extension", "test-extension", "--state", "dead", "--limit", "1"), strings.NewReader("y\n"), &stdout, &stderr)
		if code != 0 || !strings.Contains(stdout.String(), "1 job is deleted") {
			t.Errorf("exit code %d, it said %s%s", code, stdout.String(), stderr.String())
		}
		until(t, "two are left", func() bool { return count("dead") == 2 })
	})
	// The rest die again, each with the same id.
	wantOutput(t, "2 jobs are retried", at("job", "retry", "--extension", "test-extension", "--created-after", "1h", "--yes")...)
	until(t, "two failed again", func() bool {
		again := 0
		for _, job := range listed(t, at, "--state", "dead") {
			if job.Attempt == 2 {
				again++
			}
		}
		return again == 2
	})
	wantOutput(t, "0 jobs are retried", at("job", "retry", "--created-before", "2020-01-01", "--yes")...)
	wantOutput(t, "[]", at("job", "cancel", "--extension", "test-extension", "--json")...)
}

// A job that runs is asked to stop, and who watches sees it.
func TestCancelRunning(t *testing.T) {
	t.Parallel()
	at := install(t, "--shutdown-grace", "1s")
	id := submitJob(t, at, "test-extension:loop")
	until(t, "it runs", func() bool { return strings.Contains(must(t, at("job", "show", id)...), "running") })
	wantOutput(t, id+" was asked to stop", at("job", "cancel", id)...)
	out := wantFailure(t, "it was cancelled", at("job", "watch", id)...)
	if !strings.Contains(out, "running on") || !strings.Contains(out, id+" cancelled") {
		t.Errorf("watching it shows\n%s", out)
	}
}

// What cannot be is told before anything is done.
func TestBadJobCommands(t *testing.T) {
	t.Parallel()
	at := install(t)
	id := uuid.NewString()
	for name, c := range map[string]struct {
		args []string
		code int
		want string
	}{
		"at in the past":      {[]string{"job", "submit", "test-extension:empty", "--at", "2020-01-01 12:00"}, 1, "which is in the past: leave it out to run the job at once"},
		"in the past":         {[]string{"job", "submit", "test-extension:empty", "--in", "-5m"}, 1, "which is in the past"},
		"expired":             {[]string{"job", "submit", "test-extension:empty", "--expires-at", "2020-01-01"}, 1, "it would never begin"},
		"expires before due":  {[]string{"job", "submit", "test-extension:empty", "--in", "2h", "--expires-in", "1h"}, 1, "before it is due"},
		"at no time":          {[]string{"job", "submit", "test-extension:empty", "--at", "noon"}, 2, `"noon" is no time, want one such as`},
		"at and in":           {[]string{"job", "submit", "test-extension:empty", "--at", "2100-01-01", "--in", "5m"}, 2, "[at in]"},
		"unique for nothing":  {[]string{"job", "submit", "test-extension:empty", "--unique-for", "1h"}, 1, "has no key"},
		"unique for a moment": {[]string{"job", "submit", "test-extension:empty", "--unique", "k", "--unique-for", "1ms"}, 1, "at least 1000"},
		"unique too long":     {[]string{"job", "submit", "test-extension:empty", "--unique", strings.Repeat("k", 513)}, 1, "its unique key is 513 bytes, want 1 to 512"},
		"no job":              {[]string{"job", "submit"}, 2, "wants one argument"},
		"batch and input":     {[]string{"job", "submit", "--batch", "x", "--input", "1"}, 2, "[batch input]"},
		"batch not there":     {[]string{"job", "submit", "--batch", "/no/such/file"}, 1, "/no/such/file"},
		"which jobs":          {[]string{"job", "cancel"}, 2, "which jobs?"},
		"id and filter":       {[]string{"job", "retry", id, "--state", "dead"}, 2, "not both"},
		"id malformed":        {[]string{"job", "pause", "17"}, 2, `"17" is no job id`},
		"job not there":       {[]string{"job", "cancel", id}, 1, "there is no job " + id},
		"input and filter":    {[]string{"job", "retry", "--state", "dead", "--input", "1"}, 2, "not with a filter"},
		"input not json":      {[]string{"job", "retry", id, "--input", "{"}, 1, "input is not JSON"},
		"state":               {[]string{"job", "list", "--state", "ded"}, 1, "ded"},
		"limit":               {[]string{"job", "list", "--limit", "0"}, 2, "want 1 or more"},
		"created":             {[]string{"job", "list", "--created-after", "yesterday"}, 2, `"yesterday" is no time`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			stdout, stderr, code := airlock(t, at(c.args...)...)
			if code != c.code || !strings.Contains(stderr, c.want) || stdout != "" {
				t.Errorf("exit code %d, it said %q and %q, want %d and %q", code, stderr, stdout, c.code, c.want)
			}
		})
	}
}

// The list is made anew from what the bus keeps.
func TestRebuildTheList(t *testing.T) {
	t.Parallel()
	at := install(t)
	id := submitJob(t, at, "test-extension:answer", "--watch=false")
	ended := func() bool {
		list := listed(t, at)
		return len(list) == 1 && list[0].ID.String() == id && list[0].State.Ended()
	}
	until(t, "the job has ended", ended)
	must(t, at("job", "rebuild")...)
	until(t, "it is listed as before", ended)
}
