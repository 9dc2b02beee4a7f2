package receipt

import (
	"strings"
	"unicode/utf8"
)

// methods are ways to pay and the words for them, the more telling first.
var methods = []struct {
	name  string
	words []string
}{
	{"PayPal", []string{"paypal"}},
	{"Apple Pay", []string{"apple pay"}},
	{"Google Pay", []string{"google pay"}},
	{"Klarna", []string{"klarna"}},
	{"Visa", []string{"visa"}},
	{"Mastercard", []string{"mastercard", "master card"}},
	{"American Express", []string{"american express", "amex"}},
	{"Maestro", []string{"maestro"}},
	{"girocard", []string{"girocard", "ec-karte", "ec karte", "ec-cash", "ec cash"}},
	{"SEPA direct debit", []string{"sepa", "lastschrift", "sepa-lastschrift", "direct debit", "bankeinzug"}},
	{"bank transfer", []string{"bank transfer", "wire transfer", "überweisung", "banküberweisung", "vorkasse"}},
	{"credit card", []string{"credit card", "kreditkarte"}},
	{"debit card", []string{"debit card", "debitkarte"}},
	{"card", []string{"card payment", "kartenzahlung", "paid by card", "paid with card"}},
	{"cash", []string{"cash", "barzahlung", "bar bezahlt"}},
}

// findPayment returns how a document says it was paid, as in `Visa ending in 4242`, and "" if it does not.
func findPayment(lines []line) string {
	best, rank := "", len(methods)
	for _, l := range lines {
		for i, method := range methods[:rank] {
			if !l.speaks(ofPayment) || !has(l.words, method.words...) {
				continue
			}
			best, rank = method.name, i
			if number := lastFour(l.text); number != "" {
				best += " ending in " + number
			}
			break
		}
		if rank == len(methods) && saysBar(l.words) && len(l.money) > 0 {
			best, rank = "cash", len(methods)-1
		}
	}
	return best
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

// namesCard tells that the digits of a card follow.
func namesCard(s string) bool {
	for _, phrase := range []string{"ending in ", "ending with ", "endet auf "} {
		if strings.HasSuffix(s, phrase) {
			return true
		}
	}
	if s != "" && (s[len(s)-1] == ' ' || s[len(s)-1] == '-') {
		s = s[:len(s)-1]
	}
	const masks = "•*xX.#…"
	for range 2 {
		mask, size := utf8.DecodeLastRuneInString(s)
		if size == 0 || !strings.ContainsRune(masks, mask) {
			return false
		}
		s = s[:len(s)-size]
	}
	return true
}

// saysBar tells that a line begins with the German word for cash.
func saysBar(words string) bool {
	rest, ok := strings.CutPrefix(words, "bar")
	return ok && (rest == "" || !wordByte(rest[0]))
}
