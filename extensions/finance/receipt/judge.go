package receipt

import (
	"slices"
	"strings"
)

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
	// Reply tells that the mail answers another; Text is without what it quotes.
	Reply bool
	// Document tells that the text is that of an attachment: its own heading says more than the subject.
	Document bool
	// Scanned tells that an OCR has read the text.
	Scanned bool
	// Private tells that a person sent the mail to themselves, or forwarded it.
	Private bool
}

// Verdict is whether something is a receipt, and if not, why not.
type Verdict struct {
	Receipt bool
	// Reason is a clause, as in "it is a newsletter". It is empty for a receipt.
	Reason string
	// Score is how much more speaks for a receipt than what is needed; negative for what is none.
	Score float64
}

// needed is how much must speak for a receipt. A total with the word invoice in the subject is enough, a total alone is not.
const needed = 3

// The weights of what speaks for a receipt. Those of what speaks against are in others.
const (
	forSubject       = 3.0 // the subject names a receipt
	forOwnSubject    = 1.5 // the subject says "your order"
	forHeading       = 2.0 // a line of its own near the top does
	forThanks        = 0.5 // each word of receipts, up to four
	forName          = 2.0 // the file is called invoice
	forTotal         = 2.0 // the surest words for a total
	forWeakTotal     = 1.2
	forAgreement     = 2.0 // the sums agree
	forArticles      = 1.5 // and there are some articles
	forTax           = 1.0
	forPayment       = 0.8
	forNumber        = 0.7
	forPaid          = 1.0 // what was paid stands beside how
	forCard          = 0.5 // the last digits of a card
	forPicture       = 0.8 // a person sends themselves a picture of it
	forStated        = 5.0 // the page states an order and its price
	againstReply     = 2.5
	headingLines     = 15
	headingLineBytes = 70
)

// other is something that is no receipt and may look like one.
type other struct {
	of     topics
	reason string
	// subject, heading and word are how much its words speak against a receipt, there and anywhere; words count up to four times.
	subject, heading, word float64
	// soft tells that a subject that names a receipt, too, halves it: a shop that confirms an order still sells.
	soft bool
}

var others = []other{
	{ofPromotion, "it is a newsletter", 2.5, 0.5, 0.6, true},
	{ofParcel, "it is a shipping notice", 4, 2, 0.5, true},
	{ofStatement, "it is an account statement", 4, 3, 0.8, true},
	{ofOffer, "it is an offer, not yet a purchase", 6, 6, 0.7, false},
	{ofReminder, "it is a reminder of a payment", 6, 5, 0.8, false},
	{ofCart, "it is a cart, not yet a purchase", 6, 3, 0.9, false},
	{ofRenewal, "it is a notice of a renewal", 5, 3, 0.8, false},
	{ofRefund, "it is a refund", 6, 5, 0.6, false},
	{ofPayslip, "it is a payslip", 6, 5, 0.9, false},
	{ofInvitation, "it is an invitation", 3, 1, 0.4, true},
	{ofSecurity, "it is about an account, not a purchase", 4, 2, 0.5, true},
	{ofReview, "it asks what a purchase was like", 5, 1, 0.4, true},
}

// Judge decides whether a mail or a document is a receipt or an invoice: it weighs what speaks for one against the strongest of what it
// could be instead.
func Judge(e Evidence) Verdict {
	lines := readScan(e.Text, e.Scanned)
	sum := addUp(lines)
	found := sum.found || (isPurchase(e.Stated) && e.Stated.Amount != "")
	subject := hitsIn(fold(e.Subject))
	headings := headingsOf(lines)
	named := namesReceipt(subject)
	score := e.score(lines, sum, subject, headings, named)
	bought := bought{
		told: sum.agrees || sum.paid || isPurchase(e.Stated), paid: sum.paid, beside: sum.found && paidBeside(lines, sum.total.amount), itemised: sum.itemised(),
	}
	against, reason := 0.0, "nothing in it says that something was bought"
	for _, o := range others {
		if weight := o.weigh(e, lines, subject, headings, named, bought); weight > against {
			against, reason = weight, o.reason
		}
	}
	if e.Reply && againstReply > against {
		against, reason = againstReply, "it is a reply"
	}
	switch total := score - against - needed; {
	case !found && against < 2:
		return Verdict{Reason: "no total was found in it", Score: min(total, -1)}
	case !found:
		return Verdict{Reason: reason, Score: min(total, -1)}
	default:
		if total >= 0 {
			reason = ""
		}
		return Verdict{Receipt: total >= 0, Reason: reason, Score: total}
	}
}

// score adds up what speaks for a receipt.
func (e Evidence) score(lines []line, sum sums, subject, headings []hit, named bool) float64 {
	score := 0.0
	switch {
	case named:
		score += forSubject
	case about(subject)&ofTitle != 0:
		score += forOwnSubject
	}
	if namesReceipt(headings) {
		score += forHeading
	}
	score += forThanks * float64(min(4, distinct(lines, ofThanks)))
	score += forName * float64(bit(nameContains(e.Documents)))
	switch {
	case sum.found && sum.rank == 0:
		score += forTotal
	case sum.found && sum.rank < 3:
		score += forWeakTotal
	}
	score += forAgreement*float64(bit(sum.agrees)) + forTax*float64(bit(sum.taxed)) + forPayment*float64(bit(sum.paid))
	score += forArticles * float64(bit(sum.articles() >= someItems))
	score += forNumber * float64(bit(findNumber(lines, e.Subject) != ""))
	score += forPaid*float64(bit(sum.found && paidBeside(lines, sum.total.amount))) + forPicture*float64(bit(e.Document && e.Private))
	score += forCard * float64(bit(slices.ContainsFunc(lines, func(l line) bool { return lastFour(l.text) != "" })))
	if isPurchase(e.Stated) && e.Stated.Amount != "" {
		score += forStated
	}
	return score
}

