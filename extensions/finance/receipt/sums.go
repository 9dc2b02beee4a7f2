package receipt

import "slices"

// sums are what the amounts of a document come to.
type sums struct {
	total    money
	found    bool
	line     int
	rank     int // of the words in front of the total: 0 for the surest
	agrees   bool
	tax      Amount
	taxed    bool
	subtotal Amount
	adds     []addend
	items    []Item
	parts    int  // how many amounts in a row come to the total
	first    int  // the first line that names a sum
	paid     bool // it is said how
}

// addend is what is added to what was bought, or taken off it.
type addend struct {
	is     topics
	amount Amount
	line   int
}

// someItems is how many articles a shop tells the prices of only to say what is paid for them.
const someItems = 3

// articles returns how many articles come to the total.
func (s sums) articles() int {
	if !s.agrees {
		return 0
	}
	return max(len(s.items), s.parts)
}

// itemised tells that the prices of articles are told, as in no notice that they are on their way.
func (s sums) itemised() bool {
	return s.articles() >= someItems || s.articles() > 1 && s.paid && s.rank < 2
}

// candidate is an amount that may be the total.
type candidate struct {
	money
	line  int
	score float64
	votes int
	paid  bool // a way to pay stands beside it
}

// bases say how sure the words for a total are, by rank; the third are those of columns.
var bases = []float64{6, 4, 2.5, 1.5}

// addUp finds the total and what it is made of. Words say which amounts may be it, arithmetic which one is: articles, tax, shipping, tip and
// discount come to it.
func addUp(lines []line) sums {
	s := sums{paid: findPayment(lines) != ""}
	amounts := rowsOf(lines)
	candidates, parts, priors, gifts := gather(lines, amounts)
	s.first = len(lines)
	for i, l := range lines {
		if slices.ContainsFunc(l.money, func(m money) bool { return m.role.is&(ofSubtotal|ofTotal) != 0 && m.role.rank < 2 }) && i > 0 {
			s.first = i
			break
		}
	}
	items, itemsSum := findItems(lines, s.first)
	taxes := taxesOf(lines)
	var subtotals []Amount
	for _, p := range parts {
		if p.is == ofSubtotal {
			subtotals = append(subtotals, p.amount)
		}
	}
	s.adds = adders(parts)
	for i := range candidates {
		c := &candidates[i]
		if agreed(c.amount, subtotals, itemsSum, len(items), taxes, s.adds) {
			c.score += 3
		}
	}
	best := -1
	for i, c := range candidates {
		if best < 0 || c.score > candidates[best].score || c.score == candidates[best].score && c.amount > candidates[best].amount {
			best = i
		}
	}
	if best < 0 {
		s.items = items
		return s
	}
	c := before(candidates, withAdded(candidates, candidates[best], taxes, s.adds), priors, gifts)
	s.total, s.found, s.line, s.rank = c.money, true, c.line, c.role.rank
	s.tax, s.taxed = taxes.of(c.amount, untaxed(subtotals, itemsSum, s.adds))
	above := slices.DeleteFunc(slices.Clone(s.adds), func(a addend) bool { return a.line > c.line })
	s.parts = amounts.comeTo(c.amount, above)
	if tax, several := amounts.taxIn(c.amount); several {
		s.tax, s.taxed = tax, true
	}
	s.agrees = s.parts > 0 || agreed(c.amount, subtotals, itemsSum, len(items), taxes, s.adds)
	if len(subtotals) > 0 {
		s.subtotal = subtotals[0]
	}
	s.items = itemsFor(lines, items, s, taxes)
	return s
}

// gather sorts the amounts of a document by what they are.
func gather(lines []line, amounts rows) (candidates []candidate, parts []addend, priors, gifts []Amount) {
	for i, l := range lines {
		for _, m := range l.money {
			amount := max(m.amount, -m.amount)
			switch {
			case amount == 0:
			case m.role.is == ofTotal && m.amount > 0:
				candidates = vote(candidates, candidate{money: m, line: i, score: bases[m.role.rank], paid: l.pays() && !m.bare})
			case m.role.is == ofPrior:
				priors = append(priors, m.amount)
			case m.role.is == ofGift:
				gifts = append(gifts, amount)
			case m.role.is&(ofSubtotal|ofShipping|ofDiscount|ofTip|ofFee) != 0 && m.role.rank < 3:
				parts = append(parts, addend{m.role.is, amount, i})
			case m.role.is == 0 && m.amount < 0:
				parts = append(parts, addend{ofDiscount, amount, i})
			}
		}
	}
	if !slices.ContainsFunc(candidates, func(c candidate) bool { return c.role.rank < 2 }) {
		reckoned, sure := lone(lines, amounts)
		if sure || len(candidates) == 0 {
			candidates = reckoned
		}
	}
	return candidates, parts, priors, gifts
}

