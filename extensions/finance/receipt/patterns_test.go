package receipt

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The expressions that say what is looked for, where a function of this package is written out by hand.
var (
	columnGroupsRE = regexp.MustCompile(`((?:\s\s|\t)\d{1,3}) (\d{3}[.,]\d{2}(?:$|\D))`)
	numberGroupsRE = regexp.MustCompile(`(^|[^\d.,])(\d{1,3}) (\d{3}[.,]\d{2})($|[^\d])`)
	positionRE     = regexp.MustCompile(`^\d{1,3}\.?\s{2,}`)
	aheadRE        = regexp.MustCompile(`^(\d{1,4}(?:[.,]\d{1,3})?) ?(?:x|×|X|Stk\.?|St\.?|pcs|Stück)\s+(.+)$`)
	behindRE       = regexp.MustCompile(`^(.*\S)\s{2,}(\d{1,4}(?:[.,]\d{1,3})?)(?: ?(?:x|×|Stk\.?|Stück|pcs|h|hrs))?\s*(?:@|à|a)?$`)
	trailerRE      = regexp.MustCompile(`(?:\s+(?:[A-Z]|x|×|@|à|\*|\d{1,2} ?%))+$`)
	lastFourRE     = regexp.MustCompile(`(?:` + alternatives(endings) + `|[•*xX.#…·]{2,}[ -]?)(\d{4})(?:\D|$)`)
	companyRE      = regexp.MustCompile(`(?:^|\s)(?:` + alternatives(legalForms) + `)(?:$|[\s,·|])`)
	roleRE         = regexp.MustCompile(`(?i)\b(?:` + alternatives(roles) + `)\b`)
	figureRE       = func() *regexp.Regexp {
		var signs []string
		for _, s := range symbols {
			signs = append(signs, s.text)
		}
		currency := alternatives(append(signs, codes...))
		return regexp.MustCompile(`(?:(` + currency + `)[ \x{a0}\x{202f}]?(?:(?:` + currency + `)[ \x{a0}\x{202f}]?)?)?([-−–] ?)?` +
			`(\d+(?:[.,'’\x{a0}\x{202f}]\d+)*(?:[.,][-–—]{1,2})?)(-)?(?:[ \x{a0}\x{202f}]?(` + currency + `))?`)
	}()
)

func alternatives(texts []string) string {
	var quoted []string
	for _, text := range texts {
		quoted = append(quoted, regexp.QuoteMeta(text))
	}
	return strings.Join(quoted, "|")
}

// FuzzPatterns holds each function against its expression.
func FuzzPatterns(f *testing.F) {
	for _, seed := range []string{
		"x  1 234,56 2 345,67\t3 456,78", "1 234,56", "EUR -1.234,56 €, US$ 12,-- SFr.5 - –7’000.-- zł", "2026-11-20 x 20.11.26", "11/20/2026", "20th of november, 2026 3 nov 2026x",
		"1st 2026 1stnov. 2026", "märz 3rd, 2026 5 mai 2026", "3.  2,5 Stk. Monitor  3 pcs @", "Chair  2 x 19 % A *", "Visa ending in 4242", "**** 4242 endet auf 1234", "AUD $12.50 EUR EUR EUR 5",
		"Acme  GmbH, Foo Inc. | SE", "No-Reply Billing Team no-replyx mail_er", "12,-- 1.2.3-USD", "  1 234,561", "x  12  h", "a  1 à", "2  pcs",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if s = strings.ToValidUTF8(s, "\uFFFD"); strings.ContainsAny(s, "\nſ\u212a") {
			return // a line has no line break; and letters that are s and k to (?i) alone are in no sender's name
		}
		trimmed := strings.TrimSpace(s)
		for name, both := range map[string][2]any{
			"columns":  {joinGroups(s, ofColumn), columnGroupsRE.ReplaceAllString(s, "$1\u00a0$2")},
			"numbers":  {joinGroups(s, ofNumber), numberGroupsRE.ReplaceAllString(s, "$1$2\u00a0$3$4")},
			"figures":  {scanned(s), matched(s)},
			"position": {withoutPosition(trimmed), positionRE.ReplaceAllString(trimmed, "")},
			"ahead":    {pair(countedAhead(trimmed)), groups(aheadRE.FindStringSubmatch(trimmed), pair("", trimmed))},
			"behind":   {pair(countedBehind(trimmed)), groups(behindRE.FindStringSubmatch(trimmed), pair(trimmed, ""))},
			"trailers": {withoutTrailers(trimmed), trailerRE.ReplaceAllString(trimmed, "")},
			"card":     {lastFour(s), group(lastFourRE.FindStringSubmatch(s), 1)},
			"company":  {legalFormEnd(s), companyEnd(s)},
			"roles":    {withoutRoles(s), roleRE.ReplaceAllString(s, " ")},
		} {
			if diff := cmp.Diff(both[1], both[0]); diff != "" {
				t.Errorf("%s of %q (-want +got):\n%s", name, s, diff)
			}
		}
	})
}

func group(match []string, n int) string {
	if match == nil {
		return ""
	}
	return match[n]
}

func groups(match []string, none [2]string) [2]string {
	if match == nil {
		return none
	}
	return pair(match[1], match[2])
}

func pair(a, b string) [2]string { return [2]string{a, b} }

func companyEnd(s string) int {
	at := companyRE.FindStringIndex(s)
	if at == nil || at[0] == 0 {
		return 0
	}
	return len(strings.TrimRight(s[:at[1]], " \t\r\f,·|"))
}

// scanned and matched are a line's figures, one after the other.
func scanned(s string) (all []string) {
	for f, ok := nextFigure(s, 0); ok; f, ok = nextFigure(s, f.end) {
		all = append(all, fmt.Sprint(f.start, f.end, f.before, f.minus, s[f.from:f.to], f.credit-f.to, f.after))
	}
	return all
}

func matched(s string) (all []string) {
	for _, at := range figureRE.FindAllStringSubmatchIndex(s, -1) {
		part := func(n int) string { return s[max(0, at[2*n]):max(0, at[2*n+1])] }
		all = append(all, fmt.Sprint(at[0], at[1], currencyCode(part(1)), strings.TrimSpace(part(2)), part(3), len(part(4)), currencyCode(part(5))))
	}
	return all
}
