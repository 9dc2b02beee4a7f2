package purchase_test

import (
	"strings"
	"testing"

	"github.com/airlock-run/airlock/internal/mailset/dice"
	"github.com/airlock-run/airlock/internal/mailset/purchase"
)

const shops = `
de-DE office/paper | Kranich Bürobedarf + GmbH | kranich.example | Kai 14, 20457 Hamburg | 040 555 01 90
Ordner 3.49; Locher, 2 Löcher 12.90; Kopierpapier 24.95

ja-JP groceries | みどり青果店 | midori.example | 東京都台東区1-1 | 03-5550-0101
りんご 398; 白菜 250
`

func TestCatalogue(t *testing.T) {
	t.Parallel()
	c, err := purchase.ParseCatalogue(shops)
	if err != nil {
		t.Fatal(err)
	}
	office := c.Vendors("de-DE", "office/paper")
	if len(office) != 1 || office[0].Legal != "Kranich Bürobedarf GmbH" || office[0].Goods[1] != (purchase.Good{Name: "Locher, 2 Löcher", Price: 1290}) {
		t.Errorf("vendors of paper are %+v", office)
	}
	if yen := c.Vendors("ja-JP"); len(yen) != 1 || yen[0].Goods[0].Price != 398 {
		t.Errorf("vendors of Japan are %+v", yen)
	}
	if none := c.Vendors("de-DE", "office/fuel"); len(none) != 0 {
		t.Errorf("vendors of fuel are %+v", none)
	}
}

func TestParseCatalogueRefuses(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ text, want string }{
		"cells":       {"de-DE office | Kranich", "line 1: vendor has 2 cells"},
		"category":    {"de-DE fun | a | b | c | d", "no locale and category"},
		"no goods":    {"de-DE office | a | b | c | d", "a sells nothing"},
		"no price":    {"de-DE office | a | b | c | d\nOrdner", "line 2"},
		"no decimals": {"de-DE office | a | b | c | d\nOrdner 3", "two decimals"},
		"no amount":   {"ja-JP office | a | b | c | d\nりんご -3", "no amount"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := purchase.ParseCatalogue(tt.text); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error is %v, want %q in it", err, tt.want)
			}
		})
	}
}

func TestAmountsAddUp(t *testing.T) {
	t.Parallel()
	c, err := purchase.ParseCatalogue(shops)
	if err != nil {
		t.Fatal(err)
	}
	vendor := c.Vendors("de-DE")[0]
	chance := dice.New("add up")
	for _, added := range []bool{false, true} {
		for range 200 {
			p := purchase.New(chance, vendor, purchase.Terms{
				Least: 2, Most: 6, Quantity: 4, Discount: true, Shipping: true, Tip: true, Rates: []int64{1900, 700}, Added: added,
			})
			var goods, tax int64
			for _, line := range p.Lines {
				if line.Carried != goods || line.Amount != line.Price*line.Quantity {
					t.Fatalf("line is %+v after %d", line, goods)
				}
				goods += line.Amount
			}
			for _, rate := range p.Taxes {
				tax += rate.Amount
			}
			total := goods - p.Discount + p.Shipping + p.Tip
			if added {
				total += tax
			}
			if p.Goods != goods || p.Tax != tax || p.Total != total || p.Net+p.Tax+p.Tip != total || p.Total <= 0 {
				t.Fatalf("added %t: %+v", added, p)
			}
		}
	}
}
