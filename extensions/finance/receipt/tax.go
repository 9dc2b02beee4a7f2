package receipt

import "strings"

var (
	taxWords = []string{
		"vat", "sales tax", "tax", "taxes", "mwst", "mwst.", "ust", "ust.", "umsatzsteuer", "mehrwertsteuer", "gst", "hst", "pst", "tva", "iva", "mwst-betrag",
		"steuer", "steuerbetrag",
	}
	notTaxWords = []string{
		"tax id", "vat no", "vat id", "vat number", "vat reg", "vat registration", "gst no", "ust-id", "ust-idnr", "ust-id-nr", "ust. id", "ustid", "ust-idnr.",
		"steuernummer", "steuer-nr", "steuernr", "tax invoice", "vat invoice", "before tax", "tax exempt", "excl", "exkl", "excluding", "netto", "subtotal",
		"net amount", "ohne", "tax number", "st-nr",
	}
	taxSumWords = []string{"total tax", "tax total", "total vat", "vat total", "summe mwst", "mwst gesamt", "summe steuer", "steuer gesamt"}
)

// findTax returns the tax a document names: its sum of taxes, else the taxes of all rates together.
func findTax(lines []line, paid Amount) (Amount, bool) {
	if tax, ok := taxTable(lines, paid); ok {
		return tax, true
	}
	var sum Amount
	found := false
	for i, l := range lines {
		isSum := l.speaks(ofTaxSum)
		if !isSum && (!l.speaks(ofTax) || l.speaks(ofNoTax)) {
			continue
		}
		value, _, ok := totalValue(lines, i)
		if !ok {
			continue
		}
		amount := max(value.amount, -value.amount)
		// A total "incl. 19 % VAT" names the tax without saying how much it is.
		if amount*2 >= paid {
			continue
		}
		if isSum {
			return amount, true
		}
		sum, found = sum+amount, true
	}
	return sum, found && sum*2 < paid
}

// taxTable adds up the rows of a table of rates, as German tills print it: a percentage and three amounts of which two make the
// third. The smallest of them is the tax.
func taxTable(lines []line, paid Amount) (Amount, bool) {
	var sum, gross Amount
	for _, l := range lines {
		if !strings.Contains(l.text, "%") || len(l.money) != 3 {
			continue
		}
		a, b, c := l.money[0].amount, l.money[1].amount, l.money[2].amount
		most, least := max(a, b, c), min(a, b, c)
		if least < 0 || a+b+c != 2*most {
			continue
		}
		sum, gross = sum+least, gross+most
	}
	// Rows of articles look alike; those of taxes come to what was paid.
	return sum, gross > 0 && gross == paid
}
