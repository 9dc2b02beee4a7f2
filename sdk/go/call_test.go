package airlock_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	airlock "github.com/airlock-run/airlock/sdk/go"
	"github.com/airlock-run/airlock/sdk/go/airlocktest"
)

const otherLibrary = "22222222-2222-4222-8222-222222222222"

func inspectRefusals(job *airlock.JobContext) error {
	for method, want := range map[string]airlock.Error{
		"query:test.busy":    {Code: airlock.ResourceExhausted, Message: "slow down", RetryAfter: 1500 * time.Millisecond},
		"query:test.secret":  {Code: airlock.Internal, Message: "internal error"},
		"query:test.nowhere": {Code: airlock.Unavailable, Message: "no service answers query:test.nowhere"},
	} {
		err := job.Call(method, "", nil, nil)
		var got *airlock.Error
		if !errors.As(err, &got) || *got != want {
			return fmt.Errorf("%s: error %w, want %v", method, err, want)
		}
	}
	// An answer may speak of errors below its top level.
	var page airlock.OCRResult
	if err := job.Call("query:ai.ocr", otherLibrary, nil, &page); err != nil || page.Pages[0].Error != "torn" {
		return fmt.Errorf("answer %+v, error %w", page, err)
	}
	if err := job.Call("query:ai.ocr", "", nil, new(int)); err == nil {
		return errors.New("an answer that does not fit was taken")
	}
	if err := job.Call("query:ai.ocr", "library", nil, nil); err == nil {
		return errors.New("a library that is no UUID was taken")
	}
	if err := job.Call("query:ai.ocr", "", make(chan int), nil); err == nil {
		return errors.New("a payload that is no JSON was taken")
	}
	return nil
}

func TestCallRefused(t *testing.T) {
	t.Parallel()
	host := airlocktest.New(t)
	host.Handle("query:test.busy", func(json.RawMessage) (any, error) {
		return nil, &airlock.Error{Code: airlock.ResourceExhausted, Message: "slow down", RetryAfter: 1500 * time.Millisecond}
	})
	host.Handle("query:test.secret", func(json.RawMessage) (any, error) { return nil, errors.New("password is hunter2") })
	host.Handle("query:ai.ocr", func(json.RawMessage) (any, error) {
		return airlock.OCRResult{Pages: []airlock.OCRPage{{Error: "torn"}}}, nil
	})
	mustInspect(t, host, "refusals")
	if library := host.Calls()[3].Library; library != otherLibrary {
		t.Errorf("library %q, want %s", library, otherLibrary)
	}
}

func TestCallWithoutAnswer(t *testing.T) {
	t.Parallel()
	host := mute{airlocktest.New(t)}
	context := `{"job_id":"0a110c4b-0000-4000-8000-000000000001","event":{"subject":"ping"}}`
	if code := airlock.Run(host, "inspect", []byte(context), nil); code != 2 {
		t.Errorf("exit code %d, want 2", code)
	}
}

// mute is a host that cannot write into the guest's memory.
type mute struct{ *airlocktest.Host }

func (mute) Call(string, *airlock.UUID, []byte) []byte { return nil }

func inspectPing(job *airlock.JobContext) error {
	pong, err := job.Ping([]int{1, 2})
	if err != nil {
		return err
	}
	if string(pong.Pong) != "[1,2]" || pong.Job != job.ID || pong.Library != job.Library || pong.Attempt != 1 {
		return fmt.Errorf("pong %+v", pong)
	}
	return nil
}

func TestPing(t *testing.T) {
	t.Parallel()
	mustInspect(t, airlocktest.New(t), "ping")
}

func inspectMany(job *airlock.JobContext) error {
	var first, third airlock.Pong
	failures := job.CallMany(
		airlock.Call{Method: "query:test.ping", Payload: "a", Out: &first},
		airlock.Call{Method: "query:test.nowhere"},
		airlock.Call{Method: "query:test.ping.v1", Payload: "c", Library: otherLibrary, Out: &third, Key: "c"},
	)
	if failures[0] != nil || airlock.ErrorCode(failures[1]) != airlock.Unavailable || failures[2] != nil {
		return fmt.Errorf("failures %v", failures)
	}
	if string(first.Pong) != `"a"` || string(third.Pong) != `"c"` {
		return fmt.Errorf("answers %s, %s", first.Pong, third.Pong)
	}
	for _, err := range job.CallMany(airlock.Call{Method: "query:test.ping"}, airlock.Call{Payload: make(chan int)}) {
		if err == nil {
			return errors.New("a payload that is no JSON was taken")
		}
	}
	return nil
}

func TestCallMany(t *testing.T) {
	t.Parallel()
	host := airlocktest.New(t)
	mustInspect(t, host, "many")
	want := []airlocktest.Call{
		{Method: "query:test.ping", Payload: json.RawMessage(`"a"`)},
		{Method: "query:test.nowhere", Payload: json.RawMessage(`null`)},
		{Method: "query:test.ping.v1", Library: otherLibrary, Payload: json.RawMessage(`"c"`)},
	}
	if diff := cmp.Diff(want, host.Calls()); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
}

func FuzzParseUUID(f *testing.F) {
	f.Add("0a110c4b-0000-4000-8000-000000000001")
	f.Add("0a110c4b-0000-4000-8000-00000000000g")
	f.Add("")
	f.Fuzz(func(t *testing.T, s string) {
		id, err := airlock.ParseUUID(s)
		if err != nil {
			return
		}
		if again, err := airlock.ParseUUID(id.String()); err != nil || again != id {
			t.Errorf("%q parses to %s, which parses to %s, %v", s, id, again, err)
		}
	})
}
