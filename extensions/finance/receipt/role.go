package receipt

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// role is what an amount is: one of the topics that amounts have.
type role struct {
	is   topics
	rank int // of a total: 0 for the surest words
}

// giveRoles tells of each amount what it is by the words beside it: those in front, in its own clause, else those behind; where a line holds
// nothing but amounts, the words above, be they one label a line or the heads of columns.
func giveRoles(lines []line) {
	for i := range lines {
		l := &lines[i]
		if len(l.money) == 0 && l.speaks(ofRoles&^(ofOther|ofIncluded|ofTaxID)) {
			if l.money = bare(l.text); len(l.money) > 0 && l.pays() && digits(l.text, l.money[0].start) == l.money[0].start+cardDigits {
				l.money = nil // the last digits of a card
			}
		}
		l.roles()
	}
	labelsAbove(lines)
	labelsBelow(lines)
	columnHeads(lines)
	heads(lines)
	taxesByRate(lines)
}

// cardDigits is how many of a card's digits are told.
const cardDigits = 4

// roles reads the words beside each amount.
func (l *line) roles() {
	end := 0
	for j := range l.money {
		m := &l.money[j]
		before := l.text[min(end, m.start):m.start]
		m.role = roleOf(lastClause(before, j > 0))
		if m.role.is == 0 && j > 0 && letters(before) == 0 && !strings.ContainsAny(before, "(/=:") {
			m.role = l.money[j-1].role // a row of one kind: its last is the result
			l.money[j-1].role = role{}
			m.row = true
		}
		if m.role.is == 0 && j > 1 && strings.TrimSpace(before) == "=" && strings.Contains(l.text, "+") {
			m.role = role{is: ofTotal, rank: 1} // 100.00 + 20.00 VAT = 120.00
		}
		end = m.end
		if m.role.is&^ofOther != 0 {
			continue
		}
		next := len(l.text)
		if j+1 < len(l.money) {
			next = l.money[j+1].start
		}
		clause, ended := firstClause(l.text[end:next])
		if !ended && j+1 < len(l.money) {
			continue
		}
		if behind := roleOf(clause); m.role.is == 0 || behind.is == ofTax {
			m.role = behind
			end += len(clause) * bit(m.role.is != 0)
		}
	}
}

// lastClause returns what of the text in front of an amount belongs to it. Behind another amount a comma parts, too.
func lastClause(s string, follows bool) string {
	for _, end := range []string{". ", "; ", " | ", "。", "! ", "? "} {
		if at := strings.LastIndex(s, end); at >= 0 && (end != ". " || sentenceEnd(s, at)) {
			s = s[at+len(end):]
		}
	}
	if follows {
		for _, end := range slices.Concat([]string{", ", "、", ")", " / "}, conjunctions) {
			if at := strings.LastIndex(s, end); at >= 0 {
				s = s[at+len(end):]
			}
		}
	}
	return s
}

// conjunctions part what is said of one amount from what is said of the next: 100,00 € HT et 20,00 € de TVA.
var conjunctions = []string{" et ", " and ", " und ", " y ", " e ", " en ", " plus ", " + "}

// abbreviations of labels end in a point that ends no sentence.
var abbreviations = []string{"inkl", "incl", "zzgl", "excl", "exkl", "abzgl", "enth", "mwst", "impon", "total"}

// sentenceEnd tells that a point ends a sentence and no abbreviation: a capital follows it.
func sentenceEnd(s string, at int) bool {
	next, _ := utf8.DecodeRuneInString(strings.TrimLeft(s[at+1:], " "))
	word := s[strings.LastIndexByte(s[:at], ' ')+1 : at]
	return unicode.IsUpper(next) && !slices.Contains(abbreviations, strings.ToLower(word)) && (letters(word) > 3 || word != "" && digit(word[len(word)-1]))
}

// firstClause returns what of the text behind an amount belongs to it, and whether something ends it.
func firstClause(s string) (clause string, ended bool) {
	for _, end := range conjunctions {
		if before, _, found := strings.Cut(s, end); found {
			s, ended = before, true
		}
	}
	for i, r := range s {
		if strings.ContainsRune(",;|。、(.", r) && (r != '.' || i+1 == len(s) || s[i+1] == ' ') {
			if i == 0 && r == '(' {
				continue
			}
			return s[:i], true
		}
	}
	return s, ended
}

