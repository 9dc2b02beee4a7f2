package receipt

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// Sender is who a mail is from.
type Sender struct {
	Name   string
	Domain string
	// Private tells that a person sent it, to themselves or by forwarding: then the sender is not the vendor.
	Private bool
}

// privateDomains give mailboxes to everybody.
var privateDomains = []string{
	"gmail.com", "googlemail.com", "gmx.de", "gmx.net", "web.de", "outlook.com", "hotmail.com", "live.com", "yahoo.com", "icloud.com", "me.com", "aol.com",
	"t-online.de", "freenet.de", "proton.me", "protonmail.com", "posteo.de", "mailbox.org", "fastmail.com",
}

// IsPrivateDomain tells that an address of this domain says nothing about who its owner works for.
func IsPrivateDomain(domain string) bool {
	return slices.Contains(privateDomains, domain)
}

// legalForms end the name of a company.
var legalForms = []string{
	"GmbH", "AG", "UG", "KG", "OHG", "GbR", "e.K.", "e.V.", "SE", "Inc", "Inc.", "LLC", "L.L.C.", "Ltd", "Ltd.", "Limited", "PLC", "plc", "Corp", "Corp.",
	"Co.", "B.V.", "S.A.", "S.r.l.", "SARL", "SAS", "Pty", "Oy", "AB", "ApS",
}

// roles are whom a sender calls itself beside its name.
var roles = []string{
	"noreply", "no-reply", "billing", "receipt", "receipts", "invoice", "invoices", "support", "service", "team", "order", "orders", "info", "shop", "store",
	"account", "accounts", "payment", "payments", "rechnung", "rechnungen", "kundenservice", "buchhaltung", "bestellung", "bestellungen",
	"notification", "notifications", "customer", "mail", "mailer", "hello",
}

// notVendorWords begin or fill the lines above a receipt that do not name its vendor.
var notVendorWords = []string{
	"receipt", "invoice", "rechnung", "quittung", "beleg", "kassenbon", "kassenbeleg", "order", "bestellung", "tax", "date", "datum", "page", "seite", "bill to",
	"tel", "tel.", "phone", "fax", "www", "street", "straße", "str.", "road", "avenue", "thank you", "thanks", "vielen dank", "welcome", "willkommen",
	"hello", "hi", "hallo", "dear", "guten tag", "customer", "kunde", "from", "von", "to", "an", "table", "tisch", "cashier", "kasse", "server", "no", "nr",
	"copy", "payment", "zahlung", "ship to", "your", "ihre", "deine", "paid", "bezahlt", "duplicate", "statement", "herr", "frau", "mr", "mrs",
}

// findVendor names who sold: the company a document begins with, else who sent the mail.
func findVendor(lines []line, sender Sender, document bool) string {
	if !sender.Private {
		name := company(sender.Name)
		if name == "" {
			name = fromDomain(sender.Domain)
		}
		if !document {
			return name
		}
		if whole := sameCompany(lines, name); whole != "" {
			return whole
		}
	}
	if name := heading(lines); name != "" {
		return name
	}
	if sender.Private {
		return ""
	}
	return first(company(sender.Name), fromDomain(sender.Domain))
}

// heading returns the line near the top that names a company, or else the first that could.
func heading(lines []line) string {
	top := lines[:min(10, len(lines))]
	for _, l := range top {
		if name := companyLine(l.text); name != "" {
			return name
		}
	}
	for _, l := range top {
		n := utf8.RuneCountInString(l.text)
		if n >= 2 && n <= 50 && letters(l.text)*2 > n && len(l.money) == 0 && !l.speaks(ofNoVendor) && !strings.ContainsAny(l.text, "@:") {
			return columnOf(l.text)
		}
	}
	return ""
}

// companyLine returns the company a line names by its legal form, up to and with that.
func companyLine(s string) string {
	if letters(s) < 4 || len(s) > 120 {
		return ""
	}
	for column := range strings.SplitSeq(s, "  ") {
		if end := legalFormEnd(column); end > 0 {
			return strings.Trim(column[:end], " ,·|-–")
		}
	}
	return ""
}

// legalFormEnd returns where the first legal form of a column ends, and 0 if it has none or is none but that.
func legalFormEnd(column string) int {
	for i := 0; i < len(column); i++ {
		if i > 0 && !blank(column[i-1]) {
			continue
		}
		end := i
		for end < len(column) && !blank(column[end]) && after(column, end, ",", "·", "|") == end {
			end++
		}
		if slices.Contains(legalForms, column[i:end]) {
			if i > 1 { // with something in front of the space
				return end
			}
			return 0
		}
		i = max(i, end-1)
	}
	return 0
}

// sameCompany returns the company of a document that the sender's name is part of: the longer form of it.
func sameCompany(lines []line, name string) string {
	if len(name) < 3 {
		return ""
	}
	for _, l := range lines[:min(60, len(lines))] {
		if found := companyLine(l.text); found != "" && strings.Contains(strings.ToLower(found), strings.ToLower(name)) {
			return found
		}
	}
	for _, l := range lines[:min(15, len(lines))] {
		if strings.Contains(l.words, strings.ToLower(name)) {
			return name
		}
	}
	return ""
}

// columnOf returns what a line has before a gap.
func columnOf(s string) string {
	column, _, _ := strings.Cut(strings.TrimSpace(s), "  ")
	return strings.Trim(column, " *-=_|")
}

// company makes a name of what a mail's sender calls itself: `Acme Billing Team` and `Ada via Acme` are Acme.
func company(name string) string {
	if _, after, ok := strings.Cut(name, " via "); ok {
		name = after
	}
	if strings.Contains(name, "@") {
		return ""
	}
	name = strings.Join(strings.Fields(withoutRoles(name)), " ")
	for _, joint := range []string{"at ", "from ", "von "} { // of Orders at Acme
		name = strings.TrimPrefix(name, joint)
	}
	return strings.Trim(name, " ,-–|·&\"'")
}

// withoutRoles puts a space in the place of each role.
func withoutRoles(name string) string {
	var out strings.Builder
	for name != "" {
		end := 0
		for end < len(name) && wordByte(name[end]) {
			end++
		}
		const reply = "-reply"
		if tail := end + len(reply); strings.EqualFold(name[:end], "no") && tail <= len(name) && strings.EqualFold(name[end:tail], reply) &&
			(tail == len(name) || !wordByte(name[tail])) {
			end = tail
		}
		if slices.Contains(roles, strings.ToLower(name[:end])) {
			out.WriteByte(' ')
		} else {
			end = max(end, 1)
			out.WriteString(name[:end])
		}
		name = name[end:]
	}
	return out.String()
}

// fromDomain makes a name of a domain: mail.acme-shop.co.uk is Acme-shop.
func fromDomain(domain string) string {
	labels := strings.Split(domain, ".")
	if len(labels) < 2 {
		return ""
	}
	i := len(labels) - 2
	if i > 0 && len(labels[i]) <= 3 && len(labels[i+1]) == 2 { // co.uk, com.au
		i--
	}
	if labels[i] == "" {
		return ""
	}
	return strings.ToUpper(labels[i][:1]) + labels[i][1:]
}
