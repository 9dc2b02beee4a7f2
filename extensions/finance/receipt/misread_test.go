package receipt

import "testing"

func TestMendScan(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"21% 3,02 @,68":       "21% 3,02 0,68",
		"@7-@3-2026 10:22":    "07-03-2026 10:22",
		"T0TAL   12.5O":       "total  12.50",
		"TOTAI 9.99":          "total 9.99",
		"Tota1: 9.99":         "total: 9.99",
		"SUMME  46, 80":       "SUMME  46,80",
		"Bol S Bob @home 2":   "Bol S Bob @home 2",
		"Sold by Ann in SoHo": "Sold by Ann in SoHo",
		"ref 12. 3 items":     "ref 12. 3 items",
		"a":                   "a",
		"":                    "",
	} {
		if got := mendScan(text); got != want {
			t.Errorf("mendScan(%q) = %q, want %q", text, got, want)
		}
	}
}
