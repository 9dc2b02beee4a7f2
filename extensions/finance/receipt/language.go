package receipt

import (
	"slices"
	"strings"
)

// Locale is what is known of where a mail comes from, by which its numbers and dates are read.
type Locale struct {
	// Language is one of en, de, fr, es, it, nl, pt, ja.
	Language string
	// MonthFirst tells that 3/4/2026 is a day of March.
	MonthFirst bool
	// Sure tells that the order of day and month is known, not guessed.
	Sure bool
}

// Hints say what language a mail may be in, beside its words.
type Hints struct {
	// ContentLanguage is the field of that name of its header, as in de-DE.
	ContentLanguage string
	// Domain is that of its sender.
	Domain string
}

// ofDomains are the languages of countries.
var ofDomains = map[string]string{
	"de": "de", "at": "de", "ch": "de", "fr": "fr", "es": "es", "mx": "es", "it": "it", "nl": "nl", "be": "nl", "pt": "pt", "br": "pt", "jp": "ja", "uk": "en", "us": "en",
}

// Language returns the language that a text seems to be in. Words that several languages have count less.
func Language(text string, hints Hints) string {
	return language(readLines(text), hints)
}

func language(lines []line, hints Hints) string {
	score := make([]float64, len(languageNames))
	vote := func(in languages, weight float64) {
		for i := range languageNames {
			if in&(1<<i) != 0 {
				score[i] += weight / float64(in.count())
			}
		}
	}
	for _, l := range lines[:min(len(lines), 300)] {
		for _, h := range l.hits {
			vote(h.languages, min(2, float64(h.to-h.from)/5))
		}
	}
	named, _, _ := strings.Cut(strings.ToLower(strings.TrimSpace(hints.ContentLanguage)), "-")
	if i := slices.Index(languageNames, named); i >= 0 {
		score[i] = score[i]*1.3 + 4
	}
	if i := slices.Index(languageNames, ofDomains[hints.Domain[strings.LastIndexByte(hints.Domain, '.')+1:]]); i >= 0 {
		score[i] = score[i]*1.1 + 1
	}
	best := 0
	for i := range score {
		if score[i] > score[best] {
			best = i
		}
	}
	return languageNames[best]
}

// localeOf reads the order of day and month off the text: a date such as 28/09/2026 tells how the others of its kind are meant; else the
// language does, and in English the currency.
func localeOf(lines []line, hints Hints, currency string) Locale {
	l := Locale{Language: language(lines, hints)}
	days, months := 0, 0
	for _, line := range lines[:min(len(lines), 1000)] {
		switch first, second, ok := slashed(line.text); {
		case ok && first > 12 && second <= 12:
			days++
		case ok && second > 12 && first <= 12:
			months++
		}
	}
	country := strings.ToUpper(hints.ContentLanguage)
	switch {
	case days != months:
		l.MonthFirst, l.Sure = months > days, true
	case l.Language != "en":
		l.Sure = true
	case strings.HasSuffix(country, "-US"):
		l.MonthFirst, l.Sure = true, true
	case strings.HasSuffix(country, "-GB"):
		l.Sure = true
	case currency == "USD":
		l.MonthFirst = true
	}
	return l
}

// slashed returns the numbers of a date of the kind 28/09/2026.
func slashed(s string) (first, second int, ok bool) {
	for i, end := nextDigits(s, 0); i < len(s); i, end = nextDigits(s, end) {
		second := after(s, end, "/")
		secondEnd := digits(s, second)
		year := after(s, secondEnd, "/")
		yearEnd := digits(s, year)
		if second > end && year > secondEnd && end-i <= 2 && secondEnd-second <= 2 && secondEnd > second && (yearEnd-year == 2 || yearEnd-year == 4) {
			return number(s[i:end]), number(s[second:secondEnd]), true
		}
	}
	return 0, 0, false
}
