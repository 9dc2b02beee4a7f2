package airlock_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	airlock "github.com/airlock-run/airlock/sdk/go"
	"github.com/airlock-run/airlock/sdk/go/airlocktest"
)

type pages struct {
	Read int `json:"read"`
}

func inspectContext(job *airlock.JobContext) error {
	if job.Name != "inspect" || job.Extension != "test" || job.Attempt != 3 || job.Resumed || job.Event.Type != "mail.received" {
		return fmt.Errorf("unexpected context %+v", job)
	}
	state := pages{Read: 7}
	if err := job.Input(&state); err != nil {
		return err
	}
	if len(job.State()) != 0 || state.Read != 7 {
		return errors.New("no input must leave the value as it is")
	}
	job.Log(airlock.LevelDebug, "page %d", 1)
	job.Warn("page %d is empty", 2)
	job.Progress(0.5, "half")
	job.AddBytes(1 << 33)
	job.AddItems(2)
	return nil
}

func TestContext(t *testing.T) {
	t.Parallel()
	host := airlocktest.New(t)
	mustInspect(t, host, "context", airlocktest.WithAttempt(3),
		airlocktest.WithEvent(airlocktest.Event{Subject: "context", Type: "mail.received"}))
	want := []string{
		`spacedrive_log(debug, "page 1")`,
		`job_add_warning("page 2 is empty")`,
		`job_report_progress(0.500, "half")`,
		`job_increment_bytes(8589934592)`,
		`job_increment_items(2)`,
	}
	if diff := cmp.Diff(want, host.Trace()); diff != "" {
		t.Errorf("trace (-want +got):\n%s", diff)
	}
}

func inspectCheckpoints(job *airlock.JobContext) error {
	var state pages
	if err := job.Input(&state); err != nil {
		return airlock.Permanent(err)
	}
	if job.Interrupted() == airlock.Pause {
		state.Read++
		if err := job.Checkpoint(state); err != nil {
			return err
		}
		return airlock.ErrInterrupted
	}
	return nil
}

func TestCheckpoints(t *testing.T) {
	t.Parallel()
	event := airlocktest.WithEvent(airlocktest.Event{Subject: "checkpoints"})
	t.Run("resumed", func(t *testing.T) {
		t.Parallel()
		host := airlocktest.New(t)
		host.InterruptAt(1, airlock.Pause)
		for range 2 {
			options := []airlocktest.Option{event}
			if len(host.Checkpoints()) > 0 {
				options = append(options, airlocktest.Resumed())
			}
			if code := host.Run("inspect", options...); code != 1 {
				t.Fatalf("exit code %d, want 1", code)
			}
		}
		want := []json.RawMessage{json.RawMessage(`{"read":1}`), json.RawMessage(`{"read":2}`)}
		if diff := cmp.Diff(want, host.Checkpoints()); diff != "" {
			t.Errorf("checkpoints (-want +got):\n%s", diff)
		}
	})
	t.Run("refused", func(t *testing.T) {
		t.Parallel()
		host := airlocktest.New(t)
		host.InterruptAt(1, airlock.Pause)
		host.RefuseCheckpoints()
		if code := host.Run("inspect", event); code != 2 {
			t.Errorf("exit code %d, want 2", code)
		}
	})
	t.Run("state is no JSON", func(t *testing.T) {
		t.Parallel()
		if code := airlocktest.New(t).Run("inspect", event, airlocktest.WithState([]byte("{"))); code != 3 {
			t.Errorf("exit code %d, want 3", code)
		}
	})
}

func inspectData(job *airlock.JobContext) error {
	data, err := job.Event.Data()
	if err != nil {
		return err
	}
	return job.Checkpoint(data)
}

func TestEventData(t *testing.T) {
	t.Parallel()
	large := bytes.Repeat([]byte("0123456789abcdef"), 150_000) // 2.4 MB: three ranges
	for name, test := range map[string]struct {
		contentType string
		data        []byte
		calls       int
	}{
		"none":   {"message/rfc822", nil, 0},
		"json":   {"", []byte(`{"a":[1,2]}`), 0},
		"binary": {"message/rfc822", []byte("From: a\r\n\r\n\xff"), 0},
		"large":  {"message/rfc822", large, 3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			host := airlocktest.New(t)
			mustInspect(t, host, "", airlocktest.WithEvent(airlocktest.Event{Subject: "data", DataContentType: test.contentType, Data: test.data}))
			var got []byte
			if err := json.Unmarshal(host.Checkpoints()[0], &got); err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, test.data) {
				t.Errorf("%d bytes, want the %d of the event", len(got), len(test.data))
			}
			if calls := len(host.Calls()); calls != test.calls {
				t.Errorf("%d calls, want %d", calls, test.calls)
			}
		})
	}
	t.Run("content ends early", func(t *testing.T) {
		t.Parallel()
		host := airlocktest.New(t)
		host.Handle("query:vdfs.read_content", func(json.RawMessage) (any, error) {
			return airlock.ContentRange{Size: 10}, nil
		})
		event := airlocktest.WithEvent(airlocktest.Event{Subject: "data", Data: large})
		if code := host.Run("inspect", event); code != 2 {
			t.Errorf("exit code %d, want 2", code)
		}
	})
}