// lone returns the amount that is the total of a document that names none: the only one, the one beside a way to pay or its tax, or, surely, the one that
// those in a row come to, or the one that the page begins with, if no other is as much.
func lone(lines []line, amounts rows) (found []candidate, sure bool) {
	var all, paid []candidate
	for i, l := range lines {
		for _, m := range l.money {
			if m.amount <= 0 || m.bare || m.role.is&(ofOther|ofPrior|ofTax) != 0 {
				continue
			}
			m.role = role{is: ofTotal, rank: 3}
			c := candidate{money: m, line: i, score: bases[3]}
			all = vote(all, c)
			if l.pays() || l.hasTaxWithin(m) {
				paid = vote(paid, c)
			}
		}
	}
	for _, c := range slices.Concat(paid, all) {
		if amounts.comeTo(c.amount, nil) > 0 {
			return []candidate{c}, true
		}
	}
	switch {
	case len(all) == 1:
		return all, false
	case len(paid) == 1:
		return paid, false
	}
	found = hero(lines, all)
	return found, len(found) > 0
}

// heroLines is how far from the top an amount stands that a page begins with.
const heroLines = 8

// hero returns the largest amount if it stands alone in a line near the top.
func hero(lines []line, all []candidate) []candidate {
	if len(all) == 0 {
		return nil
	}
	largest := slices.MaxFunc(all, func(a, b candidate) int { return int(a.amount - b.amount) })
	for _, l := range lines[:min(heroLines, len(lines))] {
		if onlyMoney(l) && l.money[0].amount == largest.amount {
			return []candidate{largest}
		}
	}
	return nil
}

// rows are the amounts of a document that may be parts of its total, for documents whose lines do not say what is an article.
type rows struct {
	// last and every are what may be an article: of each line the last amount, or all of them.
	last, every []Amount
	// signed are all amounts but totals, whatever they are called; what is taken off is negative.
	signed []Amount
	taxes  []bool // which of them are
}

func rowsOf(lines []line) rows {
	var r rows
	for _, l := range lines {
		for i, m := range l.money {
			if m.role.is == ofTotal && m.role.rank != 2 {
				continue
			}
			amount := max(m.amount, -m.amount)
			if m.amount < 0 || m.role.is&(ofDiscount|ofGift) != 0 {
				amount = -amount
			}
			r.signed, r.taxes = append(r.signed, amount), append(r.taxes, m.role.is == ofTax)
			if m.amount <= 0 || m.role.is&^(ofFee|ofTotal|ofTax) != 0 {
				continue
			}
			r.every = append(r.every, m.amount)
			if i == len(l.money)-1 {
				r.last = append(r.last, m.amount)
			}
		}
	}
	return r
}

// comeTo returns how many amounts that follow one another come to a total, alone or with all that is added; 0 if none do. It takes more of
// those that may be anything.
func (r rows) comeTo(total Amount, adds []addend) int {
	added := total - addedBy(adds, 1<<len(adds)-1)
	return max(runTo(r.last, 2, total, added), runTo(r.every, 2, total, added), runTo(r.signed, 3, total, total))
}

// taxIn returns what the taxes come to that are among the amounts in a row which come to a total, where there are several: a hotel's bill has
// those of each night.
func (r rows) taxIn(total Amount) (tax Amount, several bool) {
	for first := range r.signed[:min(len(r.signed), maxItems)] {
		var sum, tax Amount
		count := 0
		for n, part := range r.signed[first:] {
			if part == total {
				break
			}
			sum += part
			if r.taxes[first+n] {
				tax, count = tax+part, count+1
			}
			if sum == total && count > 1 && 2*tax < total {
				return tax, true
			}
		}
	}
	return 0, false
}

