// Package layout makes mails from layouts: each the way one sender writes, filled
// with purchases that differ in vendor, amounts, language and currency.
package layout

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/airlock-run/airlock/internal/mailset"
	"github.com/airlock-run/airlock/internal/mailset/dice"
	"github.com/airlock-run/airlock/internal/mailset/envelope"
	"github.com/airlock-run/airlock/internal/mailset/purchase"
)

// Layout is how mails of one kind are written. Texts are templates of
// text/template with a Draft as their data.
type Layout struct {
	Name  string
	Count int // how many mails to make
	// Locales and Categories, parted by spaces, are taken in turn and at random.
	// No categories are all of them.
	Locales, Categories string
	// Kind is empty if the mail is no receipt; then Source and Tells are, too.
	Kind   mailset.Kind
	Source mailset.Source
	// Tells are the optional facts the document states: tax, order, payment, items.
	Tells string
	Terms purchase.Terms
	// Currency is that of the locale, if empty.
	Currency string
	// Order is the pattern of the order's number. Paid are ways to pay, parted by
	// commas; a way has its name in each locale if it's among the words.
	Order, Paid string
	// Words are a table: keys in the first line, then a line for each locale,
	// cells parted by "|".
	Words string
	// From is the sender's name, Subject the mail's.
	From, Subject string
	// Charset is that of the header, utf-8 if empty.
	Charset string
	// Change settles what the terms leave open, before anything is written.
	Change func(d *Draft)
	// Body writes the mail.
	Body func(d *Draft) envelope.Part
}

// Work is a mail of a layout with what was bought and what stands on its papers,
// to check its label.
type Work struct {
	mailset.Mail
	Purchase purchase.Purchase
	Papers   string
	// Scans are what was drawn as pictures, and how.
	Scans []string
}

// Generate makes the mails of layouts, always the same ones.
//
// # Errors
//
// What a layout has wrong: a locale without vendors or words, a template that
// doesn't fill, a character its charset hasn't, a label that isn't valid.
func Generate(layouts []Layout, catalogue purchase.Catalogue, heldOut bool) ([]Work, error) {
	var all []Work
	for _, l := range layouts {
		for i := range l.Count {
			work, err := l.write(catalogue, i, heldOut)
			if err != nil {
				return nil, fmt.Errorf("make %s %d: %w", l.Name, i+1, err)
			}
			all = append(all, work)
		}
	}
	return all, nil
}

// Mails returns the mails of works.
func Mails(works []Work) []mailset.Mail {
	mails := make([]mailset.Mail, len(works))
	for i, w := range works {
		mails[i] = w.Mail
	}
	return mails
}

func (l Layout) write(catalogue purchase.Catalogue, i int, heldOut bool) (Work, error) {
	d, err := l.draft(catalogue, i)
	if err != nil {
		return Work{}, err
	}
	mail := envelope.Mail{
		From: d.From, To: d.Reader.Address, Subject: d.Write(l.Subject), Sent: d.Sent,
		ID: d.Fill("????####.########@") + d.Domain, Charset: l.Charset, Body: l.Body(d), More: d.More,
	}
	if d.N(2) == 0 {
		mail.How = envelope.Base64
	}
	if d.err != nil {
		return Work{}, d.err
	}
	raw, err := mail.Bytes()
	if err != nil {
		return Work{}, err
	}
	label := l.label(d, heldOut)
	if err := label.Validate(); err != nil {
		return Work{}, fmt.Errorf("validate label: %w", err)
	}
	name := fmt.Sprintf("%s-%s-%02d", l.Name, strings.ToLower(d.Locale), i+1)
	return Work{Mail: mailset.Mail{Name: name, Raw: raw, Label: label}, Purchase: d.Purchase, Papers: d.papers.String(), Scans: d.scans}, nil
}

// draft makes up a purchase. Locales are taken in turn, and the vendors of each.
func (l Layout) draft(catalogue purchase.Catalogue, i int) (*Draft, error) {
	locales := strings.Fields(l.Locales)
	if len(locales) == 0 {
		return nil, errors.New("layout has no locales")
	}
	name := locales[i%len(locales)]
	vendors := catalogue.Vendors(name, strings.Fields(l.Categories)...)
	if len(vendors) == 0 {
		return nil, fmt.Errorf("no vendor of %q in %s", l.Categories, name)
	}
	words, err := l.words(name)
	if err != nil {
		return nil, err
	}
	chance := dice.New(fmt.Sprintf("%s %d", l.Name, i))
	first := chance.N(len(vendors))
	return newDraft(chance, l, vendors[(first+i/len(locales))%len(vendors)], words, i)
}

// words is the line of a locale in the table of words.
func (l Layout) words(name string) (map[string]string, error) {
	words := map[string]string{}
	lines := strings.Split(strings.TrimSpace(l.Words), "\n")
	if l.Words == "" {
		return words, nil
	}
	keys := strings.Split(lines[0], "|")
	for _, line := range lines[1:] {
		cells := strings.Split(line, "|")
		if strings.TrimSpace(cells[0]) != name {
			continue
		}
		if len(cells) != len(keys) {
			return nil, fmt.Errorf("%d words in %s, want %d", len(cells)-1, name, len(keys)-1)
		}
		for i := range cells {
			words[strings.TrimSpace(keys[i])] = strings.TrimSpace(cells[i])
		}
		return words, nil
	}
	return nil, fmt.Errorf("no words in %s", name)
}

func (l Layout) label(d *Draft, heldOut bool) mailset.Label {
	label := mailset.Label{Locale: d.Locale, Layout: l.Name, HeldOut: heldOut}
	if l.Kind == "" {
		return label
	}
	label.Receipt, label.Kind, label.Source = true, l.Kind, l.Source
	label.Vendor, label.Category = d.Name, d.Category
	label.Total, label.Currency, label.Date = d.plain(d.Total), d.Currency, d.Day.Format(time.DateOnly)
	for told := range strings.FieldsSeq(l.Tells) {
		switch told {
		case "tax":
			if d.Tax > 0 {
				label.Tax = d.plain(d.Tax)
			}
		case "order":
			label.OrderNumber = d.Order
		case "payment":
			label.PaymentMethod = d.Method
		case "items":
			for _, line := range d.Lines {
				label.Items = append(label.Items, mailset.Item{
					Description: line.Name, Quantity: strconv.FormatInt(line.Quantity, 10), Amount: d.plain(line.Amount),
				})
			}
		}
	}
	return label
}
