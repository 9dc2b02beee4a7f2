package receipt

import "strings"

// The words in front of a total, the surest first.
var totalWords = [][]string{
	{
		"grand total", "total paid", "amount paid", "total charged", "amount charged", "total due", "amount due", "balance due", "total to pay",
		"gesamtbetrag", "rechnungsbetrag", "endbetrag", "zahlbetrag", "zu zahlen", "zu zahlender betrag", "gesamtsumme", "bruttobetrag", "endsumme",
		"rechnungssumme", "gesamtpreis", "total ttc", "order total", "invoice total", "total amount", "you paid", "payment total", "summe brutto",
	},
	{"total", "summe", "gesamt", "brutto", "betrag", "montant", "totale", "payment amount", "amount"},
}

// notTotalWords mark lines whose amount is a part of the total, or no part of it.
var notTotalWords = []string{
	"subtotal", "sub-total", "sub total", "zwischensumme", "netto", "nettobetrag", "nettosumme", "net amount", "net total", "total net",
	"before tax", "excl", "excluding", "exkl", "zzgl", "ohne mwst", "total tax", "tax total", "total vat", "vat total", "total discount",
	"savings", "saved", "rabatt", "discount", "ersparnis", "change", "rückgeld", "tendered", "gegeben", "points", "punkte", "total items",
	"previous balance", "steuerbetrag", "mwst-betrag", "tax amount", "vat amount", "refund", "guthaben", "item total", "items total",
	"trinkgeld", "tip amount", "einzelpreis", "unit price",
}

// total is what a document asks or says was paid. rank is 0 for the surest words; found is false without any.
type total struct {
	money
	line  int
	rank  int
	found bool
}

func findTotal(lines []line) total {
	best := total{rank: len(totalWords)}
	for i, l := range lines {
		rank, ok := l.totalRank()
		if !ok || rank > best.rank {
			continue
		}
		value, at, ok := totalValue(lines, i)
		// A balance of zero after payment does not undo the total above it.
		if !ok || value.amount <= 0 || (rank == best.rank && best.found && value.amount < best.amount) {
			continue
		}
		best = total{money: value, line: at, rank: rank, found: true}
	}
	return best
}

// totalRank returns how sure a line's words for a total are: 0 for the surest, and no rank without any.
func (l line) totalRank() (int, bool) {
	switch {
	case l.speaks(ofNoTotal):
		return 0, false
	case l.speaks(ofTotal):
		return 0, true
	default:
		return 1, l.speaks(ofAmount)
	}
}

// totalValue returns the amount of a total's line, or of the line below it where that holds nothing else.
func totalValue(lines []line, i int) (money, int, bool) {
	if found := moneyIn(lines[i].text, true); len(found) > 0 {
		return found[len(found)-1], i, true
	}
	if i+1 < len(lines) && onlyMoney(lines[i+1]) {
		value, _ := lines[i+1].last()
		return value, i + 1, true
	}
	return money{}, 0, false
}

func onlyMoney(l line) bool {
	if len(l.money) != 1 {
		return false
	}
	m := l.money[0]
	return strings.Trim(l.text[:m.start]+l.text[m.end:], " \t:*") == ""
}

var subtotalWords = []string{"subtotal", "sub-total", "sub total", "zwischensumme", "nettobetrag", "nettosumme", "netto", "net amount", "net total", "total before tax", "item total", "items total"}

// findSubtotal returns the sum before tax, if the document names one.
func findSubtotal(lines []line) (Amount, int, bool) {
	for i, l := range lines {
		if !l.speaks(ofSubtotal) || strings.Contains(l.text, "%") {
			continue
		}
		if value, at, ok := totalValue(lines, i); ok {
			return value.amount, at, true
		}
	}
	return 0, -1, false
}
