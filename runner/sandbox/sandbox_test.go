package sandbox_test

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/airlock-run/airlock/runner/sandbox"
)

//go:embed testdata/guest.wasm
var guest []byte

// recorder is a host that writes down what it is told.
type recorder struct {
	trace      []string
	answer     func(ctx context.Context, call sandbox.Call) json.RawMessage
	interrupt  func() sandbox.Interrupt
	checkpoint []byte
	full       bool
}

func (r *recorder) note(format string, args ...any) {
	r.trace = append(r.trace, fmt.Sprintf(format, args...))
}

func (r *recorder) Call(ctx context.Context, c sandbox.Call) json.RawMessage {
	r.note("call %s %s %s", c.Method, c.Library, c.Payload)
	if r.answer == nil {
		return json.RawMessage(`{"ok":true}`)
	}
	return r.answer(ctx, c)
}

func (r *recorder) Room(context.Context, int64) (leave func(), err error) { return func() {}, nil }

func (r *recorder) CallMany(ctx context.Context, calls []sandbox.Call) []json.RawMessage {
	answers := make([]json.RawMessage, len(calls))
	for i, c := range calls {
		answers[i] = r.Call(ctx, c)
	}
	return answers
}
func (r *recorder) Log(level sandbox.Level, text []byte) { r.note("log %s %s", level, text) }
func (r *recorder) Progress(f float32, message []byte)   { r.note("progress %g %s", f, message) }
func (r *recorder) Checkpoint(_ context.Context, state []byte) error {
	if r.full {
		return errors.New("fenced")
	}
	r.note("checkpoint %s", state)
	return nil
}
func (r *recorder) LoadCheckpoint() []byte { return r.checkpoint }
func (r *recorder) Interrupted() sandbox.Interrupt {
	if r.interrupt == nil {
		return sandbox.Continue
	}
	return r.interrupt()
}
func (r *recorder) Warn(message string) { r.note("warning %s", message) }
func (r *recorder) AddBytes(n int64)    { r.note("bytes %d", n) }
func (r *recorder) AddItems(n int64)    { r.note("items %d", n) }

const maxMemory = 4 << 20

// eachEngine runs a test on the compiler and on the interpreter.
func eachEngine(t *testing.T, test func(t *testing.T, engine *sandbox.Engine)) {
	t.Helper()
	for name, interpreter := range map[string]bool{"compiler": false, "interpreter": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, newEngine(t, interpreter))
		})
	}
}

// onEngines runs a test of the guest of testdata/guest.wat on each engine.
func onEngines(t *testing.T, test func(t *testing.T, m *sandbox.Module)) {
	t.Helper()
	eachEngine(t, func(t *testing.T, engine *sandbox.Engine) { test(t, prepareOn(t, engine, guest)) })
}

func newEngine(tb testing.TB, interpreter bool) *sandbox.Engine {
	tb.Helper()
	engine, err := sandbox.NewEngine(sandbox.Config{Interpreter: interpreter})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := engine.Close(context.Background()); err != nil {
			tb.Error(err)
		}
	})
	return engine
}

func prepareOn(tb testing.TB, engine *sandbox.Engine, wasm []byte) *sandbox.Module {
	tb.Helper()
	m, err := engine.Prepare(tb.Context(), wasm, sandbox.Options{MaxMemory: maxMemory})
	if err != nil {
		tb.Fatalf("prepare: %v", err)
	}
	tb.Cleanup(func() {
		if err := m.Close(context.Background()); err != nil {
			tb.Error(err)
		}
	})
	return m
}

func run(ctx context.Context, m *sandbox.Module, job, state string, host sandbox.Host) (sandbox.Result, error) {
	id := uuid.MustParse("01890a5d-ac96-774b-bcce-b302099a8057")
	return m.Run(ctx, sandbox.Input{
		JobID: id, Job: job, State: []byte(state),
		Context: []byte(`{"job_id":"` + id.String() + `","library_id":"` + uuid.NewString() + `"}`),
	}, host)
}