// roleOf reads a label. Of several words in it that say what an amount is, the surest total wins over what it is made of, unless that follows
// it; among the others the last, for what an amount is stands nearest to it.
func roleOf(label string) role {
	if letters(label) == 0 || isRated(label) {
		return role{}
	}
	return roleOfHits(hitsIn(strings.TrimSpace(strings.ReplaceAll(" "+fold(withoutCount(label))+" ", " % ", " "))))
}

// isRated tells that a label is that of an article whose rate of tax follows it: Special delivery (VAT 20%).
func isRated(label string) bool {
	article, rate, found := strings.Cut(label, "(")
	return found && strings.Contains(rate, "%") && letters(article) > 2 && roleOfHits(hitsIn(fold(article))).is == 0 && about(hitsIn(fold(rate)))&ofTax != 0
}

// withoutCount takes away how many articles an amount is of: Total (3 items).
func withoutCount(label string) string {
	open := strings.IndexByte(label, '(')
	if open <= 0 || open+1 == len(label) || !digit(label[open+1]) {
		return label
	}
	length := strings.IndexByte(label[open:], ')')
	if length < 0 || strings.Contains(label[open:open+length], "%") {
		return label
	}
	return label[:open] + label[open+length+1:]
}

func roleOfHits(hits []hit) role {
	found, included := role{}, false
	for _, h := range hits {
		is := h.topics & (ofRoles | ofTaxID)
		switch {
		case is == 0:
		case is&ofIncluded != 0:
			included = true
			if found.is == 0 {
				found = role{is: ofIncluded}
			}
		case is&ofTaxID != 0:
			if found.is == 0 || found.is == ofTax {
				found = role{is: ofTaxID}
			}
		case is&ofTotal != 0:
			if found.is != ofPrior && found.is != ofTaxSum {
				found = role{is: ofTotal}
			}
		case found.is == ofTotal && (included || is&(ofTax|ofSum|ofAmount) == 0), found.is&(ofTotal|ofSum|ofAmount) != 0 && h.within:
		case is&(ofSum|ofAmount) != 0:
			if found.is == 0 || found.is == ofIncluded || found.is == ofAmount {
				found = role{is: ofTotal, rank: 1 + bit(is&ofSum == 0)}
				found.is = is & -is
			}
		default:
			if found.is == 0 || found.is&(ofIncluded|ofSum|ofAmount|ofOther|ofTotal) != 0 || is&ofOther == 0 {
				found = role{is: is & -is}
			}
		}
	}
	switch found.is {
	case ofIncluded, ofTaxID:
		return role{is: ofOther}
	case ofSum:
		return role{is: ofTotal, rank: 1}
	case ofAmount:
		return role{is: ofTotal, rank: 2}
	default:
		return found
	}
}

// bare reads the amount of a line that names what it is and has one number without currency and decimals: 合計 1,200.
func bare(s string) []money {
	f, ok := nextFigure(s, 0)
	for ok && f.to < len(s) {
		following, more := nextFigure(s, f.end)
		if !more {
			break
		}
		f = following
	}
	if !ok || strings.Trim(s[f.end:], " .-*)") != "" || f.from < 2 || wordByte(s[f.from-1]) || strings.ContainsAny(s[f.from-1:f.from], "#/.-,*") {
		return nil
	}
	if f.to-f.from > 7 || s[f.from] == '0' && f.to-f.from > 1 {
		return nil
	}
	amount, ok := ParseAmount(s[f.from:f.to])
	if !ok || amount <= 0 {
		return nil
	}
	return []money{{amount: amount, start: f.start, end: f.end, bare: true}}
}

// labelsAbove gives the roles of labels that stand above their amounts: one above one, or a block of labels above a block of amounts.
func labelsAbove(lines []line) {
	for i := 0; i < len(lines); i++ {
		n := 0
		for i+n < len(lines) && onlyMoney(lines[i+n]) {
			n++
		}
		if n == 0 {
			continue
		}
		labels := i
		for labels > 0 && i-labels < n && len(lines[labels-1].money) == 0 && labelOnly(lines[labels-1]) {
			labels--
		}
		switch {
		case n > 1 && i-labels == n:
			for k := range n {
				lines[i+k].money[0].role = roleOf(lines[labels+k].text)
				lines[i+k].labelled = labels + k + 1
			}
		case i > 0 && len(lines[i-1].money) == 0 && labelOnly(lines[i-1]):
			at := i - 1
			if at > 0 && remark(lines[at]) && len(lines[at-1].money) == 0 && labelOnly(lines[at-1]) {
				at--
			}
			lines[i].money[0].role = roleOf(lines[at].text)
			lines[i].labelled = at + 1
		}
		i += n - 1
	}
}

