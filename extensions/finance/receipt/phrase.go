package receipt

import "sync"

// topics are what a line speaks of. They are found once, when it is read, for each of them is asked for several times.
type topics uint32

const (
	ofTotal  topics = 1 << iota // the surest words of totalWords
	ofAmount                    // the others
	ofNoTotal
	ofSubtotal
	ofTax
	ofNoTax
	ofTaxSum
	ofNoItem
	ofPayment
	ofDate
	ofOtherDate
	ofNoVendor
	ofReceipt
	ofPromotion
	ofShipping
	ofStatement
)

// lexicon is all phrases that lines are searched for, by their first two bytes.
var lexicon = sync.OnceValue(func() *[256][]phrase {
	var all [256][]phrase
	add := func(topic topics, texts ...string) {
		for _, text := range texts {
			slot := &all[slot(text)]
			*slot = append(*slot, phrase{text, topic})
		}
	}
	add(ofTotal, totalWords[0]...)
	add(ofAmount, totalWords[1]...)
	add(ofNoTotal, notTotalWords...)
	add(ofSubtotal, subtotalWords...)
	add(ofTax, taxWords...)
	add(ofNoTax, notTaxWords...)
	add(ofTaxSum, taxSumWords...)
	add(ofNoItem, notItemWords...)
	for _, method := range methods {
		add(ofPayment, method.words...)
	}
	add(ofDate, dateWords...)
	add(ofOtherDate, otherDateWords...)
	add(ofNoVendor, notVendorWords...)
	add(ofReceipt, receiptText...)
	add(ofPromotion, promotions...)
	add(ofShipping, shippingText...)
	add(ofStatement, statements...)
	return &all
})

// phrase is words and what they are about.
type phrase struct {
	text  string
	topic topics
}

// slot spreads texts of two bytes or more evenly enough.
func slot(text string) byte { return text[0]*7 + text[1] }

// topicsOf returns what a line's words speak of.
func topicsOf(words string) topics {
	phrases := lexicon()
	var found topics
	inWord := false
	for i, r := range words {
		if !inWord && i+1 < len(words) {
			for _, p := range phrases[slot(words[i:])] {
				if found&p.topic == 0 && phraseAt(words, i, p.text) {
					found |= p.topic
				}
			}
		}
		inWord = letter(r)
	}
	return found
}

// has tells whether one of the phrases is in a line's words, as words of their own.
func has(words string, phrases ...string) bool {
	inWord := false
	for i, r := range words {
		for _, phrase := range phrases {
			if !inWord && phraseAt(words, i, phrase) {
				return true
			}
		}
		inWord = letter(r)
	}
	return false
}

// count returns how many of the phrases are in the words.
func count(words string, phrases []string) int {
	n := 0
	for _, phrase := range phrases {
		n += bit(has(words, phrase))
	}
	return n
}

// phraseAt tells that a phrase begins at i and ends where a word does.
func phraseAt(words string, i int, phrase string) bool {
	end := i + len(phrase)
	return words[i] == phrase[0] && end <= len(words) && words[i:end] == phrase && !letterAt(words, end)
}
