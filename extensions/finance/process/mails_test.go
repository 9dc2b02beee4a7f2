package process

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/airlock-run/airlock/extensions/finance/receipt"
	"github.com/airlock-run/airlock/sdk/go/airlocktest"
)

// TestMails runs the job over the mails in testdata/mails, each with what is to be read in it beside it. The category is the classifier's,
// which is not here.
func TestMails(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/mails/*.eml")
	if err != nil || len(files) < 40 {
		t.Fatalf("%d mails in testdata: %v", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".eml"), func(t *testing.T) {
			t.Parallel()
			raw, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			data, err := os.ReadFile(strings.TrimSuffix(file, ".eml") + ".json")
			if err != nil {
				t.Fatal(err)
			}
			want := map[string]any{}
			if err := json.Unmarshal(data, &want); err != nil {
				t.Fatal(err)
			}
			host := newHost(t, "")
			if code := host.Run("process_receipt", airlocktest.WithEvent(airlocktest.Event{ID: "1", DataContentType: "message/rfc822", Data: raw})); code != 0 {
				t.Fatalf("exit code %d, log %v", code, host.Logs())
			}
			entries := created(t, host)
			if got := len(entries) == 1; got != want["receipt"] {
				t.Fatalf("receipt is %t, want %t: %s", got, want["receipt"], lastProgress(host))
			}
			if len(entries) == 0 {
				return
			}
			var got metadata
			if err := json.Unmarshal(entries[0].Metadata, &got); err != nil {
				t.Fatal(err)
			}
			read := map[string]string{
				"total": got.Amount, "tax": got.Tax, "currency": got.Currency, "date": got.Date, "vendor": bare(got.Vendor), "order_number": got.OrderNumber,
			}
			for field, value := range read {
				said, ok := want[field].(string)
				if field == "vendor" {
					said = bare(said)
				}
				if ok && (said != "" || field == "tax") && value != said {
					t.Errorf("%s: %s", field, cmp.Diff(said, value))
				}
			}
		})
	}
}

func bare(name string) string { return receipt.Fold(receipt.BareName(name)) }
