package main

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	airlock "github.com/airlock-run/airlock/sdk/go"
	"github.com/airlock-run/airlock/sdk/go/airlocktest"
)

// api has http.request answered by path, with status and body; an answer that is kept is kept in the host.
func api(t *testing.T, answer func(path string, query url.Values) (status int, body string)) *airlocktest.Host {
	t.Helper()
	host := airlocktest.New(t)
	host.Settings(map[string]any{"credential": "work", "label": "INBOX", "base_url": "https://gmail.googleapis.com"})
	host.Handle("query:http.request", func(input json.RawMessage) (any, error) {
		var in struct {
			URL        string `json:"url"`
			Credential string `json:"credential"`
			Keep       bool   `json:"keep"`
		}
		if err := json.Unmarshal(input, &in); err != nil || in.Credential != "work" {
			return nil, fmt.Errorf("request %s: %w", input, err)
		}
		to, err := url.Parse(in.URL)
		if err != nil {
			return nil, err
		}
		status, body := answer(strings.TrimPrefix(to.Path, "/gmail/v1/users/me/"), to.Query())
		out := map[string]any{"status": status, "headers": map[string][]string{"Retry-After": {"7"}}}
		if in.Keep {
			out["content"] = host.Content([]byte(body))
		} else {
			out["body"] = []byte(body)
		}
		return out, nil
	})
	return host
}

func fetched(t *testing.T, host *airlocktest.Host) (ids []string) {
	t.Helper()
	for _, job := range host.SubJobs() {
		var in fetchInput
		if err := json.Unmarshal(job.Input, &in); err != nil || job.Job != "fetch" {
			t.Fatalf("job %+v: %v", job, err)
		}
		ids = append(ids, in.Message)
	}
	return ids
}

func TestScan(t *testing.T) {
	t.Parallel()
	old, tokens := false, true
	host := api(t, func(path string, query url.Values) (int, string) {
		switch {
		case path == "profile":
			return 200, `{"historyId":"100"}`
		case path == "messages" && query.Get("labelIds") == "INBOX" && query.Get("pageToken") == "":
			return 200, `{"messages":[{"id":"a"},{"id":"b"}],"nextPageToken":"2"}`
		case path == "messages" && tokens:
			return 200, `{"messages":[{"id":"c"}]}`
		case path == "messages":
			tokens = true
			return 400, `{"error":{"message":"Invalid pageToken"}}`
		case path == "history" && old:
			old = false
			return 404, `{"error":{"message":"Requested entity was not found."}}`
		case path == "history" && query.Get("startHistoryId") == "100":
			return 200, `{"history":[{"messagesAdded":[{"message":{"id":"d"}}]},{"labelsAdded":[{"message":{"id":"d"}},{"message":{"id":"e"}}]}],"historyId":"200"}`
		default:
			return 200, `{"historyId":"200"}`
		}
	})
	scans := 0
	run := func(want ...string) {
		t.Helper()
		before := len(fetched(t, host))
		scans++
		id := airlocktest.WithJobID(fmt.Sprintf("0a110c4b-0000-4000-8000-%012d", scans))
		if code := host.Run("scan", id); code != 0 {
			t.Fatalf("exit code %d: %v", code, host.Logs())
		}
		if got := fetched(t, host)[before:]; !slices.Equal(got, want) {
			t.Fatalf("scan %d has %v handed on, want %v", scans, got, want)
		}
	}
	run("a", "b", "c") // the whole label
	run("d", "e")      // what is new
	run()
	old, tokens = true, false
	run("a", "b", "a", "b", "c") // the history is forgotten, and then the token of a page is
	run("d", "e")
}

func TestNoAccount(t *testing.T) {
	t.Parallel()
	if code := airlocktest.New(t).Run("scan"); code != 0 {
		t.Errorf("exit code %d", code)
	}
}

func TestFetch(t *testing.T) {
	t.Parallel()
	const limited = `{"error":{"code":403,"message":"slow","errors":[{"reason":"rateLimitExceeded"}]}}`
	for name, test := range map[string]struct {
		status int
		body   string
		code   int32
		calls  string // the last one
		log    string
	}{
		"ok":           {200, `{"raw":"aGVsbG8"}`, 0, "action:events.publish", ""},
		"gone":         {404, `{}`, 0, "query:vdfs.read_content", ""},
		"refused":      {401, `{}`, 3, "", "airlock credentials add work"},
		"no scope":     {403, `{"error":{"message":"no","errors":[{"reason":"insufficientPermissions"}]}}`, 3, "", "gmail.readonly"},
		"rate limited": {403, limited, 1, "action:jobs.snooze", ""},
		"too many":     {429, `x`, 1, "action:jobs.snooze", ""},
		"broken":       {503, ``, 1, "action:jobs.snooze", ""},
		"cut off":      {200, `{"raw":"aGVs`, 2, "", "unexpected EOF"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			host := api(t, func(string, url.Values) (int, string) { return test.status, test.body })
			if code := host.Run("fetch", airlocktest.WithInput(fetchInput{"a"})); code != test.code {
				t.Fatalf("exit code %d, want %d: %v", code, test.code, host.Logs())
			}
			calls := host.Calls()
			last := calls[len(calls)-1]
			if !strings.HasPrefix(last.Method, test.calls) || test.calls == "action:jobs.snooze" && string(last.Payload) != `{"for_ms":7000}` {
				t.Errorf("the last call is %s %s", last.Method, last.Payload)
			}
			if name == "ok" && !strings.Contains(string(last.Payload), `"content":"sha256:2cf24dba`) {
				t.Errorf("published is %s", last.Payload)
			}
			if said := fmt.Sprint(host.Logs()); !strings.Contains(said, test.log) {
				t.Errorf("the log is %s", said)
			}
		})
	}
}

func TestWait(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	for header, want := range map[string]time.Duration{
		"5": 5 * time.Second, "0": time.Second, "999999": longestWait, "-1": usualWait, "soon": usualWait,
		"Mon, 23 Nov 2026 12:01:00 GMT": time.Minute, "Mon, 23 Nov 2020 12:01:00 GMT": time.Second,
	} {
		if got := wait([]string{header}, now); got != want {
			t.Errorf("%q: %s, want %s", header, got, want)
		}
	}
	if got := wait(nil, now); got != usualWait {
		t.Errorf("without a header: %s", got)
	}
}

// A scan that finds the cursor moved by another one leaves the mailbox to it.
func TestOtherScan(t *testing.T) {
	t.Parallel()
	host := api(t, func(string, url.Values) (int, string) { return 200, `{"historyId":"1"}` })
	host.FailNext("action:state.put", &airlock.Error{Code: airlock.FailedPrecondition, Message: "another revision"})
	if code := host.Run("scan"); code != 0 || len(fetched(t, host)) != 0 {
		t.Errorf("exit code %d: %v", code, host.Logs())
	}
}
