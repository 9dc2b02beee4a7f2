// Package layouttest tells whether layouts keep what labels promise: what a
// label states stands in its mail.
package layouttest

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/airlock-run/airlock/internal/mailset"
	"github.com/airlock-run/airlock/internal/mailset/layout"
	"github.com/airlock-run/airlock/internal/mailset/locale"
)

// Exercise makes a group of mails twice and looks at each.
func Exercise(t *testing.T, generate func() ([]layout.Work, error)) {
	t.Helper()
	first, err := generate()
	if err != nil {
		t.Fatal(err)
	}
	second, err := generate()
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for i, work := range first {
		if names[work.Name] {
			t.Errorf("%s is the name of two", work.Name)
		}
		names[work.Name] = true
		if !bytes.Equal(work.Raw, second[i].Raw) {
			t.Errorf("%s is another mail the second time", work.Name)
		}
		if err := stands(work); err != nil {
			t.Errorf("%s: %v", work.Name, err)
		}
	}
}

// stands reports what a label states and its mail doesn't.
func stands(work layout.Work) error {
	text, err := read(work.Raw)
	if err != nil {
		return err
	}
	label := work.Label
	if !label.Receipt {
		return nil
	}
	onPaper := label.Source == mailset.SourcePDFText || label.Source == mailset.SourceScan
	if onPaper != (work.Papers != "") {
		return fmt.Errorf("source is %s, and on paper is %q", label.Source, work.Papers)
	}
	text = plain(text + "\n" + work.Papers)
	conventions, _ := locale.Named(label.Locale)
	var errs []error
	says := func(what string, forms ...string) {
		for _, form := range forms {
			if strings.Contains(text, plain(form)) {
				return
			}
		}
		errs = append(errs, fmt.Errorf("%s isn't in the mail as any of %q", what, forms))
	}
	amount := func(what string, minor int64) { says(what, conventions.Number(minor, label.Currency)) }
	amount("total", work.Purchase.Total)
	if label.Tax != "" {
		for _, tax := range work.Purchase.Taxes {
			amount("tax", tax.Amount)
		}
	}
	says("vendor", label.Vendor)
	says("order", label.OrderNumber)
	says("payment", label.PaymentMethod)
	if len(label.Items) > 0 {
		for _, line := range work.Purchase.Lines {
			says("item", line.Name)
			amount("item", line.Amount)
		}
	}
	says("date", conventions.Dates(work.Purchase.Day)...)
	return errors.Join(errs...)
}
