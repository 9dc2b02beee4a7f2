package process

import (
	"regexp"
	"strings"
	"testing"

	"github.com/airlock-run/airlock/extensions/finance/mail"
)

// FuzzForwarded holds what is read of a forwarded mail against the expressions that say what is meant.
func FuzzForwarded(f *testing.F) {
	subject := regexp.MustCompile(`(?i)^\s*(?:fwd?|wg|tr|rv|i|enc|doorst|転送)\s*:`)
	from := regexp.MustCompile(`(?mi)^[>\s*]*(?:from|von|de|da|van|差出人)\s*:\*?\s*"?([^"<\n]{0,100}?)"?\s*<([^<>\s@]+@[^<>\s@]+)>`)
	for _, seed := range []string{
		"Fwd: receipt", "WG : x", "tr:", "fw", "fwdx:",
		"> From: \"Acme Billing\" <billing@acme.example>\n", "*Von:* Büro <b@buero.example>", "\n> \n>> from :\n <a@b>", "From: a <b>\nFrom: c <d@e>",
		"From: a\nb <c@d>", "From: \"a\" b <c@d>", "From: a \" <c@d>", "x From: a <b@c>", "from: <a@b@c>", "from: <a b@c>", "from: from: <a@b>", "VON: <@b>",
		"from: " + strings.Repeat("ä", 100) + "<a@b>", "from: " + strings.Repeat("a", 101) + "<a@b>",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		text = strings.ToValidUTF8(text, "\uFFFD")
		text = strings.NewReplacer("\u017f", "s", "\u212a", "k").Replace(text) // which expressions take for other letters' capitals
		if got, want := isForwarded(text), subject.MatchString(text); got != want {
			t.Errorf("%q is forwarded: %t, want %t", text, got, want)
		}
		var want mail.Address
		m := from.FindStringSubmatch(text)
		if m != nil {
			want = mail.Address{Name: strings.TrimSpace(m[1]), Address: m[2]}
		}
		if got, ok := forwardedFrom(text); ok != (m != nil) || got != want {
			t.Errorf("%q is from %+v, %t, want %+v", text, got, ok, want)
		}
	})
}
