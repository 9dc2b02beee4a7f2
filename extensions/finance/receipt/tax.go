package receipt

import (
	"slices"
	"strings"
)

// taxes are the amounts of tax that a document names.
type taxes struct {
	each   []Amount // of the rates, in order
	within []Amount // those of them that are said to be part of another amount
	total  []Amount // that are said to be of all rates together
	table  Amount   // of a table of rates that comes to gross
	gross  Amount
	rates  []rated
	column []Amount
}

// rated is an amount of tax with the rate in its line, in thousandths of a percent.
type rated struct{ rate, amount Amount }

// taxesOf gathers them. A line with a rate and two amounts or more names the base, too.
func taxesOf(lines []line) taxes {
	var t taxes
	t.table, t.gross = taxTable(lines)
	for _, l := range lines {
		for _, m := range l.money {
			amount := max(m.amount, -m.amount)
			switch {
			case amount == 0:
			case m.role.rank == 3 && m.role.is&(ofTax|ofTaxSum) != 0:
				t.column = append(t.column, amount)
			case m.role.is == ofTaxSum:
				t.total = append(t.total, amount)
			case m.role.is == ofTax:
				rate, known := percentage(l.text)
				if known && len(l.money) > 1 {
					amount = taxAmong(l.money, rate, amount)
				}
				if known {
					if slices.Contains(t.rates, rated{rate, amount}) {
						continue // a summary repeats it
					}
					t.rates = append(t.rates, rated{rate, amount})
				}
				t.each = append(t.each, amount)
				if l.includes() {
					t.within = append(t.within, amount)
				}
			}
		}
	}
	t.each = t.each[:min(len(t.each), 12)]
	return t
}

// taxesByRate makes an amount a tax that is the share of another by the rate its line names, whatever it is called: in the total are $4.71 VAT (19 %).
func taxesByRate(lines []line) {
	for i, l := range lines {
		rate, known := percentage(l.text)
		if !known || rate == 0 || !l.speaks(ofTax) || slices.ContainsFunc(l.money, func(m money) bool { return m.role.is == ofTax }) {
			continue
		}
		for j, m := range l.money {
			if m.amount > 0 && isShare(lines, m.amount, rate) {
				lines[i].money[j].role = role{is: ofTax}
				break
			}
		}
	}
}

// isShare tells that an amount is the tax within another.
func isShare(lines []line, tax, rate Amount) bool {
	return slices.ContainsFunc(lines, func(l line) bool {
		return slices.ContainsFunc(l.money, func(m money) bool {
			return m.amount > tax && toTheCent(share(m.amount-tax, rate), tax)
		})
	})
}

// hasTaxWithin tells that a line says how much of an amount is tax: €121.00, of which €21.00 is VAT.
func (l line) hasTaxWithin(m money) bool {
	return m.role.is != ofTax && l.includes() &&
		slices.ContainsFunc(l.money, func(tax money) bool { return tax.role.is == ofTax && tax.start > m.start && 2*tax.amount < m.amount })
}

// taxAmong returns the amount of a row that is the rate's share of another.
func taxAmong(row []money, rate, otherwise Amount) Amount {
	for _, tax := range row {
		for _, base := range row {
			if tax.amount != base.amount && toTheCent(share(base.amount, rate), tax.amount) {
				return tax.amount
			}
		}
	}
	return otherwise
}

// toTheCent tells that amounts are the same but for how they were rounded.
func toTheCent(a, b Amount) bool { return max(a-b, b-a) <= amountUnit/100 }

// share returns a rate of an amount.
func share(base, rate Amount) Amount {
	if base > maxUnit*100 || rate > 100*amountUnit {
		return 0
	}
	return base * rate / (100 * amountUnit)
}

// percentage returns the rate that a line names.
func percentage(s string) (Amount, bool) {
	s, _, found := strings.Cut(s, "%")
	if !found {
		return 0, false
	}
	s = strings.TrimRight(s, " \u00a0")
	start := run(s, 0, len(s), func(b byte) bool { return digit(b) || b == '.' || b == ',' })
	return ParseAmount(strings.TrimLeft(s[start:], ".,"))
}

// sums returns what the tax may be in all.
func (t taxes) sums() []Amount {
	var all []Amount
	if t.gross > 0 {
		all = append(all, t.table)
	}
	all = append(all, t.total[:min(len(t.total), 3)]...)
	if len(t.each) > 0 {
		all = append(all, add(t.each))
	}
	if len(t.column) > 0 {
		all = append(all, add(t.column))
	}
	return append(all, t.each...)
}

// of returns the tax of a total: that of a table that comes to it, one of all rates, else the taxes of all rates, or the one among them that
// makes one of the bases, which are what there is without tax, the total.
func (t taxes) of(total Amount, bases []Amount) (Amount, bool) {
	if t.gross > 0 && t.gross == total {
		return t.table, true
	}
	fits := func(tax Amount) bool { return tax > 0 && tax*2 < total }
	for _, tax := range t.total {
		if fits(tax) {
			return tax, true
		}
	}
	if within := add(unique(t.within)); fits(within) && len(t.within) < len(t.each) {
		return within, true // the others are not of this kind: a tax on nights, or on flights
	}
	sum := add(t.each)
	for _, tax := range slices.Concat([]Amount{sum, add(unique(t.each))}, t.each, []Amount{add(t.column)}, t.column) {
		if fits(tax) && slices.Contains(bases, total-tax) {
			return tax, true
		}
	}
	if distinct := add(unique(t.each)); fits(distinct) {
		return distinct, true
	}
	for _, tax := range t.each {
		if fits(tax) {
			return tax, true
		}
	}
	sum = add(t.column)
	return sum, fits(sum)
}

// unique leaves out what is named again.
func unique(amounts []Amount) []Amount {
	var out []Amount
	for _, a := range amounts {
		if !slices.Contains(out, a) {
			out = append(out, a)
		}
	}
	return out
}

func add(amounts []Amount) (sum Amount) {
	for _, a := range amounts {
		sum += a
	}
	return sum
}

// taxTable adds up the rows of a table of rates, as German tills print it: a percentage and three amounts of which two make the
// third. The smallest of them is the tax. Rows of articles look alike, but those of taxes come to the total.
func taxTable(lines []line) (sum, gross Amount) {
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
	return sum, gross
}
