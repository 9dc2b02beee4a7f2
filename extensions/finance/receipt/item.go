package receipt

import (
	"strings"
	"unicode"
)

// Item is one thing that was bought.
type Item struct {
	Description string `json:"description"`
	// Quantity is as the document writes it, and empty where it names none.
	Quantity string `json:"quantity,omitempty"`
	// Amount is what the line comes to.
	Amount string `json:"amount"`
}

const (
	maxItems = 200
	// maxUnit keeps the product of a quantity and a unit price from overflow.
	maxUnit = 1_000_000 * amountUnit
)

// findItems reads the articles above the line `end`, and returns what they come to.
func findItems(lines []line, end int) ([]Item, Amount) {
	var items []Item
	var sum, previous Amount
	lines = lines[:min(end, len(lines))]
	for i, l := range lines {
		value, ok := l.last()
		if !ok || len(items) == maxItems || strings.TrimSpace(trailing(l.text[value.end:])) != "" {
			continue
		}
		if !l.mayBeItem(value) || l.speaks(ofTaxID|ofDate|ofInvoiceNumber) || l.pays() {
			continue
		}
		description, quantity := describe(l.text[:l.money[0].start])
		if quantity == "" && len(l.money) > 1 {
			description, quantity = counted(description, l.money[0].amount, value.amount)
		}
		if onlyMoney(l) {
			description = above(lines, i)
		}
		if letters(description) < 2 || len(items) > 0 && isDetail(l, value.amount, previous) {
			continue
		}
		items = append(items, Item{Description: description, Quantity: quantity, Amount: value.amount.String()})
		sum += value.amount
		previous = value.amount
	}
	return items, sum
}

// maxAbove is how many lines an article has above its price: its name, and what is said of it.
const maxAbove = 3

// above returns the first of the lines right above a price that have none themselves.
func above(lines []line, i int) string {
	first := i
	for first > 0 && i-first < maxAbove && len(lines[first-1].money) == 0 && labelOnly(lines[first-1]) {
		first--
	}
	if first == i {
		return ""
	}
	description, _ := describe(lines[first].text)
	return description
}

// isDetail tells that a line says how many of what price made the amount of the article above, as in Qty 2 x 1.20.
func isDetail(l line, unit, amount Amount) bool {
	before := strings.TrimRight(l.text[:l.money[0].start], " x×*@à")
	at := run(before, 0, len(before), digit)
	many, ok := ParseAmount(before[at:])
	return ok && many > 0 && unit <= maxUnit && many <= maxUnit && many/amountUnit*unit == amount
}

// mayBeItem tells that what an amount is called does not keep it from being that of an article. A fare or a price is one if more is said of it
// than that.
func (l line) mayBeItem(m money) bool {
	switch {
	case m.role.is == 0, m.role.is == ofFee:
		return true
	case m.role.is == ofTotal && m.role.rank == 2:
		label := fold(l.text[:l.money[0].start])
		return len(l.hits) == 0 || label != label[:min(len(label), l.hits[0].to-l.hits[0].from)]
	default:
		return false
	}
}

// trailing takes away the letter of a tax rate, which tills print behind an amount.
func trailing(s string) string {
	s = strings.Trim(s, " *")
	if len(s) == 1 && unicode.IsUpper(rune(s[0])) {
		return ""
	}
	return s
}

func describe(s string) (description, quantity string) {
	s = strings.TrimRight(s, " \t.:…-–@à€$£")
	s = withoutPosition(strings.TrimSpace(s))
	if many, rest := countedAhead(s); many != "" {
		quantity, s = many, rest
	} else if rest, many := countedBehind(s); many != "" {
		quantity, s = many, rest
	}
	return strings.Join(strings.Fields(withoutTrailers(s)), " "), quantity
}

// counted takes a number off the end of a description if it is how many of the unit price make the line's amount.
func counted(description string, unit, amount Amount) (rest, quantity string) {
	at := strings.LastIndexByte(description, ' ')
	if at < 0 {
		return description, ""
	}
	quantity = description[at+1:]
	many, ok := ParseAmount(quantity)
	if !ok || many <= 0 || unit > maxUnit || many > maxUnit || unit*many/amountUnit != amount {
		return description, ""
	}
	return description[:at], quantity
}
