// Package purchase makes up what was bought, from whom and for how much, so that
// the amounts of a document add up as those of a real one do.
package purchase

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/airlock-run/airlock/internal/mailset"
)

// Vendor is a made-up seller.
type Vendor struct {
	Locale, Category string
	// Trade is what kind of its category the vendor is, where it matters: fuel.
	Trade string
	// Name is what people call it; Legal has the form of company as well.
	Name, Legal string
	Domain      string // ends in .example
	Address     string
	Phone       string
	Goods       []Good
}

// Good is something a vendor sells.
type Good struct {
	Name  string
	Price int64 // in the smallest unit of the currency of the vendor's locale
}

// Catalogue is the vendors of a group of mails.
type Catalogue struct{ vendors []Vendor }

// ParseCatalogue reads vendors, two lines each: what they are, and what they
// sell for how much. Empty lines are skipped. A trade may follow the category.
//
//	de-DE office/paper | Kranich Bürobedarf + GmbH | kranich.example | Kai 14, 20457 Hamburg | 040 555 01 90
//	Ordner 3.49; Locher 12.90
//
// # Errors
//
// A line that has not that form, a locale or category the set doesn't know, or
// goods without a price are errors that name the line.
func ParseCatalogue(text string) (Catalogue, error) {
	var c Catalogue
	var open *Vendor
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		switch {
		case line == "":
		case open == nil:
			v, err := parseVendor(line)
			if err != nil {
				return Catalogue{}, fmt.Errorf("parse catalogue: line %d: %w", i+1, err)
			}
			open = &v
		default:
			goods, err := parseGoods(line, open.Locale == "ja-JP")
			if err != nil {
				return Catalogue{}, fmt.Errorf("parse catalogue: line %d: %w", i+1, err)
			}
			open.Goods = goods
			c.vendors = append(c.vendors, *open)
			open = nil
		}
	}
	if open != nil {
		return Catalogue{}, fmt.Errorf("parse catalogue: %s sells nothing", open.Name)
	}
	return c, nil
}

// Vendors returns those of a locale and one of the categories, each alone or with
// a trade ("transport/fuel"); of all categories, if none is given.
func (c Catalogue) Vendors(locale string, categories ...string) []Vendor {
	var found []Vendor
	for _, v := range c.vendors {
		if v.Locale == locale && (len(categories) == 0 || slices.Contains(categories, v.Category) || slices.Contains(categories, v.Category+"/"+v.Trade)) {
			found = append(found, v)
		}
	}
	return found
}

func parseVendor(line string) (Vendor, error) {
	cells := strings.Split(line, "|")
	if len(cells) != 5 {
		return Vendor{}, fmt.Errorf("vendor has %d cells, want 5", len(cells))
	}
	for i := range cells {
		cells[i] = strings.TrimSpace(cells[i])
	}
	locale, category, _ := strings.Cut(cells[0], " ")
	category, trade, _ := strings.Cut(category, "/")
	if !slices.Contains(mailset.Locales(), locale) || !slices.Contains(mailset.Categories(), category) {
		return Vendor{}, fmt.Errorf("%q is no locale and category", cells[0])
	}
	name, form, _ := strings.Cut(cells[1], " + ")
	return Vendor{
		Locale: locale, Category: category, Trade: trade, Name: name, Legal: strings.TrimSpace(name + " " + form),
		Domain: cells[2], Address: cells[3], Phone: cells[4],
	}, nil
}

func parseGoods(line string, whole bool) ([]Good, error) {
	var goods []Good
	for entry := range strings.SplitSeq(line, ";") {
		entry = strings.TrimSpace(entry)
		cut := strings.LastIndex(entry, " ")
		if cut < 0 {
			return nil, fmt.Errorf("%q has no price", entry)
		}
		digits := entry[cut+1:]
		if !whole {
			units, cents, _ := strings.Cut(digits, ".")
			if len(cents) != 2 {
				return nil, fmt.Errorf("price of %q has not two decimals", entry)
			}
			digits = units + cents
		}
		price, err := strconv.ParseInt(digits, 10, 64)
		if err != nil || price <= 0 {
			return nil, fmt.Errorf("price of %q is no amount", entry)
		}
		goods = append(goods, Good{Name: entry[:cut], Price: price})
	}
	return goods, nil
}
