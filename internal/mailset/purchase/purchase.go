package purchase

import (
	"time"

	"github.com/airlock-run/airlock/internal/mailset/dice"
)

// Terms says what kind of purchase to make up.
type Terms struct {
	// Least and Most lines; 0 means one and three. A vendor's goods come again
	// if there are fewer of them.
	Least, Most int
	// Quantity is the most pieces of a line; 0 means one.
	Quantity int
	// Discount, Shipping and Tip say that there is one.
	Discount, Shipping, Tip bool
	// Rates of tax in hundredths of a percent. Lines have them in turn; what
	// else is paid has the first. There are none if the document says nothing
	// of taxes.
	Rates []int64
	// Added says that prices are without tax, which is added to them.
	Added bool
}

// Line is one of a receipt. Amount is Quantity times Price.
type Line struct {
	Name            string
	Quantity        int64
	Price, Amount   int64
	Rate            int64
	Number, Carried int64 // its place from 1 on; the sum of the lines before it
}

// Tax is what is paid at one rate, on the base without it.
type Tax struct{ Rate, Base, Amount int64 }

// Purchase is what was bought. Amounts are in the smallest unit of the currency.
type Purchase struct {
	Vendor
	Day   time.Time
	Lines []Line
	// Goods is the sum of the lines.
	Goods, Discount, Shipping, Tip int64
	Taxes                          []Tax
	Added                          bool // prices are without tax
	// Tax is the sum of the taxes, Net what the total is without it.
	Tax, Net, Total int64
}

// New makes up a purchase of a vendor that has goods.
func New(d *dice.Dice, v Vendor, t Terms) Purchase {
	first := time.Date(2025, time.January, 2, 0, 0, 0, 0, time.UTC)
	p := Purchase{Vendor: v, Added: t.Added, Day: first.AddDate(0, 0, d.N(640))}
	p.lines(d, t)
	if t.Discount {
		p.Discount = p.part(d, 5, 20)
	}
	if t.Shipping {
		p.Shipping = p.round(p.part(d, 3, 12))
	}
	p.tax(t)
	p.Total = p.Goods - p.Discount + p.Shipping
	if t.Added {
		p.Total += p.Tax
	}
	p.Net = p.Total - p.Tax
	if t.Tip {
		p.Tip = p.round(p.part(d, 8, 20))
		p.Total += p.Tip
	}
	return p
}

func (p *Purchase) lines(d *dice.Dice, t Terms) {
	least, most := t.Least, t.Most
	if least == 0 {
		least = 1
	}
	if most == 0 {
		most = max(least, 3)
	}
	start := d.N(len(p.Vendor.Goods))
	for i := range d.Between(least, most) {
		good := p.Vendor.Goods[(start+i)%len(p.Vendor.Goods)]
		quantity := int64(1)
		if t.Quantity > 1 {
			quantity = int64(d.Between(1, t.Quantity))
		}
		price := good.Price + p.round(good.Price*int64(d.N(20))/100)
		line := Line{Name: good.Name, Quantity: quantity, Price: price, Amount: quantity * price, Number: int64(i + 1), Carried: p.Goods}
		if len(t.Rates) > 0 {
			line.Rate = t.Rates[i%len(t.Rates)]
		}
		p.Lines = append(p.Lines, line)
		p.Goods += line.Amount
	}
}

// tax works out each rate. A discount and shipping count at the first.
func (p *Purchase) tax(t Terms) {
	for i, rate := range t.Rates {
		var gross int64
		for _, line := range p.Lines {
			if line.Rate == rate {
				gross += line.Amount
			}
		}
		if i == 0 {
			gross += p.Shipping - p.Discount
		}
		if gross <= 0 {
			continue
		}
		tax := Tax{Rate: rate, Base: gross}
		if t.Added {
			tax.Amount = half(gross*rate, 10000)
		} else {
			tax.Amount = half(gross*rate, 10000+rate)
			tax.Base -= tax.Amount
		}
		p.Taxes = append(p.Taxes, tax)
		p.Tax += tax.Amount
	}
}

// part is some percent of the goods, at least 1.
func (p *Purchase) part(d *dice.Dice, least, most int) int64 {
	return max(1, p.Goods*int64(d.Between(least, most))/100)
}

// round makes an amount one of those people ask for: full tens.
func (p *Purchase) round(amount int64) int64 { return amount / 10 * 10 }

// half divides and rounds to the nearest.
func half(a, b int64) int64 { return (a + b/2) / b }
