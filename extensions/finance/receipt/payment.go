package receipt

import "regexp"

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

var (
	lastFourRE = regexp.MustCompile(`(?:ending (?:in|with) |endet auf |[•*xX.#…]{2,}[ -]?)(\d{4})(?:\D|$)`)
	cashRE     = regexp.MustCompile(`^bar\b`)
)

// findPayment returns how a document says it was paid, as in `Visa ending in 4242`, and "" if it does not.
func findPayment(lines []line) string {
	best, rank := "", len(methods)
	for _, l := range lines {
		for i, method := range methods[:rank] {
			if !has(l.words, method.words...) {
				continue
			}
			best, rank = method.name, i
			if m := lastFourRE.FindStringSubmatch(l.text); m != nil {
				best += " ending in " + m[1]
			}
			break
		}
		if rank == len(methods) && cashRE.MatchString(l.words) && len(l.money) > 0 {
			best, rank = "cash", len(methods)-1
		}
	}
	return best
}
