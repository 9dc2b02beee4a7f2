package scan

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	airlock "github.com/airlock-run/airlock/sdk/go"
	"github.com/airlock-run/airlock/sdk/go/airlocktest"
)

func TestMain(m *testing.M) {
	Register()
	os.Exit(m.Run())
}

func arrived(data string) airlocktest.Option {
	return airlocktest.WithEvent(airlocktest.Event{ID: "1", Source: "/mail/work", Type: "mail.arrived", DataContentType: "application/json", Data: []byte(data)})
}

var work = arrived(`{"account":"work","mailbox":"INBOX","uid_validity":1,"uid_next":2}`)

func messages(n int) (all [][]byte) {
	for i := range n {
		all = append(all, fmt.Appendf(nil, "Subject: %d\r\n\r\nhello\r\n", i))
	}
	return all
}

// run runs a scan that must end with an exit code.
func run(t *testing.T, host *airlocktest.Host, want int32, options ...airlocktest.Option) {
	t.Helper()
	if code := host.Run("email_scan", append([]airlocktest.Option{work}, options...)...); code != want {
		t.Fatalf("exit code %d, want %d, log %v", code, want, host.Logs())
	}
}

// handed are the messages whose jobs were started, as UIDVALIDITY/UID.
func handed(t *testing.T, host *airlocktest.Host) (all []string) {
	t.Helper()
	for _, job := range host.SubJobs() {
		var in struct {
			Mail struct {
				UIDValidity uint32 `json:"uid_validity"`
				UID         uint32 `json:"uid"`
			} `json:"mail"`
		}
		if err := json.Unmarshal(job.Input, &in); err != nil || job.Job != "process_receipt" {
			t.Fatalf("job %+v: %v", job, err)
		}
		all = append(all, fmt.Sprintf("%d/%d", in.Mail.UIDValidity, in.Mail.UID))
	}
	return all
}

func TestScan(t *testing.T) {
	t.Parallel()
	host := airlocktest.New(t)
	box := host.Mailbox(messages(450)...)
	box.Expunge(3)
	run(t, host, 0)
	got := handed(t, host)
	if len(got) != 449 || got[0] != "1/1" || got[2] != "1/4" || got[448] != "1/450" {
		t.Errorf("%d are handed on: %v", len(got), got)
	}
	run(t, host, 0, airlocktest.WithJobID("0a110c4b-0000-4000-8000-000000000002"))
	if n := len(handed(t, host)); n != 449 {
		t.Errorf("without new mail there are %d", n)
	}
	box.Deliver(messages(1)...)
	run(t, host, 0, airlocktest.WithJobID("0a110c4b-0000-4000-8000-000000000003"))
	if got := handed(t, host); len(got) != 450 || got[449] != "1/451" {
		t.Errorf("with a new mail there are %d", len(got))
	}
	box.Renumber()
	run(t, host, 0, airlocktest.WithJobID("0a110c4b-0000-4000-8000-000000000004"))
	if got := handed(t, host); len(got) != 900 || got[450] != "2/1" || len(host.Warnings()) != 1 {
		t.Errorf("numbered anew there are %d, warnings %q", len(got), host.Warnings())
	}
}

// Wherever an attempt is cut off, the next one hands on what was left, and nothing twice.
func TestScanIsCutOff(t *testing.T) {
	t.Parallel()
	cuts := map[string]func(*airlocktest.Host){}
	for _, method := range []string{"query:mail.list", "action:jobs.dispatch", "action:state.put", "query:state.get"} {
		cuts[method+" fails"] = func(h *airlocktest.Host) {
			h.FailNext(method, &airlock.Error{Code: airlock.Unavailable, Message: "not now"})
		}
	}
	for n := 1; n < 4; n++ {
		cuts[fmt.Sprintf("interrupted at page %d", n)] = func(h *airlocktest.Host) { h.InterruptAt(n, airlock.Pause) }
	}
	for name, cut := range cuts {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			host := airlocktest.New(t)
			host.Mailbox(messages(450)...)
			cut(host)
			if code := host.Run("email_scan", work); code == 0 {
				t.Fatal("it is not cut off")
			}
			host.InterruptAt(1, airlock.Continue)
			again := []airlocktest.Option{airlocktest.WithAttempt(2)}
			if saved := host.Checkpoints(); len(saved) > 0 {
				again = append(again, airlocktest.WithState(saved[len(saved)-1]))
			}
			run(t, host, 0, again...)
			got := handed(t, host)
			slices.Sort(got)
			if n := len(got); n != 450 || len(slices.Compact(got)) != 450 {
				t.Errorf("%d jobs, want one for each of 450 messages", n)
			}
		})
	}
}

func TestOneScanAtATime(t *testing.T) {
	t.Parallel()
	host := airlocktest.New(t)
	host.Mailbox(messages(2)...)
	hold := func(until time.Time) {
		value, err := json.Marshal(cursor{UIDValidity: 1, UID: 1, Scanner: "0a110c4b-0000-4000-8000-000000000009", Until: &until})
		if err != nil {
			t.Fatal(err)
		}
		host.Call("action:state.put", nil, fmt.Appendf(nil, `{"key":"scan/work/INBOX","value":%s}`, value))
	}
	hold(time.Now().Add(time.Minute))
	run(t, host, 1)
	if n := len(handed(t, host)); n != 0 {
		t.Errorf("beside another scan it has handed on %d", n)
	}
	hold(time.Now().Add(-time.Second))
	run(t, host, 0)
	if got := handed(t, host); !slices.Equal(got, []string{"1/2"}) {
		t.Errorf("after one that died it has handed on %v", got)
	}
}

func TestNoMailbox(t *testing.T) {
	t.Parallel()
	for _, data := range []string{`{}`, `{"account":"work"}`, `[]`, `"x"`} {
		host := airlocktest.New(t)
		if code := host.Run("email_scan", arrived(data)); code != 3 {
			t.Errorf("%s: exit code %d", data, code)
		}
	}
	host := airlocktest.New(t)
	host.Mailbox()
	if code := host.Run("email_scan", arrived(`{"account":"gone","mailbox":"INBOX"}`)); code != 2 || !strings.Contains(host.Logs()[len(host.Logs())-1].Message, "no mail account") {
		t.Errorf("a gone account: exit code %d, %v", code, host.Logs())
	}
}
