package receipt

import (
	"strings"
	"unicode/utf8"
)

// methods are ways to pay, by the topics of their words, the more telling first.
var methods = []struct{ topic, name string }{
	{"paypal", "PayPal"},
	{"applepay", "Apple Pay"},
	{"googlepay", "Google Pay"},
	{"klarna", "Klarna"},
	{"amazonpay", "Amazon Pay"},
	{"twint", "TWINT"},
	{"ideal", "iDEAL"},
	{"bancontact", "Bancontact"},
	{"mbway", "MB WAY"},
	{"pix", "Pix"},
	{"bizum", "Bizum"},
	{"paypay", "PayPay"},
	{"suica", "transit card"},
	{"visa", "Visa"},
	{"mastercard", "Mastercard"},
	{"amex", "American Express"},
	{"jcb", "JCB"},
	{"discover", "Discover"},
	{"diners", "Diners Club"},
	{"maestro", "Maestro"},
	{"girocard", "girocard"},
	{"pin", "PIN"},
	{"bancomat", "Bancomat"},
	{"directdebit", "SEPA direct debit"},
	{"transfer", "bank transfer"},
	{"boleto", "boleto"},
	{"credit", "credit card"},
	{"debit", "debit card"},
	{"cash", "cash"},
	{"card", "card"},
	{"cheque", "cheque"},
	{"giftcard", "gift card"},
}

// findPayment returns how a document says it was paid, as in `Visa ending in 4242`, and "" if it does not. Words that have another meaning
// too count where a line speaks of paying or names an amount.
func findPayment(lines []line) string {
	best, rank := "", len(methods)
	for i, l := range lines {
		for _, h := range l.hits {
			n := h.method - 1
			if n < 0 || n >= rank || vague(methods[n].topic) && !paying(lines, i) {
				continue
			}
			best, rank = methods[n].name, n
			if number := lastFour(l.text); number != "" {
				best += " ending in " + number
			}
		}
	}
	return best
}

// vague tells the words that are a way to pay only beside an amount or a word for paying.
func vague(topic string) bool {
	switch topic {
	case "ideal", "pin", "card", "cash", "transfer", "discover", "master", "cheque", "giftcard", "klarna", "directdebit", "pix":
		return true
	default:
		return false
	}
}

// paying tells that a line, or a label above it, is about a payment.
func paying(lines []line, i int) bool {
	about := lines[i].about
	if i > 0 && len(lines[i-1].money) == 0 {
		about |= lines[i-1].about
	}
	return about&(ofThanks|ofTotal|ofTendered|ofAmount) != 0 || len(lines[i].money) > 0 || lastFour(lines[i].text) != ""
}

// lastFour returns the digits that a card's number ends in: those of `ending in 4242`, `endet auf 4242` or `**** 4242`.
func lastFour(s string) string {
	for i := 0; i < len(s); i++ {
		end := digits(s, i)
		if end-i == 4 && namesCard(s[:i]) {
			return s[i:end]
		}
		i = max(i, end)
	}
	return ""
}

// endings stand in front of the last digits of a card.
var endings = []string{
	"ending in ", "ending with ", "ending ", "endet auf ", "endend auf ", "endend mit ", "Endziffer ", "Endziffern ", "se terminant par ", "finissant par ", "terminée par ",
	"terminada en ", "acabada en ", "terminación ", "che termina con ", "terminante con ", "che finisce con ", "eindigend op ", "eindigt op ", "terminado em ", "final ",
	"terminada em ", "com final ", "末尾", "末尾 ", "下4桁 ", "下4桁:", "下4桁",
}

// namesCard tells that the digits of a card follow.
func namesCard(s string) bool {
	for _, phrase := range endings {
		if strings.HasSuffix(s, phrase) {
			return true
		}
	}
	if s != "" && (s[len(s)-1] == ' ' || s[len(s)-1] == '-') {
		s = s[:len(s)-1]
	}
	const masks = "•*xX.#…·"
	for range 2 {
		mask, size := utf8.DecodeLastRuneInString(s)
		if size == 0 || !strings.ContainsRune(masks, mask) {
			return false
		}
		s = s[:len(s)-size]
	}
	return true
}
