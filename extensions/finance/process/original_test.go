package process

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	airlock "github.com/airlock-run/airlock/sdk/go"
	"github.com/airlock-run/airlock/sdk/go/airlocktest"
)

// read returns all of a content.
func read(t *testing.T, host *airlocktest.Host, content string) (data []byte) {
	t.Helper()
	for {
		var part airlock.ContentRange
		if err := json.Unmarshal(host.Call("query:vdfs.read_content", nil, fmt.Appendf(nil, `{"content":%q,"offset":%d}`, content, len(data))), &part); err != nil {
			t.Fatal(err)
		}
		if data = append(data, part.Data...); part.EOF {
			return data
		}
	}
}

// TestOriginalIsKept finds the mail as it came in the content of its receipt, wherever it came from.
func TestOriginalIsKept(t *testing.T) {
	t.Parallel()
	raw := []byte("From: Lamp Shop <shop@lamps.example>\r\nSubject: Your receipt\r\n\r\nOrder number: L-1\r\nOrder total: $41.00\r\nPaid with Visa\r\n")
	long := append(slices.Clone(raw), strings.Repeat("and thank you\r\n", 10_000)...)
	inEvent := func(_ *airlocktest.Host, raw []byte) airlocktest.Option { return mailed(string(raw)) }
	for name, test := range map[string]struct {
		raw []byte
		run func(host *airlocktest.Host, raw []byte) airlocktest.Option
	}{
		"in an event":               {raw, inEvent},
		"in an event, by reference": {long, inEvent},
		"in a mailbox": {raw, func(host *airlocktest.Host, raw []byte) airlocktest.Option {
			host.Mailbox(raw)
			return airlocktest.WithInput(Input{Mail: &Message{Account: "work", Mailbox: "INBOX", UIDValidity: 1, UID: 1}})
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			host := newHost(t, "")
			if code := host.Run("process_receipt", test.run(host, test.raw)); code != 0 {
				t.Fatalf("exit code %d, log %v", code, host.Logs())
			}
			entries := created(t, host)
			if len(entries) != 1 || !bytes.Equal(read(t, host, entries[0].Content), test.raw) {
				t.Errorf("entries %+v", entries)
			}
		})
	}
}

// TestOriginalMayNotBeKept keeps a receipt also where its mail may not be.
func TestOriginalMayNotBeKept(t *testing.T) {
	t.Parallel()
	host := newHost(t, "")
	failing(host, "action:vdfs.write_content", airlock.PermissionDenied, "not granted")
	code := host.Run("process_receipt", mailed("From: a@b.example\r\nSubject: Invoice 12\r\n\r\nInvoice number 12\nTotal due: EUR 12.00\r\n"))
	if entries := created(t, host); code != 0 || len(entries) != 1 || entries[0].Content != "" {
		t.Errorf("exit code %d, entries %+v", code, entries)
	}
}

// TestLargeDocument has a document read that is too large for the job's memory.
func TestLargeDocument(t *testing.T) {
	t.Parallel()
	host := newHost(t, "invoice-de.txt")
	document := append([]byte("%PDF-1.7\n"), bytes.Repeat([]byte("an invoice "), 300_000)...)
	raw := "From: a@b.example\r\nSubject: Rechnung\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: application/pdf; name=rechnung.pdf\r\n" +
		"Content-Transfer-Encoding: base64\r\n\r\n" + base64.StdEncoding.EncodeToString(document) + "\r\n--b--\r\n"
	host.Handle("query:ai.ocr", func(input json.RawMessage) (any, error) {
		var in struct{ Data, Content string }
		if err := json.Unmarshal(input, &in); err != nil {
			return nil, err
		}
		if got := read(t, host, in.Content); in.Data != "" || !bytes.Equal(got, document) {
			t.Errorf("ai.ocr was given %d bytes and content of %d", len(in.Data), len(got))
		}
		return airlock.OCRResult{Text: "Rechnung 12\nGesamtbetrag 12,00 €", Confidence: 1}, nil
	})
	host.Mailbox([]byte(raw))
	if code := host.Run("process_receipt", airlocktest.WithInput(Input{Mail: &Message{Account: "work", Mailbox: "INBOX", UIDValidity: 1, UID: 1}})); code != 0 {
		t.Fatalf("exit code %d, log %v", code, host.Logs())
	}
	entries := created(t, host)
	if len(entries) != 1 || string(read(t, host, entries[0].Content)) != raw {
		t.Fatalf("%d entries", len(entries))
	}
	for _, call := range host.Calls() {
		if len(call.Payload) > 2<<20 {
			t.Errorf("%s with a payload of %d bytes", call.Method, len(call.Payload))
		}
	}
}
