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
	"Co.", "B.V.", "BV", "N.V.", "NV", "S.A.", "SA", "S.r.l.", "Srl", "SRL", "S.R.L.", "S.p.A.", "SpA", "S.P.A.", "SARL", "SAS", "SASU", "EURL", "Pty", "Oy", "AB", "ApS",
	"S.L.", "SL", "S.L.U.", "SLU", "S.A.U.", "Lda", "Lda.", "LDA", "Ltda", "Ltda.", "LTDA", "EIRELI", "mbH", "PartG", "LLP", "株式会社", "有限会社", "合同会社", "snc", "S.n.c.", "sas", "VOF", "Unipessoal",
}

// roles are whom a sender calls itself beside its name.
var roles = []string{
	"noreply", "no-reply", "billing", "receipt", "receipts", "invoice", "invoices", "support", "service", "team", "order", "orders", "info", "shop", "store",
	"account", "accounts", "payment", "payments", "rechnung", "rechnungen", "kundenservice", "buchhaltung", "bestellung", "bestellungen",
	"notification", "notifications", "customer", "mail", "mailer", "hello", "sales", "help", "contact", "kontakt", "buchung", "buchungen", "versand",
	"facture", "factures", "facturation", "commande", "commandes", "comptabilité", "boutique", "contabilidad", "facturas", "facturación", "pedidos", "tienda", "atención",
	"fatture", "fatturazione", "ordini", "assistenza", "clienti", "servizio", "facturen", "administratie", "bestellingen", "klantenservice", "webshop", "faturas", "encomendas",
	"faturação", "atendimento", "loja", "booking", "bookings", "reservations", "reservas", "prenotazioni", "reserveringen", "réservations", "tickets", "ticketing",
	"box office", "registrar", "reception", "front desk", "recepción", "réception", "secretaría", "segreteria", "secretariaat", "rezeption",
}

// findVendor names who sold, and how sure that is: who a page states, the company a document begins with, else who sent the mail.
func findVendor(lines []line, s Source) (string, float64) {
	if s.Stated.Vendor != "" {
		return s.Stated.Vendor, 0.98
	}
	sender := SenderName(s.Sender)
	from := fromSubject(s.Subject)
	if from != "" && from != sender && mentions(lines, from) && (sender == "" || !mentions(lines, sender)) {
		return from, 0.8 // another sends receipts for it
	}
	if sender != "" && !s.Document {
		return sender, 0.85
	}
	if sender != "" {
		if whole := sameCompany(lines, sender); whole != "" {
			return whole, 0.95
		}
	}
	if name := sellerOf(lines); name != "" {
		return name, 0.8
	}
	name, sure := heading(lines)
	return first(name, from, sender), sure
}

// SenderName returns the name of who sent a mail, as a company; "" for a private one.
func SenderName(s Sender) string {
	if s.Private {
		return ""
	}
	return first(company(s.Name), fromDomain(s.Domain))
}

// fromSubject returns whom a subject says a receipt is from: Your receipt from Acme, Votre commande chez Acme.
func fromSubject(subject string) string {
	for _, joint := range []string{" from ", " at ", " with ", " von ", " bei ", " chez ", " en ", " da ", " van ", " bij ", " na ", " no ", " presso "} {
		_, name, ok := strings.Cut(subject, joint)
		if !ok {
			continue
		}
		if end := strings.IndexAny(name, "#([-–—|,:!"); end >= 0 {
			name = name[:end]
		}
		if name = strings.TrimSpace(name); name != "" && len(name) <= 40 && name[0] >= 'A' && (name[0] <= 'Z' || name[0] >= 0x80) {
			return strings.TrimRight(name, ".")
		}
	}
	return ""
}

// mentions tells that a document names somebody.
func mentions(lines []line, name string) bool {
	name = fold(name)
	for _, l := range lines {
		if name != "" && strings.Contains(l.words, name) {
			return true
		}
	}
	return false
}

// sellerOf returns whom a document calls its seller.
func sellerOf(lines []line) string {
	for i, l := range lines {
		if !l.speaks(ofSeller) || len(l.money) > 0 {
			continue
		}
		label, name, ok := strings.Cut(l.text, ":")
		if ok && about(hitsIn(fold(label)))&ofSeller != 0 && len(label) <= 40 {
			if name = strings.TrimSpace(name); name == "" && i+1 < len(lines) {
				name = lines[i+1].text
			}
			if n := letters(name); n > 1 && len(name) <= 60 && !strings.Contains(name, "@") {
				return first(companyLine(name), columnOf(name))
			}
		}
	}
	return ""
}

// heading returns the line near the top that names a company, or else the first that could.
func heading(lines []line) (string, float64) {
	top := lines[:min(12, len(lines))]
	for _, l := range top {
		if name := companyLine(l.text); name != "" && !l.speaks(ofNoVendor&^ofSeller) {
			return name, 0.85
		}
	}
	for _, l := range top {
		if name := companyLine(l.text); name != "" {
			return name, 0.7
		}
	}
	for _, l := range top {
		name := columnOf(l.text)
		n := utf8.RuneCountInString(name)
		of := about(hitsIn(fold(name)))
		if n >= 2 && n <= 50 && letters(name)*2 > n && len(l.money) == 0 && of&(ofNoVendor|ofTitle|ofDate) == 0 && !strings.ContainsAny(name, "@:/") {
			return name, 0.65
		}
	}
	return "", 0
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
		if found := companyLine(l.text); found != "" && strings.Contains(fold(found), fold(name)) {
			return found
		}
	}
	for _, l := range lines[:min(15, len(lines))] {
		if strings.Contains(l.words, fold(name)) {
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
	for _, joint := range []string{"at ", "from ", "von ", "de ", "chez ", "da ", "van "} { // of Orders at Acme
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
