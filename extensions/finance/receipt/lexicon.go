package receipt

import (
	"embed"
	"io/fs"
	"math/bits"
	"slices"
	"strings"
	"sync"
)

// topics are what a phrase is about: the role of the amount beside it, the kind of a document, what else stands beside it.
type topics uint64

// Each has the name of its lines in words/*.txt.
const (
	ofTotal    topics = 1 << iota // surely what was paid
	ofSum                         // the word total alone
	ofAmount                      // words of which some mean the total
	ofSubtotal                    // before tax and what is added
	ofTaxSum                      // of all rates together
	ofTax
	ofTaxID // speaks of taxes, names none
	ofShipping
	ofDiscount
	ofTip
	ofFee
	ofGift // paid before, or with what is no money
	ofTendered
	ofChange
	ofPrior // of another document
	ofOther // no part of the sum
	ofIncluded
	ofTitle
	ofThanks // words of receipts beside their titles
	ofPromotion
	ofParcel
	ofStatement
	ofOffer
	ofReminder
	ofCart
	ofRenewal
	ofRefund
	ofPayslip
	ofInvitation
	ofSecurity
	ofReview
	ofDate
	ofOtherDate
	ofOrder
	ofInvoiceNumber
	ofReceiptNumber
	ofSeller
	ofNoVendor
	ofLanguage
)

var topicNames = []string{
	"total", "sum", "amount", "subtotal", "taxsum", "tax", "taxid", "shipping", "discount", "tip", "fee", "gift", "tendered", "change", "prior",
	"other", "included", "title", "thanks", "promo", "parcel", "statement", "offer", "reminder", "cart", "renewal", "refund", "payslip",
	"invitation", "security", "review", "date", "otherdate", "order", "invoiceno", "receiptno", "seller", "novendor", "language",
}

// ofRoles are those an amount can have.
const ofRoles = ofOther<<1 - 1

//go:embed words/*.txt
var words embed.FS

// phrase is folded words, what they are about and the languages they are of.
type phrase struct {
	text      string
	topics    topics
	languages languages
	method    int  // the place of a way to pay among methods, from 1; 0 for none
	own       bool // begins with your
	open      bool // is in a script without spaces
	within    bool // says of a tax that it is part of a sum
}

// lexicon is all phrases by where their first letters put them, the longest first.
type lexicon [4096][]phrase

// Warm reads the tables of words, which every mail needs. Without it the first mail does.
func Warm() { phrases() }

var phrases = sync.OnceValue(func() *lexicon {
	var all lexicon
	files, err := fs.Glob(words, "words/*.txt")
	if err != nil {
		panic("receipt: " + err.Error()) // the pattern is a constant
	}
	for _, file := range files {
		data, err := words.ReadFile(file)
		if err != nil {
			panic("receipt: " + err.Error()) // it is in the program
		}
		for line := range strings.Lines(string(data)) {
			if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
				all.add(line)
			}
		}
	}
	all.pay()
	for _, slot := range all {
		slices.SortFunc(slot, func(a, b phrase) int { return len(b.text) - len(a.text) })
	}
	all.disown()
	all.entitle()
	return &all
})

// add takes a line of a table: a topic, languages, and phrases.
func (l *lexicon) add(line string) {
	head, list, _ := strings.Cut(line, ":")
	fields := strings.Fields(head)
	var topic topics
	method := 0
	if i := slices.Index(topicNames, fields[0]); i >= 0 {
		topic = 1 << i
	} else {
		method = 1 + slices.IndexFunc(methods, func(m struct{ topic, name string }) bool { return m.topic == fields[0] })
	}
	var in languages
	for _, name := range fields[1:] {
		in |= 1 << slices.Index(languageNames, name)
	}
	for text := range strings.SplitSeq(list, ";") {
		if text = fold(text); text == "" {
			continue
		}
		slot := &l[slotOf(text)]
		i := slices.IndexFunc(*slot, func(p phrase) bool { return p.text == text })
		if i < 0 {
			i = len(*slot)
			*slot = append(*slot, phrase{text: text, own: isOwn(text), open: text[0] >= 0x80, within: isWithin(text)})
		}
		(*slot)[i].topics |= topic
		(*slot)[i].languages |= in
		if method > 0 {
			(*slot)[i].method = method
		}
	}
}

