package process

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	airlock "github.com/airlock-run/airlock/sdk/go"
	"github.com/airlock-run/airlock/sdk/go/airlocktest"
)

// received is the event of one of the mails in examples/mail.
func received(t *testing.T, name string) airlocktest.Option {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("../../../examples/mail", name+".eml"))
	if err != nil {
		t.Fatal(err)
	}
	return mailed(string(raw))
}

// mailed is the event of a mail.
func mailed(raw string) airlocktest.Option {
	return airlocktest.WithEvent(airlocktest.Event{
		ID: "1", Source: "test", Type: "mail.received", DataContentType: "message/rfc822", Data: []byte(raw),
	})
}

// newHost returns a host whose OCR reads every document as the text of a file in testdata, and whose classifier says office.
func newHost(t *testing.T, file string) *airlocktest.Host {
	t.Helper()
	host := airlocktest.New(t)
	host.Handle("query:ai.ocr", func(json.RawMessage) (any, error) {
		text, err := os.ReadFile(filepath.Join("testdata", file))
		return airlock.OCRResult{Text: string(text), Confidence: 1}, err
	})
	host.Handle("query:ai.classify_text", func(json.RawMessage) (any, error) {
		return airlock.Classification{Label: "office", Confidence: 0.8}, nil
	})
	return host
}

// failing makes a method answer with an error.
func failing(host *airlocktest.Host, method string, code airlock.Code, message string) {
	host.Handle(method, func(json.RawMessage) (any, error) { return nil, &airlock.Error{Code: code, Message: message} })
}

func methods(host *airlocktest.Host) (methods []string) {
	for _, call := range host.Calls() {
		methods = append(methods, call.Method)
	}
	return methods
}

// created returns the receipts that the host has, in the order in which they were created.
func created(t *testing.T, host *airlocktest.Host) []airlock.Entry {
	t.Helper()
	var page airlock.EntryPage
	if err := json.Unmarshal(host.Call("query:vdfs.list_entries", nil, []byte(`{"entry_type":"receipt"}`)), &page); err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(page.Entries, func(a, b airlock.Entry) int { return strings.Compare(a.ID, b.ID) })
	return page.Entries
}

// sidecar returns a file beside an entry.
func sidecar(t *testing.T, host *airlocktest.Host, entry airlock.Entry, name string) string {
	t.Helper()
	input, err := json.Marshal(map[string]string{"entry_id": entry.ID, "filename": name})
	if err != nil {
		t.Fatal(err)
	}
	var content airlock.SidecarContent
	if err := json.Unmarshal(host.Call("query:vdfs.read_sidecar", nil, input), &content); err != nil {
		t.Fatal(err)
	}
	return string(content.Data)
}

func lastProgress(host *airlocktest.Host) string {
	reports := host.ProgressReports()
	if len(reports) == 0 {
		return ""
	}
	return reports[len(reports)-1].Message
}

// granted returns the methods the manifest asks for.
func granted(t *testing.T) []string {
	t.Helper()
	data, err := os.ReadFile("../manifest.json")
	if err != nil {
		t.Fatal(err)
	}
	var manifest struct {
		Permissions struct {
			Methods []string `json:"methods"`
		} `json:"permissions"`
	}
	if err := json.Unmarshal(data, &manifest); err != nil {
		t.Fatal(err)
	}
	return manifest.Permissions.Methods
}

func TestManifestGrantsWhatTheJobCalls(t *testing.T) {
	t.Parallel()
	host := newHost(t, "till-us.txt")
	// The second run finds the entry of the first, and so calls what the first does not.
	for range 2 {
		if code := host.Run("process_receipt", received(t, "receipt-picture")); code != 0 {
			t.Fatalf("exit code %d, log %v", code, host.Logs())
		}
	}
	// A third, of a receipt that is read with doubt, has a model look at it.
	host.Settings(map[string]any{"use_model": true})
	host.Extracts(map[string]string{"vendor": "", "total": "", "tax": "", "date": ""})
	if code := host.Run("process_receipt", mailed("From: a@b.example\r\nTo: a@b.example\r\nSubject: Invoice 12\r\n\r\nInvoice number 12\nTotal due: EUR 12.00\r\n")); code != 0 {
		t.Fatalf("exit code %d, log %v", code, host.Logs())
	}
	// A fourth has its mail in a mailbox.
	raw := []byte("From: a@b.example\r\nTo: a@b.example\r\nSubject: hello\r\n\r\nhello\r\n")
	host.Mailbox(raw, raw).Expunge(2)
	for uid := range uint32(2) { // of which one is gone
		at := Input{Mail: &Message{Account: "work", Mailbox: "INBOX", UIDValidity: 1, UID: uid + 1}}
		if code := host.Run("process_receipt", airlocktest.WithInput(at)); code != 0 {
			t.Fatalf("exit code %d, log %v", code, host.Logs())
		}
	}
	called := append(methods(host), "action:jobs.dispatch", "action:jobs.snooze") // which email_scan calls
	slices.Sort(called)
	want := granted(t)
	slices.Sort(want)
	if got := slices.Compact(called); !slices.Equal(got, want) {
		t.Errorf("called %q, the manifest grants %q", got, want)
	}
}

func TestFewCallsAMail(t *testing.T) {
	t.Parallel()
	host := newHost(t, "invoice-de.txt")
	host.Run("process_receipt", received(t, "receipt-pdf"))
	if calls := methods(host); len(calls) != 11 {
		t.Errorf("%d calls: %s", len(calls), strings.Join(calls, ", "))
	}
}
