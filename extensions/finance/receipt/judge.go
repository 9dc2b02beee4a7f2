package receipt

import "strings"

// Evidence is what [Judge] looks at.
type Evidence struct {
	Subject string
	// Text is what the receipt would be read from: the document's or the mail's.
	Text string
	// Stated is what the mail's HTML states.
	Stated Stated
	// Documents are the names of the attachments that could be receipts.
	Documents []string
	// Bulk tells that the mail was sent to a list: it says how to unsubscribe.
	Bulk bool
}

// needed is how much must speak for a receipt. A total with the word invoice in the subject is enough, a total alone is not.
const needed = 4

// Verdict is whether something is a receipt, and if not, why not.
type Verdict struct {
	Receipt bool
	// Reason is a clause, as in "it is a newsletter". It is empty for a receipt.
	Reason string
}

var (
	receiptSubject = []string{
		"receipt", "invoice", "order confirmation", "your order", "payment confirmation", "payment received", "rechnung", "quittung", "beleg",
		"bestellbestätigung", "zahlungsbestätigung", "kaufbeleg", "ihre bestellung", "deine bestellung", "kassenbon", "kassenbeleg", "e-ticket", "your trip",
		"your ride", "booking confirmation", "buchungsbestätigung", "purchase", "tax invoice", "thank you for your payment", "ihr einkauf", "dein einkauf",
	}
	receiptText = []string{
		"receipt", "invoice", "tax invoice", "order confirmation", "thank you for your purchase", "thank you for your order", "thanks for your order",
		"payment received", "amount paid", "order number", "order no", "invoice number", "invoice no", "receipt number", "receipt no", "rechnung", "rechnungsnummer",
		"rechnungsnr", "quittung", "kassenbon", "kassenbeleg", "bestellnummer", "bestellbestätigung", "vielen dank für ihren einkauf", "vielen dank für ihre bestellung",
		"belegnummer", "beleg-nr", "bon-nr", "thank you for shopping", "you paid", "rechnungsbetrag", "bondruck", "cashier", "kasse",
	}
	documentNames   = []string{"invoice", "receipt", "rechnung", "quittung", "beleg", "bon", "order", "rg", "inv", "bill"}
	shippingSubject = []string{
		"shipped", "has shipped", "on its way", "out for delivery", "dispatched", "delivered", "delivery update", "tracking", "shipping confirmation", "versandt",
		"verschickt", "unterwegs", "versandbestätigung", "zugestellt", "sendung", "paket", "sendungsverfolgung", "arriving",
	}
	shippingText = []string{"tracking number", "track your package", "track your parcel", "sendungsnummer", "sendungsverfolgung", "trackingnummer", "estimated delivery", "paketnummer"}
	statements   = []string{
		"account statement", "bank statement", "monthly statement", "statement of account", "statement is ready", "your statement", "kontoauszug", "depotauszug",
		"account summary", "opening balance", "closing balance", "previous balance", "anfangssaldo", "endsaldo", "kontostand", "alter saldo", "neuer saldo",
	}
	offers = []string{
		"quote", "quotation", "estimate", "proposal", "angebot", "kostenvoranschlag", "pro forma", "proforma", "price list", "preisliste",
	}
	promotions = []string{
		"newsletter", "sale", "sale ends", "shop now", "% off", "special offer", "limited time", "deals", "coupon", "discount code", "promo code", "view in browser",
		"view this email in your browser", "new arrivals", "buy now", "save up to", "black friday", "cyber monday", "sonderangebot", "jetzt shoppen", "jetzt kaufen",
		"rabattcode", "gutscheincode", "im browser ansehen", "angebote der woche", "nur für kurze zeit", "free shipping on", "from only", "ab nur", "unsubscribe", "abmelden",
	}
)

// Judge decides whether a mail or a document is a receipt or an invoice.
func Judge(e Evidence) Verdict {
	lines := readLines(e.Text)
	subject := words(e.Subject)
	if e.Stated.Kind == "Order" || e.Stated.Kind == "Invoice" {
		if e.Stated.Amount != "" {
			return Verdict{Receipt: true}
		}
	}
	sum := findTotal(lines)
	named := has(subject, receiptSubject...) && !has(subject, offers...)
	score := 2 * bit(named)
	score += min(2, count(wordsOn(ofReceipt, lines), receiptText))
	score += 2 * bit(nameContains(e.Documents))
	if sum.found {
		score += 3 - sum.rank
	}
	_, taxed := findTax(lines, sum.amount)
	score += bit(taxed) + bit(findPayment(lines) != "")

	promoted := min(4, count(wordsOn(ofPromotion, lines), promotions)+2*count(subject, promotions)+bit(e.Bulk))
	shipped := 3*bit(has(subject, shippingSubject...)) + min(2, count(wordsOn(ofShipping, lines), shippingText)) + 2*bit(e.Stated.Kind == "ParcelDelivery")
	stated := 2*min(2, count(wordsOn(ofStatement, lines), statements)) + 3*bit(has(subject, statements...))
	offered := 4 * bit(has(subject, offers...))
	if named {
		// An order confirmation may name a date of delivery, and a shop that confirms one still sells.
		promoted, shipped = promoted/2, shipped/3
	}
	against, reason := 0, "nothing in it says that something was bought"
	for _, other := range []struct {
		weight int
		reason string
	}{
		{promoted, "it is a newsletter"},
		{shipped, "it is a shipping notice"},
		{stated, "it is an account statement"},
		{offered, "it is an offer, not yet a purchase"},
	} {
		if other.weight > against {
			against, reason = other.weight, other.reason
		}
	}
	switch {
	case !sum.found && against < 2:
		return Verdict{Reason: "no total was found in it"}
	case !sum.found, score-against < needed:
		return Verdict{Reason: reason}
	default:
		return Verdict{Receipt: true}
	}
}

// wordsOn returns the words of the lines that speak of a topic.
func wordsOn(topic topics, lines []line) string {
	var out strings.Builder
	for _, l := range lines {
		if l.speaks(topic) {
			out.WriteString(l.words + "\n")
		}
	}
	return out.String()
}

func nameContains(names []string) bool {
	for _, name := range names {
		name = strings.Map(func(r rune) rune {
			if r == '_' || r == '-' || r == '.' || r >= '0' && r <= '9' {
				return ' '
			}
			return r
		}, strings.ToLower(name))
		if has(name, documentNames...) {
			return true
		}
	}
	return false
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}