// pay gives phrases that contain a way to pay that meaning, too: given in cash.
func (l *lexicon) pay() {
	var ways []phrase
	for _, slot := range l {
		for _, p := range slot {
			if p.method > 0 {
				ways = append(ways, p)
			}
		}
	}
	slices.SortFunc(ways, func(a, b phrase) int { return a.method - b.method })
	for _, slot := range l {
		for i := range slot {
			for _, way := range ways {
				if slot[i].method == 0 && slot[i].topics&(ofTotal|ofTendered|ofThanks|ofTitle) != 0 && strings.Contains(" "+slot[i].text+" ", " "+way.text+" ") {
					slot[i].method = way.method
				}
			}
		}
	}
}

// disown takes the mark of phrases like your invoice: what is called that is one, whosever it is.
func (l *lexicon) disown() {
	for s := range l {
		for i, p := range l[s] {
			for _, word := range own {
				rest, ok := strings.CutPrefix(p.text, word)
				if !ok || rest == "" {
					continue
				}
				if named, found := l.at(rest, 0); found && len(named.text) == len(rest) && named.topics&ofTitle != 0 {
					l[s][i].own = false
				}
			}
		}
	}
}

// entitle makes titles of phrases like receipt from, which say who sold and begin with one.
func (l *lexicon) entitle() {
	for s := range l {
		for i, p := range l[s] {
			word, _, more := strings.Cut(p.text, " ")
			if p.topics&ofSeller == 0 || !more {
				continue
			}
			if title, found := l.at(word, 0); found && title.topics&ofTitle != 0 {
				l[s][i].topics |= ofTitle
			}
		}
	}
}

// isOwn tells that a phrase begins with your, in any language.
func isOwn(text string) bool {
	return slices.ContainsFunc(own, func(word string) bool { return strings.HasPrefix(text, word) })
}

// isWithin tells that a phrase has a word for something included, in any language.
func isWithin(text string) bool {
	return slices.ContainsFunc(within, func(word string) bool { return strings.Contains(text, word) })
}

// within are parts of such words.
var within = []string{"incl", "inkl", "enth", "inbegrepen", "compresa", "y compris", "dont ", "di cui", "waarvan", "dos quais", "of which", "davon", "darin", "税込", "内", "うち"}

// slotOf spreads texts by their first two letters, or the first of a script without spaces.
func slotOf(text string) int {
	if len(text) == 1 {
		return int(text[0])
	}
	if text[0] >= 0x80 && len(text) > 2 {
		return (int(text[1])<<6 ^ int(text[2])) & 4095
	}
	return (int(text[0])<<5 ^ int(text[1])) & 4095
}

// hit is a phrase in a text.
type hit struct {
	from, to  int
	topics    topics
	languages languages
	method    int
	own       bool // says whose it is
	within    bool // says of a tax that it is part of a sum
}

// hitsIn returns the phrases of a folded text from left to right; of those that overlap the first, of those that begin at one place the
// longest.
func hitsIn(folded string) []hit {
	all := phrases()
	var hits []hit
	for i := 0; i < len(folded); {
		p, ok := all.at(folded, i)
		if !ok {
			// A single letter begins no phrase of two letters; the slot of one has those of one.
			i = next(folded, i)
			continue
		}
		hits = append(hits, hit{i, i + len(p.text), p.topics, p.languages, p.method, p.own, p.within})
		i += len(p.text)
		for i < len(folded) && folded[i] == ' ' {
			i++
		}
	}
	return hits
}

// at returns the longest phrase that begins at i and ends where a word does.
func (l *lexicon) at(folded string, i int) (phrase, bool) {
	rest := folded[i:]
	for _, p := range l[slotOf(rest)] {
		if strings.HasPrefix(rest, p.text) && (p.open || len(rest) == len(p.text) || !wordByte(rest[len(p.text)])) {
			return p, true
		}
	}
	if len(rest) > 1 && rest[1] == ' ' {
		for _, p := range l[int(rest[0])] {
			if p.text == rest[:1] {
				return p, true
			}
		}
	}
	return phrase{}, false
}

// next returns where the next word begins, or the next letter of a script without spaces.
func next(folded string, i int) int {
	if folded[i] >= 0x80 {
		for i++; i < len(folded) && folded[i]&0xc0 == 0x80; {
			i++
		}
		return i
	}
	for i < len(folded) && folded[i] != ' ' && folded[i] < 0x80 {
		i++
	}
	for i < len(folded) && folded[i] == ' ' {
		i++
	}
	return i
}

// about returns all that hits speak of.
func about(hits []hit) topics {
	var all topics
	for _, h := range hits {
		all |= h.topics
	}
	return all
}

// languages are a set of those that the tables know.
type languages uint16

var languageNames = []string{"en", "de", "fr", "es", "it", "nl", "pt", "ja"}

func (l languages) count() int { return bits.OnesCount16(uint16(l)) }
