package receipt_test

import (
	"testing"
	"time"

	"github.com/airlock-run/airlock/extensions/finance/receipt"
)

func TestParseDate(t *testing.T) {
	t.Parallel()
	november := time.Date(2026, time.November, 12, 0, 0, 0, 0, time.UTC)
	for _, test := range []struct {
		text       string
		near       time.Time
		monthFirst bool
		sure       bool
		want       string
	}{
		{text: "2026-11-20", want: "2026-11-20"},
		{text: "Date: 2026-11-20T13:00:00Z", want: "2026-11-20"},
		{text: "Rechnungsdatum: 16.11.2026", want: "2026-11-16"},
		{text: "16.11.26 12:31", want: "2026-11-16"},
		{text: "3.4.2026", monthFirst: true, want: "2026-04-03"},
		{text: "11/20/2026", want: "2026-11-20"},
		{text: "20/11/2026", monthFirst: true, want: "2026-11-20"},
		{text: "04/03/2026", want: "2026-03-04"},
		{text: "04/03/2026", monthFirst: true, want: "2026-04-03"},
		{text: "10/11/2026", near: november, monthFirst: true, want: "2026-11-10"},
		{text: "11/10/26", near: november, want: "2026-11-10"},
		{text: "20 November 2026", want: "2026-11-20"},
		{text: "20. November 2026", want: "2026-11-20"},
		{text: "3. März 2026", want: "2026-03-03"},
		{text: "20. Dez. 2026", want: "2026-12-20"},
		{text: "November 20, 2026", want: "2026-11-20"},
		{text: "Paid on Nov 2nd, 2026 by card", want: "2026-11-02"},
		{text: "Sept. 9, 2026", want: "2026-09-09"},
		{text: "the 1st of May 2026", want: "2026-05-01"},
		{text: "10/11/2026", near: november.AddDate(0, 1, 0), sure: true, want: "2026-11-10"},
		{text: "11/12/2026", near: november, sure: true, want: "2026-11-12"},
		{text: "le 3 mars 2026", want: "2026-03-03"},
		{text: "1er août 2026", want: "2026-08-01"},
		{text: "12 de marzo de 2026, 14:03", want: "2026-03-12"},
		{text: "3 febbraio 2026", want: "2026-02-03"},
		{text: "9 mei 2026", want: "2026-05-09"},
		{text: "15 de março de 2026", want: "2026-03-15"},
		{text: "15/mar/2026", want: "2026-03-15"},
		{text: "07-Nov-26", want: "2026-11-07"},
		{text: "2026/3/4 19:02", want: "2026-03-04"},
		{text: "2026年3月4日(水)", want: "2026-03-04"},
		{text: "発行日：２０２６年３月４日", want: "2026-03-04"},
		{text: "令和8年3月4日", want: "2026-03-04"},
		{text: "令和元年12月1日", want: "2019-12-01"},
	} {
		t.Run(test.text, func(t *testing.T) {
			t.Parallel()
			got, ok := receipt.ParseDate(test.text, test.near, receipt.Locale{MonthFirst: test.monthFirst, Sure: test.sure})
			if !ok || got.Format(time.DateOnly) != test.want {
				t.Errorf("ParseDate(%q) = %s, %t, want %s", test.text, got, ok, test.want)
			}
		})
	}
}

func TestParseDateRefuses(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"", "31.02.2026", "2026-13-01", "12.50", "1.234.567", "IP 10.0.12.2026.1", "May the 4th", "Marketing 20, 2026", "13/13/2026", "20.11.1066",
		"Tel. 040 555 01 90", "Nov 31, 2026",
	} {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			if got, ok := receipt.ParseDate(text, time.Time{}, receipt.Locale{}); ok {
				t.Errorf("ParseDate(%q) = %s, want none", text, got)
			}
		})
	}
}

func FuzzParseDate(f *testing.F) {
	for _, seed := range []string{"2026-11-20", "16.11.26", "11/20/2026", "20. Dez. 2026", "Nov 2nd, 2026", "3 de marzo de 2026", "令和8年3月4日", "元年1月"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		date, ok := receipt.ParseDate(text, time.Time{}, receipt.Locale{})
		if !ok {
			return
		}
		if again, ok := receipt.ParseDate(date.Format(time.DateOnly), time.Time{}, receipt.Locale{}); !ok || !again.Equal(date) {
			t.Errorf("%q reads as %s, which reads as %s, %t", text, date, again, ok)
		}
	})
}
