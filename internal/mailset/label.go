package mailset

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"time"
)

// Mail is one mail of the set, and what is true of it.
type Mail struct {
	// Name is unique in the set: layout, locale and number.
	Name string
	// Raw is the mail as it came over the wire, with CRLF line ends.
	Raw   []byte
	Label Label
}

// Label is the truth about a mail. What a document doesn't state is empty and
// not to be judged. If Receipt is false, only Locale, Layout and HeldOut are set.
type Label struct {
	Receipt       bool   `json:"receipt"`
	Kind          Kind   `json:"kind,omitempty"`
	Vendor        string `json:"vendor,omitempty"`
	Total         string `json:"total,omitempty"`
	Tax           string `json:"tax,omitempty"`
	Currency      string `json:"currency,omitempty"` // ISO 4217
	Date          string `json:"date,omitempty"`     // YYYY-MM-DD
	PaymentMethod string `json:"payment_method,omitempty"`
	OrderNumber   string `json:"order_number,omitempty"`
	Category      string `json:"category,omitempty"` // one of Categories
	Items         []Item `json:"items,omitempty"`
	Locale        string `json:"locale"` // one of Locales
	// Source is where the truth can best be read.
	Source  Source `json:"source,omitempty"`
	Layout  string `json:"layout"`
	HeldOut bool   `json:"heldout"`
}

// Item is a line of a receipt. Amount is that of the line, not of one piece.
type Item struct {
	Description string `json:"description"`
	Quantity    string `json:"quantity"`
	Amount      string `json:"amount"`
}

// Kind tells a receipt (paid) from an invoice (asked for).
type Kind string

// The kinds.
const (
	KindReceipt Kind = "receipt"
	KindInvoice Kind = "invoice"
)

// Source is a part of a mail that facts are read from.
type Source string

// The sources.
const (
	SourceHTML    Source = "html"
	SourceText    Source = "text"
	SourcePDFText Source = "pdf_text"
	SourceScan    Source = "scan"
)

// Categories returns the categories of expense a label may name.
func Categories() []string {
	return []string{
		"groceries", "dining", "travel", "lodging", "software", "utilities",
		"transport", "health", "office", "entertainment", "shopping", "telecom",
		"insurance", "education", "other",
	}
}

// Locales returns the languages of the set, whose conventions of numbers and
// dates its mails follow.
func Locales() []string {
	return []string{
		"en-US", "en-GB", "de-DE", "fr-FR", "es-ES", "it-IT", "nl-NL",
		"pt-BR", "pt-PT", "ja-JP",
	}
}

var (
	currencyForm = regexp.MustCompile(`^[A-Z]{3}$`)
	centsForm    = regexp.MustCompile(`^(0|[1-9][0-9]*)\.[0-9]{2}$`)
	wholeForm    = regexp.MustCompile(`^(0|[1-9][0-9]*)$`)
)

// Validate reports every way in which a label contradicts itself, joined: a
// wrong label would judge a right extractor wrong.
func (l Label) Validate() error {
	var errs []error
	say := func(ok bool, format string, args ...any) {
		if !ok {
			errs = append(errs, fmt.Errorf(format, args...))
		}
	}
	say(l.Layout != "", "layout is empty")
	say(slices.Contains(Locales(), l.Locale), "locale %q is none of the set's", l.Locale)
	if !l.Receipt {
		bare := l.Kind == "" && l.Vendor == "" && l.Total == "" && l.Tax == "" && l.Currency == "" &&
			l.Date == "" && l.PaymentMethod == "" && l.OrderNumber == "" && l.Category == "" &&
			l.Source == "" && len(l.Items) == 0
		say(bare, "not a receipt, but states facts of one")
		return errors.Join(errs...)
	}
	say(l.Kind == KindReceipt || l.Kind == KindInvoice, "kind %q is neither receipt nor invoice", l.Kind)
	say(slices.Contains([]Source{SourceHTML, SourceText, SourcePDFText, SourceScan}, l.Source), "source %q is unknown", l.Source)
	say(l.Vendor != "", "vendor is empty")
	say(currencyForm.MatchString(l.Currency), "currency %q is no ISO 4217 code", l.Currency)
	say(slices.Contains(Categories(), l.Category), "category %q is none of the set's", l.Category)
	_, err := time.Parse(time.DateOnly, l.Date)
	say(err == nil, "date %q is not YYYY-MM-DD", l.Date)
	form := centsForm
	if l.Currency == "JPY" {
		form = wholeForm
	}
	say(form.MatchString(l.Total), "total %q is no amount of %s", l.Total, l.Currency)
	say(l.Tax == "" || form.MatchString(l.Tax), "tax %q is no amount of %s", l.Tax, l.Currency)
	return errors.Join(errs...)
}
