package process

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	airlock "github.com/airlock-run/airlock/sdk/go"
	"github.com/airlock-run/airlock/sdk/go/airlocktest"
)

func TestRetryDoesNotReadAgain(t *testing.T) {
	t.Parallel()
	for _, broken := range []string{"query:ai.classify_text", "action:vdfs.create_entry", "action:vdfs.write_sidecar"} {
		t.Run(broken, func(t *testing.T) {
			t.Parallel()
			host := newHost(t, "invoice-de.txt")
			host.FailNext(broken, &airlock.Error{Code: airlock.Unavailable, Message: "gone for lunch"})
			if code := host.Run("process_receipt", received(t, "receipt-pdf")); code != 2 {
				t.Fatalf("exit code %d, want 2", code)
			}
			if code := host.Run("process_receipt", received(t, "receipt-pdf"), airlocktest.Resumed()); code != 0 {
				t.Fatalf("second attempt: exit code %d, log %v", code, host.Logs())
			}
			if entries := created(t, host); len(entries) != 1 || len(entries[0].Sidecars) != 3 {
				t.Errorf("entries %+v, want one with three sidecars", entries)
			}
			calls := methods(host)
			if n := occurrences(calls, "query:ai.ocr"); n != 1 {
				t.Errorf("the document was read %d times", n)
			}
			want := 1
			if broken == "query:ai.classify_text" {
				want = 2
			}
			if n := occurrences(calls, "query:ai.classify_text"); n != want {
				t.Errorf("classified %d times, want %d", n, want)
			}
		})
	}
}

func occurrences(list []string, of string) (n int) {
	for _, s := range list {
		if s == of {
			n++
		}
	}
	return n
}

func TestRunAgainGoesOnWithTheEntry(t *testing.T) {
	t.Parallel()
	host := newHost(t, "invoice-de.txt")
	for attempt := range 2 {
		if code := host.Run("process_receipt", received(t, "receipt-pdf"), airlocktest.WithAttempt(attempt+1)); code != 0 {
			t.Fatalf("exit code %d, log %v", code, host.Logs())
		}
	}
	if entries := created(t, host); len(entries) != 1 || len(entries[0].Sidecars) != 3 {
		t.Errorf("entries %+v, want one with three sidecars", entries)
	}
}

func TestSameMailAgainIsOneEntry(t *testing.T) {
	t.Parallel()
	host := newHost(t, "invoice-de.txt")
	var first airlock.Entry
	for i, id := range []string{"0a110c4b-0000-4000-8000-00000000000a", "0a110c4b-0000-4000-8000-00000000000b"} {
		if code := host.Run("process_receipt", received(t, "receipt-pdf"), airlocktest.WithJobID(id)); code != 0 {
			t.Fatalf("exit code %d, log %v", code, host.Logs())
		}
		if i == 0 {
			first = created(t, host)[0]
			correct := `{"entry_id":"` + first.ID + `","metadata":{"corrected":{"vendor":"Kranich","tax":""}}}`
			host.Call("action:vdfs.update_metadata", nil, []byte(correct))
		}
	}
	entries := created(t, host)
	if len(entries) != 1 {
		t.Fatalf("entries %+v, want one", entries)
	}
	var got kept
	if err := json.Unmarshal(entries[0].Metadata, &got); err != nil {
		t.Fatal(err)
	}
	if got.Vendor != "Kranich" || got.Tax != "" || got.Amount != "1285.38" || got.DuplicateOf != "" {
		t.Errorf("metadata %+v, want what was corrected kept", got)
	}
}

func TestPathTakenByAnotherMail(t *testing.T) {
	t.Parallel()
	host := newHost(t, "invoice-de.txt")
	host.Run("process_receipt", received(t, "receipt-pdf"))
	host.Call("action:vdfs.update_metadata", nil, []byte(`{"entry_id":"`+created(t, host)[0].ID+`","metadata":{"mail":"another's"}}`))
	host.Run("process_receipt", received(t, "receipt-pdf"))
	entries := created(t, host)
	if len(entries) != 2 || !strings.HasPrefix(entries[1].Path, entries[0].Path) || len(entries[1].Path) != len(entries[0].Path)+56 {
		t.Errorf("entries %+v, want a second with the whole digest", entries)
	}
}

