package receipt

import (
	"strings"
	"testing"
)

// TestTotals holds what a document cost where the words alone do not tell.
func TestTotals(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		text, want string // the total; empty where there is none
		agrees     bool
	}{
		"the only amount":                {"Thank you\nCoffee for two, $9.50", "9.50", false},
		"beside a way to pay":            {"Seat 12, $9.00\nSeat 14, $7.00\nVisa ending in 4242  $15.00", "15.00", false},
		"what the amounts above come to": {"Base fare  $4.00\nDistance  $6.10\nTime  $1.90\nA pleasant ride  $12.00", "12.00", true},
		"what stands alone at the top":   {"Thanks for riding\n$31.18\nFare  $20.00\nKilometres  $9.10", "31.18", false},
		"of the first of two equal":      {"Tea  $3.00\nCake  $4.00\nTotal  $7.00\nTotal points earned  $7.00", "7.00", true},
		"before a gift card":             {"Lamp  $40.00\nOrder total  $40.00\nGift card  -$15.00\nAmount due  $25.00", "40.00", false},
		"before an earlier balance":      {"Previous balance  £18.00\nThis bill  \nTotal charges  £30.00\nTotal due  £48.00", "30.00", false},
		"articles, unit prices between":  {"Tea\n2 x $1.50  $3.00\nCake\n1 x $4.00  $4.00\nTo pay  $7.00", "7.00", true},
		"no amount":                      {"Thank you for your order", "", false},
		"amounts that say nothing":       {"From $5.00\nFrom $7.00\nFrom $9.00", "", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := addUp(readLines(test.text))
			total := ""
			if got.found {
				total = got.total.amount.String()
			}
			if total != test.want || got.agrees != test.agrees {
				t.Errorf("total %q, agrees %t, want %q, %t", total, got.agrees, test.want, test.agrees)
			}
		})
	}
}

// TestItemised holds how many articles come to a total, be each one told in one line or in more.
func TestItemised(t *testing.T) {
	t.Parallel()
	const many = 6
	for name, article := range map[string]string{
		"a line each":           "Lentils, 500 g  $2.00\n",
		"a line of two amounts": "Lentils, 500 g  $0.70  $2.00\n",
		"a name above":          "Lentils, 500 g\n$2.00\n",
	} {
		for _, n := range []int{someItems - 1, many} {
			text := strings.Repeat(article, n) + "To pay  $" + Amount(2*n*amountUnit).String()
			if got := addUp(readLines(text)); got.itemised() != (n == many) {
				t.Errorf("%s: itemised is %t with %d articles (%d found, %d parts), total %s", name, got.itemised(), n, len(got.items), got.parts, got.total.amount)
			}
		}
	}
}