// labelsBelow gives an amount that stands alone, and has no label above it, the role of the label below it.
func labelsBelow(lines []line) {
	for i := range lines[:max(0, len(lines)-1)] {
		next := lines[i+1]
		if !onlyMoney(lines[i]) || lines[i].money[0].role.is != 0 || len(next.money) > 0 || !labelOnly(next) {
			continue
		}
		if i+2 < len(lines) && onlyMoney(lines[i+2]) {
			continue // whose label it is
		}
		if r := roleOf(next.text); r.is == ofTotal && r.rank < 2 {
			lines[i].money[0].role = r
			lines[i].labelled = i + 2
		}
	}
}

// remark tells that a line stands in parentheses, or says no more than that a tax is included: it goes with the label above it.
func remark(l line) bool {
	return strings.HasPrefix(l.text, "(") && strings.HasSuffix(l.text, ")") || len(l.hits) > 0 && l.hits[0].within && l.hits[0].from == 0
}

// labelOnly tells that a line may be the label of an amount.
func labelOnly(l line) bool { return len(l.text) <= 60 && letters(l.text) > 0 }

func onlyMoney(l line) bool {
	if len(l.money) != 1 {
		return false
	}
	m := l.money[0]
	return strings.TrimFunc(l.text[:m.start]+l.text[m.end:], func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune(":*=-", r) }) == ""
}

// heads gives the amount of a row below heads of columns, with as many cells, the role of its head if that says it is the total: what a mail
// says in a row of its own, as in Order, Date, Total. A table of more than one row has articles.
func heads(lines []line) {
	for i := range lines[:max(0, len(lines)-1)] {
		head, row := lines[i], &lines[i+1]
		if len(head.money) > 0 || len(row.money) != 1 || row.money[0].role.is != 0 || !head.speaks(ofTotal|ofSum|ofAmount) {
			continue
		}
		labels := cells(head.text)
		if len(labels) < 2 || len(cells(row.text)) != len(labels) || i+2 < len(lines) && len(lines[i+2].money) > 0 && len(cells(lines[i+2].text)) == len(labels) {
			continue
		}
		at := len(cells(row.text[:row.money[0].start]))
		if r := roleOf(labels[min(at, len(labels)-1)]); r.is == ofTotal {
			row.money[0].role = role{is: ofTotal, rank: max(r.rank, 1)}
		}
	}
}

// cells are what gaps part in a line.
func cells(s string) []string {
	return strings.FieldsFunc(strings.ReplaceAll(strings.TrimSpace(s), "  ", "\t"), func(r rune) bool { return r == '\t' })
}

// maxRows is how many rows a table of taxes has.
const maxRows = 6

// columnRoles are what the heads of columns say: one for each cell or, where gaps do not part them, for each phrase.
func columnRoles(head line) []role {
	var all []role
	if labels := cells(head.text); len(labels) > 1 {
		for _, label := range labels {
			all = append(all, roleOf(label))
		}
		return all
	}
	for _, h := range head.hits {
		all = append(all, roleOfHits([]hit{h}))
	}
	return all
}

// columnHeads gives the rows of a small table of taxes the roles of its columns: Rate, Net, VAT, Gross. They are no better than a guess.
func columnHeads(lines []line) {
	for i, head := range lines {
		if len(head.money) > 0 || !head.speaks(ofTax|ofSubtotal) {
			continue
		}
		var columns []role
		var all topics
		for _, r := range columnRoles(head) {
			if r.is&(ofTax|ofTaxSum|ofSubtotal|ofTotal) != 0 {
				columns = append(columns, role{is: r.is, rank: 3})
				all |= r.is
			}
		}
		if all&ofTax == 0 || all&(ofSubtotal|ofTotal) == 0 {
			continue
		}
		for j := i + 1; j < min(len(lines), i+1+maxRows) && len(columns) > 0; j++ {
			if columns[0].is == ofTax && len(lines[j].money) == len(columns)-1 && strings.Contains(lines[j].text, "%") {
				columns = columns[1:] // the first is that of the rates
			}
			if len(lines[j].money) != len(columns) || len(columns) == 0 {
				break
			}
			if roleOf(lines[j].text[:lines[j].money[0].start]).is&^(ofTax|ofOther) != 0 {
				break
			}
			for k := range columns {
				lines[j].money[k].role = columns[k]
			}
		}
	}
}
