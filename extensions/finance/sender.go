package main

import (
	"regexp"
	"strings"

	"github.com/airlock-run/airlock/extensions/finance/mail"
	"github.com/airlock-run/airlock/extensions/finance/receipt"
)

var (
	forwardedRE   = regexp.MustCompile(`(?i)^\s*(?:fwd?|wg|tr)\s*:`)
	forwardedByRE = regexp.MustCompile(`(?mi)^[>\s*]*(?:from|von)\s*:\*?\s*"?([^"<\n]{0,100}?)"?\s*<([^<>\s@]+@[^<>\s@]+)>`)
)

// sender tells who a mail is from. What a person forwards is from whom the mail inside says; what people send to themselves is
// from nobody.
func sender(message *mail.Message) receipt.Sender {
	if len(message.From) == 0 {
		return receipt.Sender{Private: true}
	}
	from := message.From[0]
	if forwardedRE.MatchString(message.Subject) {
		if m := forwardedByRE.FindStringSubmatch(message.Text); m != nil {
			from = mail.Address{Name: strings.TrimSpace(m[1]), Address: m[2]}
		} else {
			return receipt.Sender{Private: true}
		}
	}
	private := receipt.IsPrivateDomain(from.Domain())
	for _, to := range message.To {
		private = private || strings.EqualFold(to.Address, from.Address)
	}
	return receipt.Sender{Name: from.Name, Domain: from.Domain(), Private: private}
}
