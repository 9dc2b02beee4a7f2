package process

import (
	"strings"
	"unicode/utf8"

	"github.com/airlock-run/airlock/extensions/finance/mail"
	"github.com/airlock-run/airlock/extensions/finance/receipt"
)

// sender tells who a mail is from. What a person forwards is from whom the mail inside says; what people send to themselves is
// from nobody.
func sender(message *mail.Message) receipt.Sender {
	if len(message.From) == 0 {
		return receipt.Sender{Private: true}
	}
	from := message.From[0]
	if isForwarded(message.Subject) {
		var ok bool
		if from, ok = forwardedFrom(message.Text); !ok {
			from, ok = forwardedFrom(receipt.HTML(message.HTML).Text)
		}
		if !ok {
			return receipt.Sender{Private: true}
		}
	}
	private := receipt.IsPrivateDomain(from.Domain())
	for _, to := range message.To {
		private = private || strings.EqualFold(to.Address, from.Address)
	}
	return receipt.Sender{Name: from.Name, Domain: from.Domain(), Private: private}
}

// blanks is the white space of ASCII.
const blanks = " \t\r\n\f"

// isForwarded tells that a subject begins with Fwd: or what German and French say for it.
func isForwarded(subject string) bool {
	subject = strings.TrimLeft(subject, blanks)
	for _, word := range []string{"fwd", "fw", "wg", "tr", "rv", "i", "enc", "doorst", "転送"} {
		if rest, ok := cutFold(subject, word); ok && strings.HasPrefix(strings.TrimLeft(rest, blanks), ":") {
			return true
		}
	}
	return false
}

// forwardedFrom returns who the first line of the kind `> From: "Acme Billing" <billing@acme.example>` names.
func forwardedFrom(text string) (mail.Address, bool) {
	for text != "" {
		start := strings.TrimLeft(text, ">*"+blanks)
		for _, word := range []string{"from", "von", "de", "da", "van", "差出人"} {
			if rest, ok := cutFold(start, word); ok {
				if address, ok := addressAfter(rest); ok {
					return address, true
				}
			}
		}
		_, text, _ = strings.Cut(start, "\n")
	}
	return mail.Address{}, false
}

// maxName is how long the name of a sender may be, in letters.
const maxName = 100

// addressAfter reads the name and the address behind the word From.
func addressAfter(s string) (mail.Address, bool) {
	s, ok := strings.CutPrefix(strings.TrimLeft(s, blanks), ":")
	if !ok {
		return mail.Address{}, false
	}
	s = strings.TrimPrefix(strings.TrimLeft(strings.TrimPrefix(s, "*"), blanks), `"`)
	end := strings.IndexAny(s, "<\n")
	if end < 0 {
		return mail.Address{}, false
	}
	name := strings.TrimSuffix(strings.TrimRight(s[:end], blanks), `"`)
	s, ok = strings.CutPrefix(strings.TrimLeft(s[end:], blanks), "<")
	if !ok || strings.Contains(name, `"`) || utf8.RuneCountInString(name) > maxName {
		return mail.Address{}, false
	}
	end = max(0, strings.IndexAny(s, "<>"+blanks))
	local, domain, _ := strings.Cut(s[:end], "@")
	if !strings.HasPrefix(s[end:], ">") || local == "" || domain == "" || strings.Contains(domain, "@") {
		return mail.Address{}, false
	}
	return mail.Address{Name: strings.TrimSpace(name), Address: s[:end]}, true
}

// cutFold is strings.CutPrefix for a word of ASCII in any case.
func cutFold(s, word string) (rest string, ok bool) {
	if len(s) < len(word) || !strings.EqualFold(s[:len(word)], word) {
		return s, false
	}
	return s[len(word):], true
}
