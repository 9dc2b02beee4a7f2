package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/airlock-run/airlock/extensions/finance/receipt"
	"github.com/airlock-run/airlock/internal/mailset"
)

func TestTally(t *testing.T) {
	t.Parallel()
	bought := map[string]string{"total": "12", "vendor": "Lampen Meier GmbH"}
	text := truth{name: "a", group: "tuned", locale: "de", source: mailset.SourceHTML, isReceipt: true, fields: bought}
	scan := truth{name: "b", group: "tuned", locale: "ja", source: mailset.SourceScan, isReceipt: true, fields: bought}
	none := truth{name: "c", group: "tuned", locale: "de"}
	right := &receipt.Analysis{Amount: "12.00", Vendor: "LAMPEN MEIER"}
	counts := tally{}
	for _, test := range []struct {
		mail  truth
		kept  *receipt.Analysis
		wrong []string
	}{
		{text, right, nil},
		{text, nil, []string{"receipt is true: not a receipt: it is a newsletter"}},
		{scan, &receipt.Analysis{Amount: "1.20", Vendor: "Lampen Meier"}, []string{`total is "12", read "1.20"`}},
		{none, nil, nil},
		{none, right, []string{"receipt is false: receipt: x"}},
	} {
		got := host{kept: test.kept, progress: "receipt: x"}
		if test.kept == nil {
			got.progress = "not a receipt: it is a newsletter"
		}
		if diff := cmp.Diff(test.wrong, counts.judge(test.mail, got)); diff != "" {
			t.Errorf("%s: what is wrong (-want +got):\n%s", test.mail.name, diff)
		}
	}
	var table, detailed strings.Builder
	if counts.print(&table, false) {
		t.Error("all goals are reached, with a total of 0 in 1")
	}
	const want = `group	source	measure	right	of	share	goal	verdict
tuned	all	precision	2	3	0.667	0.970	short
tuned	all	recall	2	3	0.667	0.970	short
tuned	scan	total	0	1	0.000	0.900	short
tuned	scan	vendor	1	1	1.000	0.850	ok
tuned	text	total	1	1	1.000	0.970	ok
tuned	text	vendor	1	1	1.000	0.920	ok
`
	if diff := cmp.Diff(want, table.String()); diff != "" {
		t.Errorf("the table (-want +got):\n%s", diff)
	}
	counts.print(&detailed, true)
	for _, line := range []string{"tuned\tde\tfound\t1\t2\t0.500\t\t\n", "tuned\thtml\tfound\t1\t2\t0.500\t\t\n", "tuned\tmissed\tit is a newsletter\t0\t1\t0.000\t\t\n"} {
		if !strings.Contains(detailed.String(), line) {
			t.Errorf("the detailed table has no line %q:\n%s", line, detailed.String())
		}
	}
}

// Each mail of the extension's own can be loaded with its label.
func TestLoad(t *testing.T) {
	t.Parallel()
	mails, err := load("../../" + ownMails)
	if err != nil {
		t.Fatal(err)
	}
	receipts := 0
	for _, m := range mails {
		if m.isReceipt {
			receipts++
			if m.fields["total"] == "" {
				t.Errorf("%s has no total: %v", m.name, m.fields)
			}
		}
	}
	if receipts < 40 || len(mails) == receipts {
		t.Errorf("%d of %d mails are receipts", receipts, len(mails))
	}
}
