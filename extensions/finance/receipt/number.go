package receipt

import (
	"strings"
	"time"
)

// findNumber returns the number that a document calls that of its order, else that of its invoice or receipt.
func findNumber(lines []line, subject string) string {
	subjects := readLines(subject)
	for _, of := range []topics{ofOrder, ofInvoiceNumber, ofReceiptNumber, ofTitle} {
		for _, where := range [][]line{subjects, lines} {
			for i, l := range where {
				if !l.speaks(of) {
					continue
				}
				if number := numberAfter(l.text, of); number != "" {
					return number
				}
				if l.words != "" && len(l.words) < 40 && i+1 < len(where) && len(where[i+1].money) == 0 {
					if fields := strings.Fields(where[i+1].text); len(fields) > 0 && isNumber(trimNumber(fields[0])) {
						return trimNumber(fields[0])
					}
				}
			}
		}
	}
	return ""
}

// numberAfter returns the number behind the words for it: at most two short words stand between.
func numberAfter(s string, of topics) string {
	fields := strings.Fields(s)
	for i := range fields {
		label := strings.Join(fields[:i], " ")
		word := trimNumber(fields[i])
		if at := strings.LastIndexAny(word, ":："); at >= 0 { // 注文番号:AB-1
			label, word = label+" "+word[:at], trimNumber(word[at+1:])
		}
		if at := strings.IndexAny(word, "#№"); at > 0 {
			label, word = label+" "+word[:at], trimNumber(word[at:])
		}
		if !isNumber(word) {
			continue
		}
		hits := hitsIn(fold(strings.Join(lastFields(label, 5), " ")))
		if len(hits) > 0 && hits[len(hits)-1].topics&of != 0 || len(hits) > 1 && hits[len(hits)-2].topics&of != 0 {
			return word
		}
		return ""
	}
	return ""
}

func lastFields(s string, n int) []string {
	fields := strings.Fields(s)
	return fields[max(0, len(fields)-n):]
}

func trimNumber(s string) string {
	return strings.Trim(s, " .,:;#()[]\"'*№!?。、「」【】（）")
}

// isNumber tells that a word may be that of a document: it has a digit, and is neither a date nor an amount.
func isNumber(s string) bool {
	n := 0
	for _, b := range []byte(s) {
		switch {
		case digit(b):
			n++
		case b >= 'A' && b <= 'Z', b >= 'a' && b <= 'z', strings.IndexByte("-/_.#", b) >= 0:
		default:
			return false
		}
	}
	year := n == 4 && len(s) == 4 && (strings.HasPrefix(s, "19") || strings.HasPrefix(s, "20"))
	if n < 2 || year || len(s) < 3 || len(s) > 40 || len(moneyIn(s, false)) > 0 {
		return false
	}
	_, numeric := numericIn(s, time.Time{}, Locale{})
	_, iso := yearFirstIn(s)
	return !numeric && !iso || letters(s) > 0
}
