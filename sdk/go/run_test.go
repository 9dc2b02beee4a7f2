package airlock_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	airlock "github.com/airlock-run/airlock/sdk/go"
	"github.com/airlock-run/airlock/sdk/go/airlocktest"
)

// outcomes are jobs that end in one way each.
var outcomes = []struct {
	job  string
	err  error
	code int32
	logs []airlocktest.Log
}{
	{job: "completes", code: 0},
	{job: "interrupted", err: fmt.Errorf("at page 3: %w", airlock.ErrInterrupted), code: 1},
	{job: "fails", err: errors.New("mailbox full"), code: 2, logs: []airlocktest.Log{{Level: airlock.LevelError, Message: "mailbox full"}}},
	{
		job: "fails_for_good", err: fmt.Errorf("read: %w", airlock.Permanent(errors.New("not a mail"))), code: 3,
		logs: []airlocktest.Log{{Level: airlock.LevelError, Message: "read: not a mail"}},
	},
	{job: "waits", err: airlock.ErrWaiting, code: 4},
}

func TestMain(m *testing.M) {
	airlock.Describe("SDK Test", "1.2.3")
	for _, outcome := range outcomes {
		airlock.Register(airlock.Job{Name: outcome.job, Run: func(*airlock.JobContext) error { return outcome.err }})
	}
	airlock.Register(airlock.Job{Name: "inspect", Resumable: true, Export: "execute_inspect", Run: inspect})
	m.Run()
}

// inspections are what the job `inspect` does for a test, by the subject of the event that starts it.
var inspections = map[string]func(*airlock.JobContext) error{
	"context":     inspectContext,
	"checkpoints": inspectCheckpoints,
	"data":        inspectData,
	"refusals":    inspectRefusals,
	"vdfs":        inspectVDFS,
	"credentials": inspectCredentials,
	"state":       inspectState,
	"settings":    inspectSettings,
	"ai":          inspectAI,
	"model":       inspectModel,
	"ping":        inspectPing,
	"many":        inspectMany,
}

func inspect(job *airlock.JobContext) error {
	return inspections[job.Event.Subject](job)
}

// mustInspect runs an inspection and fails the test with what it found.
func mustInspect(t *testing.T, host *airlocktest.Host, subject string, options ...airlocktest.Option) {
	t.Helper()
	options = append([]airlocktest.Option{airlocktest.WithEvent(airlocktest.Event{Subject: subject})}, options...)
	if code := host.Run("inspect", options...); code != 0 {
		t.Fatalf("inspect %s: exit code %d, log %v", subject, code, host.Logs())
	}
}

func TestRunEnds(t *testing.T) {
	t.Parallel()
	for _, outcome := range outcomes {
		t.Run(outcome.job, func(t *testing.T) {
			t.Parallel()
			host := airlocktest.New(t)
			if code := host.Run(outcome.job); code != outcome.code {
				t.Errorf("exit code %d, want %d", code, outcome.code)
			}
			if diff := cmp.Diff(outcome.logs, host.Logs()); diff != "" {
				t.Errorf("log (-want +got):\n%s", diff)
			}
		})
	}
}

func TestRunRefuses(t *testing.T) {
	t.Parallel()
	const ids = `"job_id":"0a110c4b-0000-4000-8000-000000000001","library_id":"11b4a417-0000-4000-8000-000000000002"`
	for name, test := range map[string]struct {
		job, context string
		code         int32
		log          string
	}{
		"unknown job":         {"absent", `{` + ids + `}`, 3, `run job "absent": this extension has no such job`},
		"no job named":        {"", `{` + ids + `}`, 3, `run job "": this extension has no such job`},
		"context is no JSON":  {"completes", `{`, 2, "decode job context: unexpected end of JSON input"},
		"job id is no UUID":   {"completes", `{"job_id":"7"}`, 2, `decode job context: job_id: parse UUID "7": want 8-4-4-4-12 hexadecimal digits`},
		"event data is wrong": {"completes", `{` + ids + `,"event":{"data_base64":"!"}}`, 2, "decode job context: decode event: illegal base64 data at input byte 0"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			host := airlocktest.New(t)
			if code := airlock.Run(host, test.job, []byte(test.context), nil); code != test.code {
				t.Errorf("exit code %d, want %d", code, test.code)
			}
			if logs := host.Logs(); len(logs) != 1 || logs[0].Message != test.log {
				t.Errorf("log %q, want %q", logs, test.log)
			}
		})
	}
}

func TestRunTakesTheJobTheContextNames(t *testing.T) {
	t.Parallel()
	host := airlocktest.New(t)
	context := `{"job":"waits","job_id":"0a110c4b-0000-4000-8000-000000000001","an_unknown_key":[]}`
	if code := airlock.Run(host, "", []byte(context), nil); code != 4 {
		t.Errorf("exit code %d, want 4", code)
	}
}

func TestInit(t *testing.T) {
	t.Parallel()
	host := airlocktest.New(t)
	if code := host.Init(); code != 0 {
		t.Fatalf("Init answers %d, want 0", code)
	}
	trace := host.Trace()
	for _, want := range []string{
		`register_job(completes, execute_job, false)`,
		`register_job(inspect, execute_inspect, true)`,
	} {
		if !slices.Contains(trace, want) {
			t.Errorf("no %s in %q", want, trace)
		}
	}
	if first := trace[0]; first != `spacedrive_log(info, "SDK Test v1.2.3 initializing...")` {
		t.Errorf("begins with %s", first)
	}
}

type refusingHost struct{ *airlocktest.Host }

func (refusingHost) RegisterJob(string, string, bool) bool { return false }

func TestInitRefused(t *testing.T) {
	t.Parallel()
	if code := airlock.Init(refusingHost{airlocktest.New(t)}); code != 1 {
		t.Errorf("Init answers %d, want 1", code)
	}
}

func TestRegisterPanics(t *testing.T) {
	t.Parallel()
	run := func(*airlock.JobContext) error { return nil }
	for want, job := range map[string]airlock.Job{
		"a name is 1 to 64":  {Name: "Process Receipt", Run: run},
		`register job "":`:   {Run: run},
		"Run is nil":         {Name: "idle"},
		"the name is taken":  {Name: "completes", Run: run},
		"a name is 1 to 64 ": {Name: strings.Repeat("a", 65), Run: run},
	} {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			defer func() {
				if text := fmt.Sprint(recover()); !strings.Contains(text, want) {
					t.Errorf("panic %q, want %q in it", text, want)
				}
			}()
			airlock.Register(job)
		})
	}
}
