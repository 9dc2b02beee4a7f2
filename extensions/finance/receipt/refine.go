package receipt

import (
	"strings"
	"time"
)

// Opinion is what a model reads in a receipt.
type Opinion struct{ Vendor, Total, Tax, Date string }

// modelled is the confidence of a value that a model read and the document has.
const modelled = 0.75

// Refine takes over what a model reads of the fields whose confidence is below doubt, where the text has it.
func (a *Analysis) Refine(o Opinion, text string, doubt float64) {
	lines := readLines(text)
	take := func(field string, into *string, value string) {
		if value != "" && a.Confidences[field] < doubt {
			*into, a.Confidences[field] = value, modelled
		}
	}
	if len(o.Vendor) <= 80 && mentions(lines, o.Vendor) {
		take("vendor", &a.Vendor, strings.TrimSpace(o.Vendor))
	}
	take("amount", &a.Amount, amountIn(lines, o.Total, a.Currency))
	take("tax", &a.Tax, amountIn(lines, o.Tax, a.Currency))
	if date, ok := ParseDate(o.Date, time.Time{}, Locale{}); ok && strings.Contains(text, date.Format("2006")) {
		take("date", &a.Date, date.Format(time.DateOnly))
	}
}

// amountIn returns an amount that a document has; "" if it has it not.
func amountIn(lines []line, text, currency string) string {
	wanted, ok := ParseAmount(strings.Trim(text, " €$£¥"))
	if !ok || wanted <= 0 {
		return ""
	}
	for _, l := range lines {
		for _, m := range l.money {
			if m.amount == wanted {
				return wanted.In(currency)
			}
		}
	}
	return ""
}

// BareName returns a company's name without the legal forms behind it.
func BareName(name string) string {
	fields := strings.Fields(name)
	for len(fields) > 1 && isLegalForm(strings.Trim(fields[len(fields)-1], ",")) {
		fields = fields[:len(fields)-1]
	}
	if last := len(fields) - 1; last > 0 && strings.HasSuffix(fields[last], "店") {
		fields = fields[:last] // of which shop of theirs
	}
	name = strings.Trim(strings.Join(fields, " "), " ,&")
	for _, form := range []string{"株式会社", "有限会社", "合同会社"} {
		if rest := strings.TrimSpace(strings.ReplaceAll(name, form, "")); rest != "" {
			name = rest
		}
	}
	return name
}

func isLegalForm(word string) bool {
	for _, form := range legalForms {
		if strings.EqualFold(form, word) || word == "Co" || word == "&" {
			return true
		}
	}
	return false
}
