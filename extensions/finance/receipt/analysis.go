package receipt

import (
	"math"
	"strings"
	"time"
)

// Source is a text with what is known of where it came from.
type Source struct {
	Text string
	// Document tells that the text is that of a PDF or a picture, which begins with its vendor, and not that of a mail.
	Document bool
	// Confidence is how sure the reader of the text is, 0 to 1. Zero means 1.
	Confidence float64
	// Stated is what the mail's HTML states; it is believed.
	Stated Stated
	Sender Sender
	// Mailed is when the mail was sent, if known.
	Mailed time.Time
}

// Analysis is what a receipt says. Fields that it does not say are empty. Amounts are exact decimals.
type Analysis struct {
	Vendor   string `json:"vendor"`
	Amount   string `json:"amount"`
	Currency string `json:"currency"`
	// Date is ISO 8601, as in 2026-11-20.
	Date          string `json:"date"`
	Category      string `json:"category"`
	Items         []Item `json:"items"`
	Tax           string `json:"tax"`
	PaymentMethod string `json:"payment_method"`
	// Confidence is how much of this to believe, 0 to 1: it grows with each value that was found and with sums that agree.
	Confidence float64 `json:"confidence"`
}

// Extract reads a receipt. It leaves the category to others.
func Extract(s Source) Analysis {
	lines := readLines(s.Text)
	sum := findTotal(lines)
	currency := first(s.Stated.Currency, sum.currency, mostUsed(lines), loneCurrency(lines))
	a := Analysis{
		Vendor:        first(s.Stated.Vendor, findVendor(lines, s.Sender, s.Document)),
		Currency:      currency,
		PaymentMethod: first(findPayment(lines), s.Stated.Payment),
		Items:         []Item{},
	}
	paid := sum.amount
	if stated, ok := ParseAmount(s.Stated.Amount); ok {
		paid = stated
	}
	if paid > 0 {
		a.Amount = paid.In(currency)
	}
	tax, taxed := findTax(lines, paid)
	if taxed && tax > 0 {
		a.Tax = tax.In(currency)
	}
	subtotal, subtotalLine, hasSubtotal := findSubtotal(lines)
	end := sum.line
	if hasSubtotal {
		end = min(end, subtotalLine)
	}
	items, itemsSum := findItems(lines, end)
	if len(items) == 0 {
		// Some put the total first. Below it only articles that come to it count.
		if items, itemsSum = findItems(lines, len(lines)); itemsSum != paid && itemsSum+tax != paid {
			items, itemsSum = nil, 0
		}
	}
	if len(s.Stated.Items) > 0 {
		items = s.Stated.Items
	}
	a.Items = append(a.Items, items...)
	date, dated := findDate(lines, s.Mailed, currency == "USD")
	switch {
	case s.Stated.Date != "":
		a.Date, dated = s.Stated.Date, true
	case dated:
		a.Date = date.Format(time.DateOnly)
	case !s.Mailed.IsZero():
		a.Date = s.Mailed.Format(time.DateOnly)
	}

	agree := paid > 0 && (hasSubtotal && subtotal+tax == paid || itemsSum == paid || itemsSum+tax == paid || hasSubtotal && itemsSum == subtotal)
	sure := 0.0
	for _, part := range []struct {
		weight float64
		found  bool
	}{
		{0.30, a.Amount != ""},
		{0.10, s.Stated.Amount != "" || (sum.found && sum.rank == 0)},
		{0.10, a.Currency != ""},
		{0.15, dated},
		{0.15, a.Vendor != ""},
		{0.05, a.Tax != ""},
		{0.05, a.PaymentMethod != ""},
		{0.10, agree || s.Stated.Amount != ""},
	} {
		if part.found {
			sure += part.weight
		}
	}
	if s.Confidence > 0 && s.Confidence < 1 {
		sure *= s.Confidence
	}
	a.Confidence = math.Round(sure*100) / 100
	return a
}

// loneCurrency guesses the currency of a document whose amounts name none from a code that stands alone, as in "all prices in EUR".
func loneCurrency(lines []line) string {
	for _, l := range lines {
		for field := range strings.FieldsSeq(l.text) {
			field = strings.Trim(field, "()[]:,.;")
			if len(field) == 3 && field == strings.ToUpper(field) {
				if code := currencyCode(field); code != "" {
					return code
				}
			}
			if field == "€" || field == "£" {
				return currencyCode(field)
			}
		}
	}
	return ""
}

// Slug makes a path's part of a name: lower-case letters, digits and single hyphens, at most 40 characters. It is never empty.
func Slug(name string) string {
	name = strings.NewReplacer("ä", "ae", "ö", "oe", "ü", "ue", "ß", "ss", "é", "e", "è", "e", "&", " and ").Replace(strings.ToLower(name))
	var out strings.Builder
	hyphen := false
	for _, r := range name {
		if (r < 'a' || r > 'z') && (r < '0' || r > '9') {
			hyphen = out.Len() > 0
			continue
		}
		if hyphen {
			out.WriteByte('-')
			hyphen = false
		}
		out.WriteRune(r)
		if out.Len() >= 40 {
			break
		}
	}
	if out.Len() == 0 {
		return "unknown"
	}
	return out.String()
}
