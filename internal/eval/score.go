package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/airlock-run/airlock/extensions/finance/receipt"
	"github.com/airlock-run/airlock/internal/mailset"
)

// truth is a mail and what is right about it.
type truth struct {
	name, group, locale string
	source              mailset.Source
	raw                 []byte
	isReceipt           bool
	fields              map[string]string // by measure; without those the label leaves out
}

// measures are the fields, in the order of the table. The label's items are not among them.
var measures = []string{"total", "currency", "date", "vendor", "tax", "category", "payment", "order"}

// goals are the shares that have to be reached in each group, for mails with text and for scans.
var goals = map[string]struct{ text, scan float64 }{
	"precision": {0.97, 0.97}, "recall": {0.97, 0.97},
	"total": {0.97, 0.90}, "currency": {0.97, 0.90}, "date": {0.97, 0.90},
	"vendor": {0.92, 0.85}, "tax": {0.92, 0.80}, "category": {0.85, 0.80},
}

// row is a line of the table.
type row struct {
	group, source, measure string
	right, of              int
}

// tally counts what was right.
type tally map[[3]string]*row

func (t tally) add(group, source, measure string, right bool) {
	key := [3]string{group, source, measure}
	if t[key] == nil {
		t[key] = &row{group: group, source: source, measure: measure}
	}
	t[key].of++
	if right {
		t[key].right++
	}
}

// judge counts a mail and returns what was wrong with it, in words.
func (t tally) judge(m truth, got host) (wrong []string) {
	source := "text"
	if m.source == mailset.SourceScan {
		source = "scan"
	}
	found := got.kept != nil
	if m.isReceipt {
		t.add(m.group, "all", "recall", found)
		t.add(m.group, string(m.source), "found", found)
		t.add(m.group, m.locale, "found", found)
	}
	if found {
		t.add(m.group, "all", "precision", m.isReceipt)
	}
	if found != m.isReceipt {
		if !found {
			t.add(m.group, "missed", strings.TrimPrefix(got.progress, "not a receipt: "), false)
		}
		return []string{fmt.Sprintf("receipt is %t: %s", m.isReceipt, got.progress)}
	}
	if !found {
		return nil
	}
	read := fieldsOf(*got.kept)
	for _, measure := range measures {
		want, ok := m.fields[measure]
		if !ok {
			continue
		}
		right := same(measure, want, read[measure])
		t.add(m.group, source, measure, right)
		if !right {
			t.add(m.group, "wrong", mistake(measure, want, read[measure]), false)
			wrong = append(wrong, fmt.Sprintf("%s is %q, read %q", measure, want, read[measure]))
		}
	}
	return wrong
}

// mistake says how a field was read wrong, without what the mail says.
func mistake(measure, want, got string) string {
	switch {
	case got == "":
		return measure + " not read"
	case measure == "category":
		return want + " taken for " + got
	default:
		return measure + " read as another"
	}
}

func fieldsOf(a receipt.Analysis) map[string]string {
	return map[string]string{
		"total": a.Amount, "currency": a.Currency, "date": a.Date, "vendor": a.Vendor, "tax": a.Tax, "category": a.Category,
		"payment": a.PaymentMethod, "order": a.OrderNumber,
	}
}

// same compares a field with its label.
func same(measure, want, got string) bool {
	switch measure {
	case "total", "tax":
		return number(want) == number(got)
	case "vendor":
		return bare(want) == bare(got)
	case "payment":
		return got != "" && (strings.Contains(bare(want), bare(got)) || strings.Contains(bare(got), bare(want)))
	default:
		return want == got
	}
}

// number makes amounts comparable; none is zero.
func number(s string) receipt.Amount {
	amount, _ := receipt.ParseDecimal(s)
	return amount
}

func bare(name string) string {
	return strings.ReplaceAll(receipt.Fold(receipt.BareName(name)), " ", "")
}

// print writes the table and reports whether every goal is reached. In detail it also says which receipts were found, by source and language,
// why the others were not, and how fields were read wrong.
func (t tally) print(w io.Writer, detail bool) bool {
	rows := make([]*row, 0, len(t))
	for _, r := range t {
		if detail || r.source == "all" || slices.Contains(measures, r.measure) {
			rows = append(rows, r)
		}
	}
	order := append([]string{"precision", "recall"}, measures...)
	slices.SortFunc(rows, func(a, b *row) int {
		return cmp.Or(cmp.Compare(a.group, b.group), cmp.Compare(a.source, b.source), slices.Index(order, a.measure)-slices.Index(order, b.measure), cmp.Compare(a.measure, b.measure))
	})
	fmt.Fprintln(w, "group\tsource\tmeasure\tright\tof\tshare\tgoal\tverdict")
	reached := true
	for _, r := range rows {
		share := float64(r.right) / float64(r.of)
		goal, verdict := "", ""
		if g, ok := goals[r.measure]; ok {
			least := g.text
			if r.source == "scan" {
				least = g.scan
			}
			goal, verdict = fmt.Sprintf("%.3f", least), "ok"
			if share < least {
				verdict, reached = "short", false
			}
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%d\t%.3f\t%s\t%s\n", r.group, r.source, r.measure, r.right, r.of, share, goal, verdict)
	}
	return reached
}