// paidBeside tells that an amount stands beside a way to pay.
func paidBeside(lines []line, amount Amount) bool {
	return slices.ContainsFunc(lines, func(l line) bool {
		return l.pays() && slices.ContainsFunc(l.money, func(m money) bool { return m.amount == amount })
	})
}

// bought is what tells that something was bought, whatever the mail is about besides.
type bought struct {
	told     bool // the sums agree, or it is said how it was paid
	paid     bool // it is said how it was paid
	beside   bool // and the total stands there
	itemised bool // articles come to the total
}

// weigh returns how much speaks for something else. Where the sums agree or a way to pay is named, the subject has to say it; and where many
// articles come to the total, that counts more than that they are on their way: groceries are billed when they are brought. Who asks what a
// purchase was like does not say from which card it was paid, but a receipt for a ride asks that, too.
func (o other) weigh(e Evidence, lines []line, subject, headings []hit, named bool, bought bought) float64 {
	words := min(4, distinct(lines, o.of))
	ofSubject := 0.0
	if about(subject)&o.of != 0 {
		ofSubject = o.subject
	}
	if e.Document && (namesReceipt(headings) || nameContains(e.Documents)) {
		ofSubject /= 3 // the mail reminds, the document is the invoice
	}
	ofHeading := 0.0
	if about(headings)&o.of != 0 && (!o.soft || !namesReceipt(headings)) {
		ofHeading = o.heading
	}
	if ofSubject == 0 && ofHeading == 0 {
		words = max(0, words-1) // a word alone says little: every shop speaks of refunds
	}
	weight := ofSubject + ofHeading + o.word*float64(words)
	if o.of == ofPromotion && e.Bulk {
		weight++
	}
	if o.of == ofParcel && e.Stated.Kind == "ParcelDelivery" {
		weight += 2
	}
	if named && (o.soft || ofSubject == 0) {
		weight /= 2
	}
	switch {
	case o.soft && o.of != ofPromotion && (bought.itemised || o.of == ofReview && bought.beside):
		weight /= 3
	case o.of == ofRefund && bought.itemised && ofSubject == 0: // of what was not there
		weight /= 3
	case bought.told && ofSubject == 0 && (o.soft || o.of == ofRefund), bought.paid && ofSubject == 0 && o.of == ofOffer:
		weight /= 2
	}
	return weight
}

// headingsOf returns the phrases of the lines near the top that are little more than those.
func headingsOf(lines []line) []hit {
	var all []hit
	for _, l := range lines[:min(headingLines, len(lines))] {
		covered := 0
		for _, h := range l.hits {
			covered += h.to - h.from
		}
		if len(l.text) <= headingLineBytes && len(l.money) == 0 && covered*2 >= len(l.words) {
			all = append(all, l.hits...)
		}
	}
	return all
}

// own are the words with which a subject says whose order it is about, without saying that it is a receipt for it.
var own = []string{"your ", "ihre ", "ihr ", "deine ", "dein ", "votre ", "tu ", "tus ", "su ", "il tuo ", "la tua ", "il suo ", "la sua ", "je ", "uw ", "jouw ", "o seu ", "seu ", "a sua ", "sua "}

// namesReceipt tells that phrases name a receipt or the confirmation of a purchase.
func namesReceipt(hits []hit) bool {
	return slices.ContainsFunc(hits, func(h hit) bool { return h.topics&ofTitle != 0 && !h.own })
}

// distinct counts the different phrases of a topic.
func distinct(lines []line, of topics) int {
	seen := map[string]bool{}
	for _, l := range lines {
		for _, h := range l.hits {
			if h.topics&of != 0 {
				seen[l.words[h.from:h.to]] = true
			}
		}
	}
	return len(seen)
}

// isPurchase tells that a page states an order or an invoice that is not merely on its way, taken back or given up.
func isPurchase(s Stated) bool {
	if s.Kind != "Order" && s.Kind != "Invoice" {
		return false
	}
	for _, status := range []string{"InTransit", "Delivered", "Cancelled", "Returned", "PickupAvailable", "PaymentDue", "PastDue", "Problem"} {
		if strings.HasSuffix(s.Status, status) {
			return s.Kind == "Invoice" && status == "PaymentDue"
		}
	}
	return true
}

// documentNames are what files of receipts are called.
var documentNames = []string{"invoice", "receipt", "rechnung", "quittung", "beleg", "bon", "order", "rg", "inv", "bill", "facture", "recu", "factura", "recibo", "fattura", "ricevuta", "factuur", "fatura", "nota", "ticket", "scontrino", "kassabon", "領収書", "請求書", "レシート"}

func nameContains(names []string) bool {
	for _, name := range names {
		fields := strings.FieldsFunc(fold(name), func(r rune) bool { return r == ' ' || r >= '0' && r <= '9' })
		for _, field := range fields {
			if slices.Contains(documentNames, field) {
				return true
			}
		}
		if strings.Contains(name, "領収") || strings.Contains(name, "請求") {
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
