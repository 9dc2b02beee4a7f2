package layout

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/airlock-run/airlock/internal/mailset/dice"
	"github.com/airlock-run/airlock/internal/mailset/envelope"
	"github.com/airlock-run/airlock/internal/mailset/locale"
	"github.com/airlock-run/airlock/internal/mailset/paper"
	"github.com/airlock-run/airlock/internal/mailset/purchase"
)

// Draft is a mail on its way: the data of the templates. The first thing that
// goes wrong is kept, and Generate returns it.
type Draft struct {
	purchase.Purchase
	*dice.Dice
	Currency string
	Order    string
	Method   string // of payment
	Reader   Reader
	Sent     time.Time
	Count    int // of the mail in its layout, from 0 on
	// From is the sender, More further header fields.
	From envelope.Address
	More []string

	locale locale.Locale
	words  map[string]string
	papers strings.Builder
	scans  []string
	err    error
}

func newDraft(chance *dice.Dice, l Layout, v purchase.Vendor, words map[string]string, count int) (*Draft, error) {
	conventions, ok := locale.Named(v.Locale)
	if !ok {
		return nil, fmt.Errorf("locale %q is unknown", v.Locale)
	}
	terms := l.Terms
	terms.Rates = rates(chance, v, terms.Rates)
	if v.Locale == "en-US" {
		terms.Added = true // nobody there includes it
	}
	d := &Draft{
		Purchase: purchase.New(chance, v, terms), Dice: chance, Count: count,
		Currency: l.Currency, Order: chance.Fill(l.Order), locale: conventions, words: words,
		Reader: reader(chance, v.Locale),
	}
	if d.Currency == "" {
		d.Currency = conventions.Currency()
	}
	d.Method = strings.TrimSpace(chance.Pick(strings.Split(l.Paid, ",")...))
	if word, ok := words[d.Method]; ok {
		d.Method = word
	}
	d.From.Mailbox = chance.Pick("noreply", "no-reply", "service", "info", "mail", "office") + "@" + v.Domain
	d.Sent = d.Day.Add(time.Duration(chance.Between(9*60, 40*60)) * time.Minute).In(zone(v.Locale))
	if l.Change != nil {
		l.Change(d)
	}
	d.From.Name = d.Write(l.From)
	return d, nil
}

// Boundary returns one for the parts of a mail.
func (d *Draft) Boundary() string {
	return d.Fill(d.Pick("----=_Part_######_########.#########", "_000_????########????####_", "=-=########????", "--==_mimepart_########????##"))
}

// Has says whether the layout has a word in the mail's language.
func (d *Draft) Has(key string) bool { return d.words[key] != "" }

// Paper fills a template and reads it as a document.
func (d *Draft) Paper(text string) *paper.Document {
	document, err := paper.Parse(d.Write(text))
	if err != nil {
		d.Fail(err)
		return &paper.Document{}
	}
	d.papers.WriteString(document.Words())
	return document
}

// PDF returns a document as a PDF with a text layer.
func (d *Draft) PDF(text string) []byte {
	pdf, err := d.Paper(text).PDF(d.Day)
	d.Fail(err)
	return pdf
}

// Scan returns the first page of a document as a JPEG.
func (d *Draft) Scan(s paper.Scan, text string) []byte {
	document := d.Paper(text)
	if d.err != nil {
		return nil
	}
	d.scans = append(d.scans, fmt.Sprintf("%+v %s", s, document.Words()))
	picture, err := s.JPEG(document, d.Dice)
	d.Fail(err)
	return picture
}

// ScanPDF returns a document as a PDF of A4 that has nothing but the picture.
func (d *Draft) ScanPDF(s paper.Scan, text string) []byte {
	picture := d.Scan(s, text)
	if d.err != nil {
		return nil
	}
	pdf, err := paper.PicturePDF(d.Day, 210, 297, picture)
	d.Fail(err)
	return pdf
}

// Page is a part of the lines: the sums of those before it, and of all up to its
// end.
type Page struct {
	Number           int
	Lines            []purchase.Line
	Brought, Carried int64
	Last             bool
}

// Pages parts the lines into pages of at most so many.
func (d *Draft) Pages(most int) []Page {
	var pages []Page
	for lines := d.Lines; len(lines) > 0; {
		n := min(most, len(lines))
		end := lines[n-1]
		pages = append(pages, Page{
			Number: len(pages) + 1, Lines: lines[:n], Last: n == len(lines),
			Brought: lines[0].Carried, Carried: end.Carried + end.Amount,
		})
		lines = lines[n:]
	}
	return pages
}

// Fail keeps an error.
func (d *Draft) Fail(err error) { d.err = errors.Join(d.err, err) }

func (d *Draft) plain(amount int64) string { return locale.Plain(amount, d.Currency) }
