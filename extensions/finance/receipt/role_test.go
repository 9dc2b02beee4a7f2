package receipt

import (
	"fmt"
	"strings"
	"testing"
)

// TestRoles holds what lines say of their amounts: the role's name and the amount, in order.
func TestRoles(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"Order total: $12.50. Tax: $1.00.":                                  "total 12.50, tax 1.00",
		"We charged $12.50, including $1.00 tax.":                           "total 12.50, tax 1.00",
		"Subtotal $10.00  Shipping $2.00  Total $12.00":                     "subtotal 10.00, shipping 2.00, total 12.00",
		"Gesamtbetrag (inkl. 19 % MwSt.)  12,50 €":                          "total 12.50",
		"zzgl. 19 % MwSt.  2,00 €":                                          "tax 2.00",
		"Montant total de la TVA 2,10 €":                                    "taxsum 2.10",
		"Total items: 3  Total savings $4.00":                               "discount 4.00",
		"合計（税込）　2,280円":                                                     "total 2280.00",
		"（内消費税　207円）":                                                       "tax 207.00",
		"合計 1,200":                                                          "total 1200.00",
		"Total\n$12.00":                                                     "total 12.00",
		"Subtotal\nTax\nTotal\n$10.00\n$2.00\n$12.00":                       "subtotal 10.00, tax 2.00, total 12.00",
		"Rate  Net  VAT  Gross\n20 %  £10.00  £2.00  £12.00":                "subtotal 10.00, tax 2.00, total 12.00",
		"VAT No 12345\nCall 555 0199\nLamp 12.00":                           "- 12.00",
		"Previous balance £18.00":                                           "prior 18.00",
		"Rückgeld 4,27":                                                     "change 4.27",
		"Imponibile  IVA  Totale\n100,00  22,00  122,00":                    "subtotal 100.00, tax 22.00, total 122.00",
		"hai pagato 122,00 EUR: 100,00 di imponibile e 22,00 di IVA":        "total 122.00, subtotal 100.00, tax 22.00",
		"Total 120,00 € TTC, soit 20,00 € de taxes":                         "total 120.00, tax 20.00",
		"soit 100,00 € HT et 20,00 € de TVA":                                "other 100.00, tax 20.00",
		"Im Betrag von 119,00 € sind 19,00 € Umsatzsteuer (19 %) enthalten": "total 119.00, tax 19.00",
		"Tracked 48 (VAT 20%)  £9.73":                                       "- 9.73",
		"Visa 3243":                                                         "",
		"20% off  -£7.06":                                                   "- -7.06",
		"I.V.A. (21%): 21,00 €":                                             "tax 21.00",
		"Total (3 items)  $12.00":                                           "total 12.00",
		"$12.00\nTotal":                                                     "total 12.00",
		"Total\n(incl. VAT)\n$12.00":                                        "total 12.00",
		"Order  Date  Total\n4711  2 May  $12.00":                           "total 12.00",
		"合計（円）　1,200":                                                       "total 1200.00",
	} {
		var got []string
		for _, l := range readLines(text) {
			for _, m := range l.money {
				name := "-"
				for i := range topicNames {
					if m.role.is == 1<<i {
						name = topicNames[i]
					}
				}
				got = append(got, fmt.Sprintf("%s %s", name, m.amount))
			}
		}
		if got := strings.Join(got, ", "); got != want {
			t.Errorf("%q has %s, want %s", text, got, want)
		}
	}
}

func TestLanguage(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"Thank you for your order. Total $5.00":         "en",
		"Vielen Dank für Ihre Bestellung. Summe 5,00 €": "de",
		"Merci pour votre commande. Total 5,00 €":       "fr",
		"Gracias por su compra. Total 5,00 €":           "es",
		"Grazie per il tuo ordine. Totale 5,00 €":       "it",
		"Bedankt voor je bestelling. Totaal € 5,00":     "nl",
		"Obrigado pela sua compra. Total R$ 5,00":       "pt",
		"ご注文ありがとうございます。合計 500円":                         "ja",
		"": "en",
	} {
		if got := Language(text, Hints{}); got != want {
			t.Errorf("%q is %s, want %s", text, got, want)
		}
	}
	if got := Language("Total 5,00", Hints{ContentLanguage: "it-IT"}); got != "it" {
		t.Errorf("what is said to be Italian is %s", got)
	}
}

func TestTablesOfWords(t *testing.T) {
	t.Parallel()
	count := 0
	for _, slot := range phrases() {
		for _, p := range slot {
			if count++; p.text != fold(p.text) || p.languages == 0 || p.topics == 0 && p.method == 0 {
				t.Errorf("phrase %+v", p)
			}
		}
	}
	if count < 4000 {
		t.Errorf("%d phrases", count)
	}
}