func TestOrderAndItsInvoice(t *testing.T) {
	t.Parallel()
	const head = "From: Acme Shop <shop@acme.example>\r\nTo: a@b.example\r\nDate: Tue, 17 Nov 2026 08:12:44 +0100\r\nSubject: "
	order := head + "Order confirmation\r\n\r\nOrder number: AC-1001\nOrder date: 2026-11-17\nLamp $40.00\nOrder total: $40.00\nPaid with Visa\n"
	for name, test := range map[string]struct {
		mail      string
		duplicate bool
	}{
		"same order":                {head + "Your invoice\r\n\r\nInvoice number 77\nOrder number: AC-1001\nInvoice date: 2026-11-19\nTotal: $40.00\n", true},
		"same total without number": {head + "Your invoice\r\n\r\nInvoice\nInvoice date: 2026-11-18\nAmount due: $40.00\nPaid with Visa\n", true},
		"another order":             {head + "Order confirmation\r\n\r\nOrder number: AC-1002\nOrder date: 2026-11-17\nLamp $40.00\nOrder total: $40.00\n", false},
		"another total":             {head + "Your invoice\r\n\r\nInvoice\nInvoice date: 2026-11-18\nAmount due: $41.00\nPaid with Visa\n", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			host := newHost(t, "")
			for i, mail := range []string{order, test.mail} {
				if code := host.Run("process_receipt", mailed(mail), airlocktest.WithJobID(fmt.Sprintf("0a110c4b-0000-4000-8000-00000000000%d", i))); code != 0 {
					t.Fatalf("exit code %d, log %v", code, host.Logs())
				}
			}
			entries := created(t, host)
			if len(entries) != 2 {
				t.Fatalf("%d entries, want both mails' (last progress %q)", len(entries), lastProgress(host))
			}
			var got kept
			if err := json.Unmarshal(entries[1].Metadata, &got); err != nil {
				t.Fatal(err)
			}
			if want := map[bool]string{true: entries[0].ID}[test.duplicate]; got.DuplicateOf != want {
				t.Errorf("duplicate of %q, want %q", got.DuplicateOf, want)
			}
		})
	}
}

func TestInterrupted(t *testing.T) {
	t.Parallel()
	for name, check := range map[string]int{"before reading": 1, "before keeping": 2} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			host := newHost(t, "invoice-de.txt")
			host.InterruptAt(check, airlock.Pause)
			if code := host.Run("process_receipt", received(t, "receipt-pdf")); code != 1 {
				t.Errorf("exit code %d, want 1", code)
			}
			if entries := created(t, host); len(entries) != 0 {
				t.Errorf("entries %+v, want none", entries)
			}
			if saved := len(host.Checkpoints()); saved != 2*(check-1) {
				t.Errorf("%d checkpoints, want %d", saved, 2*(check-1))
			}
		})
	}
}

// twoSources is a mail with a document that cannot be read and a body that is the receipt.
const twoSources = "From: Acme Billing <billing@acme.example>\r\nTo: a@b.example\r\nSubject: Your invoice\r\nDate: Tue, 17 Nov 2026 08:12:44 +0100\r\n" +
	"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nInvoice number 7\r\nTotal due: EUR 12.00\r\n" +
	"--b\r\nContent-Type: application/pdf; name=invoice.pdf\r\n\r\n%PDF-1.7 encrypted\r\n--b--\r\n"