func TestRunTraces(t *testing.T) {
	t.Parallel()
	const own = "00000000-0000-0000-0000-000000000000"
	cases := map[string]struct {
		job, state string
		host       recorder
		code       int32
		trace      []string
	}{
		"empty":            {job: "empty"},
		"exit code":        {job: "answer", state: "3", code: 3},
		"no state":         {job: "state", trace: []string{"log info ", "ctx"}},
		"state":            {job: "state", state: `{"a":1}`, trace: []string{`log info {"a":1}`, "ctx"}},
		"call":             {job: "call", state: "query:test.ping\n{\"n\":1}", trace: []string{`call query:test.ping ` + own + ` {"n":1}`, `log info {"ok":true}`}},
		"payload not json": {job: "call", state: "query:test.ping\n{n", trace: []string{`log info {"code":"invalid_argument","error":"payload is not JSON"}`}},
		"payload empty":    {job: "call", state: "query:test.ping\n", trace: []string{`call query:test.ping ` + own + ` `, `log info {"ok":true}`}},
		"calls in order": {
			job: "call_many", state: `[{"method":"query:a","payload":1},{"method":"query:b","payload":2}]`,
			trace: []string{"call query:a " + own + " 1", "call query:b " + own + " 2", `log info [{"ok":true},{"ok":true}]`},
		},
		"told": {job: "tell", trace: []string{
			"log debug half way", "log info half way", "progress 0.5 half way",
			"log warn progress NaN is no number from 0 to 1 and is not shown", "warning half way", "items 3", "bytes 5000000000",
		}},
		"checkpoint":           {job: "save", state: "abc", trace: []string{"checkpoint abc"}},
		"checkpoint refused":   {job: "save", state: "abc", host: recorder{full: true}, code: 1, trace: []string{"log error checkpoint is not kept: fenced"}},
		"checkpoint too big":   {job: "save_big", code: 1, trace: []string{"log error checkpoint is 1048577 bytes, at most 1048576 are kept"}},
		"checkpoint loaded":    {job: "load", host: recorder{checkpoint: []byte("saved")}, trace: []string{"log info saved"}},
		"checkpoint not there": {job: "load", trace: []string{"log error no room"}},
		"printed":              {job: "print", trace: []string{"log error half way"}},
		"file refused":         {job: "open", code: 8},
		"growth refused":       {job: "grow"},
	}
	onEngines(t, func(t *testing.T, m *sandbox.Module) {
		for name, c := range cases {
			t.Run(name, func(t *testing.T) {
				host := c.host
				result, err := run(t.Context(), m, c.job, c.state, &host)
				if err != nil {
					t.Fatalf("run: %v", err)
				}
				if result.ExitCode != c.code {
					t.Errorf("exit code %d, want %d", result.ExitCode, c.code)
				}
				for i, line := range host.trace {
					if strings.HasPrefix(line, `log info {"job_id"`) {
						host.trace[i] = "ctx"
					}
				}
				if diff := cmp.Diff(c.trace, host.trace); diff != "" {
					t.Errorf("host calls (-want +got):\n%s", diff)
				}
			})
		}
	})
}

func TestRunFails(t *testing.T) {
	t.Parallel()
	cases := map[string]struct{ job, want string }{
		"trap":             {"trap", "unreachable"},
		"stack exhausted":  {"recurse", "limit of call depth: calls are nested "},
		"exit":             {"exit", "the guest exited with code 7 (proc_exit)"},
		"unknown job":      {"nothing", "the extension has no such job: \"nothing\""},
		"method outside":   {"bad_method", "spacedrive_call: method at 4294967288 with length 16 is outside of the guest's memory of 131072 bytes"},
		"library outside":  {"bad_library", "spacedrive_call: library id at 2147483647 with length 16"},
		"payload outside":  {"bad_payload", "spacedrive_call: payload at 100 with length 4294967295"},
		"log outside":      {"bad_log", "spacedrive_log: text at 131071 with length 2"},
		"job id outside":   {"bad_job", "job_check_interrupt: job id at 131060 with length 16"},
		"output outside":   {"bad_iov", "fd_write: text at 4294967295 with length 10"},
		"another job's id": {"other_job", "is not that of the running job"},
	}
	onEngines(t, func(t *testing.T, m *sandbox.Module) {
		for name, c := range cases {
			t.Run(name, func(t *testing.T) {
				_, err := run(t.Context(), m, c.job, "", &recorder{})
				if err == nil || !strings.Contains(err.Error(), c.want) {
					t.Fatalf("error is %v, want one with %q", err, c.want)
				}
			})
		}
	})
}

func TestRunEndsWithItsContext(t *testing.T) {
	t.Parallel()
	onEngines(t, func(t *testing.T, m *sandbox.Module) {
		for job, host := range map[string]*recorder{"loop": {}, "sleep": {}, "asked": {}} {
			t.Run(job, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
				defer cancel()
				if _, err := run(ctx, m, job, "", host); !errors.Is(err, context.DeadlineExceeded) {
					t.Fatalf("error is %v, want deadline exceeded", err)
				}
			})
		}
		t.Run("call", func(t *testing.T) {
			blocked := &recorder{answer: func(ctx context.Context, _ sandbox.Call) json.RawMessage {
				<-ctx.Done()
				return json.RawMessage(`{"error":"cancelled"}`)
			}}
			ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
			defer cancel()
			if _, err := run(ctx, m, "call", "query:slow\n", blocked); err != nil && !errors.Is(err, context.DeadlineExceeded) {
				t.Fatalf("error is %v, want none or deadline exceeded", err)
			}
		})
	})
}

func TestRunStartsPristine(t *testing.T) {
	t.Parallel()
	onEngines(t, func(t *testing.T, m *sandbox.Module) {
		for range 3 {
			result, err := run(t.Context(), m, "dirty", "", &recorder{})
			if err != nil || result.ExitCode != 0 {
				t.Fatalf("the guest found traces of another run: code %d, %v", result.ExitCode, err)
			}
		}
	})
}

func TestInterruptReachesGuest(t *testing.T) {
	t.Parallel()
	onEngines(t, func(t *testing.T, m *sandbox.Module) {
		asked := 0
		host := &recorder{interrupt: func() sandbox.Interrupt {
			if asked++; asked < 5 {
				return sandbox.Continue
			}
			return sandbox.Shutdown
		}}
		result, err := run(t.Context(), m, "asked", "", host)
		if err != nil || result.ExitCode != 1 || asked != 5 {
			t.Fatalf("exit code %d after %d questions, %v", result.ExitCode, asked, err)
		}
	})
}
