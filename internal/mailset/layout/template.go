package layout

import (
	"fmt"
	"html"
	"strings"
	"text/template"
	"time"

	"github.com/airlock-run/airlock/internal/mailset/locale"
)

// Write fills a template. It has these functions, all in the mail's language:
//
//	m, n, c      an amount with its sign ("12,50 €"), without, with its code ("12,50 EUR")
//	plain        an amount as programs write it ("12.50")
//	day, two     a date in figures, with four and two digits for the year
//	long, short  with the month's name, and its first letters
//	iso, reiwa   2026-03-04, and in the Japanese era
//	in           a number of days later, or before
//	p            a tax's rate ("5,5")
//	w            the layout's word
//	h, upper     for HTML; in capitals
//	pad, left    cells of a text: filled with spaces before, and after
//	dots         filled with full stops
//	fill         digits and letters for # and ?
//	part, sum    so many percent of an amount; all amounts together
func (d *Draft) Write(text string) string {
	t, err := template.New("").Funcs(d.functions()).Parse(text)
	if err != nil {
		d.Fail(fmt.Errorf("parse template: %w", err))
		return ""
	}
	var b strings.Builder
	if err := t.Execute(&b, d); err != nil {
		d.Fail(fmt.Errorf("fill template: %w", err))
	}
	return b.String()
}

func (d *Draft) functions() template.FuncMap {
	return template.FuncMap{
		"m":     func(amount int64) string { return d.locale.Money(amount, d.Currency) },
		"n":     func(amount int64) string { return d.locale.Number(amount, d.Currency) },
		"c":     func(amount int64) string { return d.locale.Number(amount, d.Currency) + " " + d.Currency },
		"plain": d.plain,
		"day":   d.locale.Date,
		"two":   d.locale.TwoDigits,
		"long":  d.locale.LongDate,
		"short": d.locale.ShortDate,
		"iso":   func(day time.Time) string { return day.Format(time.DateOnly) },
		"reiwa": locale.Reiwa,
		"in":    func(days int, day time.Time) time.Time { return day.AddDate(0, 0, days) },
		"p":     d.locale.Percent,
		"w":     d.word,
		"h":     html.EscapeString,
		"upper": strings.ToUpper,
		"pad":   func(width int, s string) string { return filled(width, s, " ") + s },
		"left":  func(width int, s string) string { return s + filled(width, s, " ") },
		"dots":  func(width int, s string) string { return s + " " + filled(width-1, s, ".") },
		"fill":  d.Fill,
		"part":  func(percent, amount int64) int64 { return amount * percent / 100 },
		"sum": func(amounts ...int64) (all int64) {
			for _, amount := range amounts {
				all += amount
			}
			return all
		},
		"minus": func(amount int64) int64 { return -amount },
	}
}

// word is the layout's. That it has none is an error: a word misspelled.
func (d *Draft) word(key string) (string, error) {
	word, ok := d.words[key]
	if !ok {
		return "", fmt.Errorf("no word for %q", key)
	}
	return word, nil
}

// filled is what is missing to a width; wide characters count twice, as in a
// terminal.
func filled(width int, s, with string) string {
	for _, r := range s {
		width--
		if r >= 0x1100 && r != '€' {
			width--
		}
	}
	return strings.Repeat(with, max(0, width))
}
