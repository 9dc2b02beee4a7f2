package locale

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Date writes a day in figures: "04.03.2026".
func (l Locale) Date(day time.Time) string { return day.Format(l.numeric) }

// TwoDigits writes a day in figures with a short year: "04.03.26".
func (l Locale) TwoDigits(day time.Time) string {
	return day.Format(strings.Replace(l.numeric, "2006", "06", 1))
}

// LongDate writes a day with the name of its month: "3 mars 2026".
func (l Locale) LongDate(day time.Time) string {
	return fmt.Sprintf(l.long, day.Day(), l.month(day), day.Year())
}

// ShortDate writes a day with the first letters of its month: "4 Mar 2026".
// Where months have no names it's the same as LongDate.
func (l Locale) ShortDate(day time.Time) string {
	month := []rune(l.month(day))
	switch {
	case string(month) == "juillet": // not to be mistaken for juin
		month = month[:4]
	case len(month) > 4:
		month = month[:3]
	}
	form := strings.ReplaceAll(l.long, " de ", " ")
	return fmt.Sprintf(form, day.Day(), string(month), day.Year())
}

// Reiwa writes a day of the Japanese era that began in 2019: "令和8年3月4日".
func Reiwa(day time.Time) string {
	return fmt.Sprintf("令和%d年%d月%d日", day.Year()-2018, int(day.Month()), day.Day())
}

// Dates returns every form in which a document of the locale may write a day.
func (l Locale) Dates(day time.Time) []string {
	return []string{l.Date(day), l.TwoDigits(day), l.LongDate(day), l.ShortDate(day), Reiwa(day), day.Format(time.DateOnly)}
}

func (l Locale) month(day time.Time) string {
	if names := strings.Fields(l.months); len(names) == 12 {
		return names[day.Month()-1]
	}
	return strconv.Itoa(int(day.Month()))
}