func TestDocumentThatCannotBeRead(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		code    airlock.Code
		attempt int
		exit    int32
	}{
		"encrypted":                     {airlock.FailedPrecondition, 1, 0},
		"broken":                        {airlock.InvalidArgument, 1, 0},
		"no service":                    {airlock.Unavailable, 4, 2},
		"not permitted":                 {airlock.PermissionDenied, 1, 2},
		"reader too slow, first time":   {airlock.DeadlineExceeded, 1, 2},
		"reader too slow, once too far": {airlock.DeadlineExceeded, 3, 0},
		"too large":                     {airlock.ResourceExhausted, 3, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			host := newHost(t, "")
			failing(host, "query:ai.ocr", test.code, "it has a password")
			if code := host.Run("process_receipt", mailed(twoSources), airlocktest.WithAttempt(test.attempt)); code != test.exit {
				t.Fatalf("exit code %d, want %d; log %v", code, test.exit, host.Logs())
			}
			if test.exit != 0 {
				return
			}
			want := []string{"invoice.pdf cannot be read: query:ai.ocr: " + string(test.code) + ": it has a password"}
			if got := host.Warnings(); !slices.Equal(got, want) {
				t.Errorf("warnings %q, want %q", got, want)
			}
			entries := created(t, host)
			if len(entries) != 1 || !strings.Contains(string(entries[0].Metadata), `"source":"text"`) {
				t.Errorf("entries %+v, want one from the text", entries)
			}
		})
	}
	t.Run("without text", func(t *testing.T) {
		t.Parallel()
		host := newHost(t, "")
		host.Handle("query:ai.ocr", func(json.RawMessage) (any, error) {
			return airlock.OCRResult{Pages: []airlock.OCRPage{{Page: 1, Error: "torn"}}}, nil
		})
		if code := host.Run("process_receipt", mailed(twoSources)); code != 0 {
			t.Fatalf("exit code %d, log %v", code, host.Logs())
		}
		want := []string{"invoice.pdf cannot be read: there is no text in it", "page 1 of invoice.pdf cannot be read: torn"}
		if got := host.Warnings(); !slices.Equal(got, want) {
			t.Errorf("warnings %q, want %q", got, want)
		}
	})
}

func TestForwardedMailHasTheVendorOfTheInnerOne(t *testing.T) {
	t.Parallel()
	host := newHost(t, "")
	code := host.Run("process_receipt", mailed("From: Maya <maya@studio.example>\r\nTo: books@studio.example\r\nSubject: Fwd: Your receipt\r\n\r\n"+
		"---------- Forwarded message ---------\r\nFrom: Acme Billing <billing@acme.example>\r\nDate: Nov 3, 2026\r\n\r\nReceipt no. 7\r\nAmount paid $12.00\r\nVisa\r\n"))
	if code != 0 {
		t.Fatalf("exit code %d, log %v", code, host.Logs())
	}
	if entries := created(t, host); len(entries) != 1 || entries[0].Path != "/receipts/acme-c0f719f4" {
		t.Errorf("entries %+v, want one of Acme", entries)
	}
}

func TestUncategorized(t *testing.T) {
	t.Parallel()
	host := newHost(t, "invoice-de.txt")
	host.Handle("query:ai.classify_text", func(json.RawMessage) (any, error) {
		return airlock.Classification{Label: "groceries", Confidence: 0.08}, nil
	})
	host.Run("process_receipt", received(t, "receipt-pdf"))
	if entries := created(t, host); len(entries) != 1 || !strings.Contains(string(entries[0].Metadata), `"category":"uncategorized"`) {
		t.Errorf("entries %+v", entries)
	}
}

// TestPurchasesOfOneShop has the receipt wait its turn where others of its shop are remembered at the same time, which costs no attempt.
func TestPurchasesOfOneShop(t *testing.T) {
	t.Parallel()
	host := newHost(t, "invoice-de.txt")
	failing(host, "action:state.put", airlock.FailedPrecondition, "the revision is another")
	if code := host.Run("process_receipt", received(t, "receipt-pdf")); code != 1 { // interrupted
		t.Fatalf("exit code %d, log %v", code, host.Logs())
	}
	if called := methods(host); called[len(called)-1] != "action:jobs.snooze" {
		t.Errorf("called %q", called)
	}
}