// runTo returns how many amounts in a row, at least so many, come to a total or to what it is without what is added. The total itself is none
// of them.
func runTo(parts []Amount, least int, total, without Amount) int {
	parts = parts[:min(len(parts), maxItems)]
	for first := range parts {
		var sum Amount
		for n, part := range parts[first:] {
			if part == total {
				break
			}
			if sum += part; n+1 >= least && (sum == total || sum == without) {
				return n + 1
			}
		}
	}
	return 0
}

// maxVotes is how often an amount that stands again speaks for itself: a night in a hotel costs the same as the next.
const maxVotes = 3

// vote adds a candidate; one that is there already gains by it.
func vote(all []candidate, c candidate) []candidate {
	if c.currency != "" {
		c.score += 0.3
	}
	if c.bare {
		c.score--
	}
	for i := range all {
		if all[i].amount == c.amount {
			if c.score > all[i].score {
				c.votes, c.score = all[i].votes, c.score+min(1, 0.4*float64(all[i].votes))
				all[i] = c
			}
			if all[i].votes++; all[i].votes <= maxVotes {
				all[i].score += 0.4
			}
			return all
		}
	}
	if len(all) == 200 {
		return all
	}
	return append(all, c)
}

// before returns what was to pay before a gift card or an earlier balance changed what is due: that is what the purchase cost.
func before(all []candidate, due candidate, priors, gifts []Amount) candidate {
	for _, c := range all {
		for _, gift := range gifts {
			if c.amount-gift == due.amount {
				return c
			}
		}
		for _, prior := range priors {
			if c.amount+prior == due.amount {
				return c
			}
		}
	}
	return due
}

// withAdded returns the candidate below that comes to what this one does with something that is added to it: Sum, Delivery, Total; or that is
// more, and said to have been paid.
func withAdded(all []candidate, c candidate, taxes taxes, adds []addend) candidate {
	several := taxes.sums()
	for _, other := range all {
		if other.line <= c.line || other.role.rank > 1 {
			continue
		}
		if other.paid && other.role.rank == 0 && other.amount > c.amount {
			return other
		}
		for set := range 1 << len(adds) {
			sum := c.amount + addedBy(adds, set)
			if set != 0 && sum == other.amount || slices.Contains(several, other.amount-sum) {
				return other
			}
		}
	}
	return c
}

// adders returns what is added, each kind once: tables and summaries repeat themselves.
func adders(parts []addend) []addend {
	var all []addend
	for _, p := range parts {
		same := func(a addend) bool { return a.is == p.is && a.amount == p.amount }
		if p.is != ofSubtotal && len(all) < 6 && !slices.ContainsFunc(all, same) {
			all = append(all, p)
		}
	}
	return all
}

// untaxed returns what a document comes to before tax: its subtotals and its articles, with what is added to them or without.
func untaxed(subtotals []Amount, items Amount, adds []addend) []Amount {
	all := slices.Clone(subtotals)
	if items > 0 {
		all = append(all, items)
	}
	for _, base := range all {
		all = append(all, base+addedBy(adds, 1<<len(adds)-1))
	}
	return all
}

// addedBy returns what some of the addends, a set of bits, come to.
func addedBy(adds []addend, set int) (sum Amount) {
	for i, a := range adds {
		switch {
		case set&(1<<i) == 0:
		case a.is == ofDiscount:
			sum -= a.amount
		default:
			sum += a.amount
		}
	}
	return sum
}

// agreed tells that a total is the sum of what was bought and some of what is added.
func agreed(total Amount, subtotals []Amount, items Amount, count int, taxes taxes, adds []addend) bool {
	bases := slices.Clone(subtotals[:min(len(subtotals), 8)])
	if count > 0 {
		bases = append(bases, items)
	}
	for set := range 1 << len(adds) {
		added := addedBy(adds, set)
		for _, base := range bases {
			if base+added == total && (set != 0 || base != items || count > 1 || len(taxes.each) > 0) && (base != total || count > 0) {
				return true
			}
			for _, tax := range taxes.sums() {
				if base+added+tax == total {
					return true
				}
			}
		}
	}
	return false
}

// itemsFor returns the articles: those above the sums, or, where the total stands first, those below it if they come to it.
func itemsFor(lines []line, items []Item, s sums, taxes taxes) []Item {
	if len(items) > 0 {
		return items
	}
	if items, sum := findItems(lines, len(lines)); len(items) > 0 && (agreed(s.total.amount, nil, sum, 2, taxes, s.adds) || sum == s.subtotal) {
		return items
	}
	return nil
}
