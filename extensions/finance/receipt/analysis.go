package receipt

import (
	"math"
	"strings"
	"time"
)

// Source is a text with what is known of where it came from.
type Source struct {
	Text string
	// Subject is that of the mail.
	Subject string
	// Document tells that the text is that of a PDF or a picture, which begins with its vendor, and not that of a mail.
	Document bool
	// Confidence is how sure the reader of the text is, 0 to 1. Zero means 1.
	Confidence float64
	// Stated is what the mail's HTML states; it is believed.
	Stated Stated
	Sender Sender
	Hints  Hints
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
	// OrderNumber is that of the order, else that of the invoice or receipt.
	OrderNumber string `json:"order_number"`
	// Language is the one it is in: en, de, fr, es, it, nl, pt or ja.
	Language string `json:"language"`
	// Confidence is how much of this to believe, 0 to 1: it grows with each value that was found and with sums that agree.
	Confidence float64 `json:"confidence"`
	// Confidences are those of the fields that were found, by their names, 0 to 1.
	Confidences map[string]float64 `json:"confidences"`
}

// Extract reads a receipt. It leaves the category to others.
func Extract(s Source) Analysis {
	lines := readScan(s.Text, s.Confidence > 0 && s.Confidence < 1)
	sum := addUp(lines)
	currency := first(s.Stated.Currency, sum.total.currency, mostUsed(lines), loneCurrency(lines))
	currency = dollars(currency, lines, s.Hints)
	locale := localeOf(lines, s.Hints, currency)
	currency = first(currency, localCurrency(lines, locale, s.Hints))
	a := Analysis{Items: []Item{}, Currency: currency, Language: locale.Language, Confidences: map[string]float64{}}
	sure := func(field string, confidence float64) {
		if s.Confidence > 0 && s.Confidence < 1 {
			confidence *= s.Confidence
		}
		a.Confidences[field] = round(confidence)
	}
	paid := sum.total.amount
	stated, isStated := ParseAmount(s.Stated.Amount)
	if isStated {
		paid = stated
	}
	if paid > 0 {
		a.Amount = paid.In(currency)
		sure("amount", sum.confidence(isStated))
	}
	if currency != "" {
		sure("currency", 0.6+0.35*float64(bit(s.Stated.Currency != "" || sum.total.currency != "")))
	}
	if sum.taxed && sum.tax > 0 {
		a.Tax = sum.tax.In(currency)
		sure("tax", 0.7+0.2*float64(bit(sum.agrees)))
	}
	a.Items = append(a.Items, sum.items...)
	if len(s.Stated.Items) > 0 {
		a.Items = s.Stated.Items
	}
	if len(a.Items) > 0 {
		sure("items", 0.5+0.4*float64(bit(sum.agrees || len(s.Stated.Items) > 0)))
	}
	date, dated := findDate(lines, s.Mailed, locale)
	switch {
	case s.Stated.Date != "":
		a.Date, dated = s.Stated.Date, true
		sure("date", 0.98)
	case dated && (date.sure >= 0.5 || s.Mailed.IsZero()):
		a.Date = date.Format(time.DateOnly)
		sure("date", date.sure)
	case !s.Mailed.IsZero():
		a.Date = s.Mailed.Format(time.DateOnly)
		sure("date", 0.5)
	}
	vendor, vendorSure := findVendor(lines, s)
	if a.Vendor = vendor; vendor != "" {
		sure("vendor", vendorSure)
	}
	if a.PaymentMethod = first(findPayment(lines), s.Stated.Payment); a.PaymentMethod != "" {
		sure("payment_method", 0.85)
	}
	if a.OrderNumber = first(s.Stated.Number, findNumber(lines, s.Subject)); a.OrderNumber != "" {
		sure("order_number", 0.8)
	}
	a.Confidence = a.overall(dated, sum.agrees || isStated)
	return a
}

// confidence tells how sure the total is.
func (s sums) confidence(stated bool) float64 {
	switch {
	case stated:
		return 0.98
	case s.agrees:
		return 0.95
	default:
		return []float64{0.85, 0.7, 0.5, 0.4}[s.rank]
	}
}

// weights say how much of the whole each field is.
var weights = map[string]float64{"amount": 0.4, "currency": 0.1, "date": 0.15, "vendor": 0.2, "tax": 0.05, "payment_method": 0.05}

func (a Analysis) overall(dated, agrees bool) float64 {
	whole := 0.05 * float64(bit(agrees))
	for field, weight := range weights {
		if field != "date" || dated {
			whole += weight * a.Confidences[field]
		}
	}
	return round(whole)
}

func round(x float64) float64 { return math.Round(x*100) / 100 }

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
		}
		for _, sign := range []string{"€", "£", "EURO", "Euro", "euro", "円", "¥", "R$", "$"} {
			if strings.Contains(l.text, sign) {
				return currencyCode(sign)
			}
		}
	}
	return ""
}

// localCurrency returns that of the country a document seems to be from.
func localCurrency(lines []line, locale Locale, hints Hints) string {
	switch country := hints.Domain[strings.LastIndexByte(hints.Domain, '.')+1:]; {
	case country == "ch":
		return "CHF"
	case country == "br":
		return "BRL"
	case country == "uk":
		return "GBP"
	case locale.Language == "ja":
		return "JPY"
	case locale.Language != "en":
		return "EUR"
	}
	for _, l := range lines {
		switch words := " " + l.words + " "; {
		case strings.Contains(words, " sales tax "):
			return "USD"
		case strings.Contains(words, " vat "):
			return "GBP"
		}
	}
	for _, l := range lines {
		if strings.Contains(" "+l.words+" ", " tax ") && len(l.money) > 0 {
			return "USD" // where the tax is neither VAT nor GST
		}
	}
	return ""
}

// dollarsOf are the countries whose dollar is not that of the United States.
var dollarsOf = map[string]string{"ca": "CAD", "au": "AUD", "nz": "NZD", "sg": "SGD", "hk": "HKD", "mx": "MXN"}

// dollars tells whose dollar is meant: that which the document names by its code, else that of the sender's country.
func dollars(currency string, lines []line, hints Hints) string {
	if currency != "USD" {
		return currency
	}
	named := ""
	for _, l := range lines {
		for field := range strings.FieldsFuncSeq(l.text, func(r rune) bool { return !letter(r) }) {
			switch field {
			case "USD", "US":
				return currency
			case "CAD", "AUD", "NZD", "SGD", "HKD", "MXN":
				named = first(named, field)
			}
		}
	}
	return first(named, dollarsOf[hints.Domain[strings.LastIndexByte(hints.Domain, '.')+1:]], currency)
}

// Slug makes a path's part of a name: lower-case letters, digits and single hyphens, at most 40 characters. It is never empty.
func Slug(name string) string {
	name = strings.NewReplacer("ä", "ae", "ö", "oe", "ü", "ue", "ß", "ss", "&", " and ").Replace(strings.ToLower(name))
	var out strings.Builder
	hyphen := false
	for _, r := range name {
		as := string(r)
		if plain, ok := accents[r]; ok {
			as = plain
		}
		for _, r := range []byte(as) {
			if (r < 'a' || r > 'z') && !digit(r) {
				hyphen = out.Len() > 0
				continue
			}
			if hyphen {
				out.WriteByte('-')
				hyphen = false
			}
			out.WriteByte(r)
		}
		if out.Len() >= 40 {
			break
		}
	}
	if out.Len() == 0 {
		return "unknown"
	}
	return strings.Trim(out.String()[:min(40, out.Len())], "-")
}
