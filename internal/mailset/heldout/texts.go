package heldout

import (
	"github.com/airlock-run/airlock/internal/mailset"
	"github.com/airlock-run/airlock/internal/mailset/envelope"
	"github.com/airlock-run/airlock/internal/mailset/layout"
	"github.com/airlock-run/airlock/internal/mailset/purchase"
)

func texts() []layout.Layout {
	return []layout.Layout{dotted(), prose(), meter()}
}

// dotted is a bill in plain text whose lines are led by dots.
func dotted() layout.Layout {
	return layout.Layout{
		Name: "ho-dotted", Count: 6, Locales: "it-IT en-GB pt-PT nl-NL", Categories: "telecom",
		Kind: mailset.KindInvoice, Source: mailset.SourceText, Tells: "tax order items payment",
		Terms: purchase.Terms{Least: 2, Most: 4, Rates: []int64{layout.Usual}, Added: true},
		Order: "########/#", Paid: "debit",
		Words: `
		| subject                     | hello       | intro                                         | nr                | from             | period                 | charges            | net                | tax  | total                        | debit               | when                  | by
it-IT	| La tua bolletta è pronta    | Ciao        | ecco il riepilogo del tuo conto.              | Conto n.          | Emesso il        | Periodo di riferimento | CANONI E SERVIZI   | Imponibile         | IVA  | TOTALE CONTO                 | addebito diretto    | Addebito il           | tramite
en-GB	| Your latest bill            | Hi          | here's a summary of this month's bill.        | Bill no.          | Bill date        | Billing period         | YOUR CHARGES       | Before VAT         | VAT  | THIS MONTH'S BILL            | Direct Debit        | We'll collect it on   | by
pt-PT	| A sua fatura já está disponível | Olá     | aqui fica o resumo da sua fatura.             | Fatura n.º        | Data de emissão  | Período de faturação   | SERVIÇOS           | Valor sem IVA      | IVA  | VALOR DA FATURA              | débito direto       | Cobrança em           | por
nl-NL	| Je maandnota staat klaar    | Hoi         | dit is het overzicht van je maandnota.        | Notanummer        | Notadatum        | Periode                | ABONNEMENT EN EXTRA'S | Exclusief btw   | btw  | TOTAAL DEZE MAAND            | automatische incasso| We schrijven af op    | via
`,
		From: `{{.Vendor.Name}}`, Subject: `{{w "subject"}}`,
		Body: func(d *layout.Draft) envelope.Part {
			return envelope.Text("text/plain", "utf-8", envelope.QuotedPrintable, d.Write(`{{w "hello"}} {{.Reader.First}},

{{w "intro"}}

{{dots 36 (w "nr")}} {{.Order}}
{{dots 36 (w "from")}} {{day .Day}}
{{dots 36 (w "period")}} {{two (in -30 .Day)}} - {{two (in -1 .Day)}}

{{w "charges"}}
{{range .Lines}}  {{dots 44 .Name}} {{pad 10 (m .Amount)}}
{{end}}
  {{dots 44 (w "net")}} {{pad 10 (m .Net)}}
{{range .Taxes}}  {{dots 44 (printf "%s %s%%" (w "tax") (p .Rate))}} {{pad 10 (m .Amount)}}
{{end}}  {{dots 44 (w "total")}} {{pad 10 (m .Total)}}

{{w "when"}} {{day (in 14 .Day)}} {{w "by"}} {{w "debit"}}.

--
{{.Vendor.Legal}}
{{.Vendor.Address}}
Tel. {{.Vendor.Phone}}
`))
		},
	}
}

// prose says it all in sentences, as a person would, with other amounts around.
func prose() layout.Layout {
	return layout.Layout{
		Name: "ho-prose", Count: 6, Locales: "de-DE en-US es-ES fr-FR", Categories: "insurance education",
		Kind: mailset.KindReceipt, Source: mailset.SourceText, Tells: "order payment",
		Terms: purchase.Terms{Least: 1, Most: 1}, Order: "?-####.####", Paid: "card,bank",
		Words: `
		| subject                        | card          | bank
de-DE	| Zahlungseingang bestätigt      | Kreditkarte   | Überweisung
en-US	| We got your payment            | credit card   | bank transfer
es-ES	| Hemos recibido su pago         | tarjeta       | transferencia bancaria
fr-FR	| Votre règlement est bien arrivé| carte bancaire| virement
`,
		From: `{{.Vendor.Name}}`, Subject: `{{w "subject"}}`, Charset: "windows-1252",
		Body: func(d *layout.Draft) envelope.Part {
			text := map[string]string{
				"de-DE": `Guten Tag {{.Reader.Name}},

vielen Dank. Ihre Zahlung über {{m .Total}} per {{.Method}} ist am {{long .Day}}
bei uns eingegangen. Sie betrifft: {{(index .Lines 0).Name}}, Vorgang {{.Order}}.
Dieses Schreiben gilt als Quittung; bitte heben Sie es für Ihre Steuer auf.

Übrigens: Für nur 4,90 € mehr im Monat erweitern Sie Ihren Schutz. Sprechen Sie
uns an, Sie erreichen uns unter {{.Vendor.Phone}}.

Mit freundlichen Grüßen
{{.Vendor.Legal}}
{{.Vendor.Address}}
`,
				"en-US": `Dear {{.Reader.Name}},

This note is your receipt. On {{long .Day}} you paid {{m .Total}} by {{.Method}} for
"{{(index .Lines 0).Name}}". Keep confirmation {{.Order}} for your records.

Materials worth {{m (part 20 .Total)}} are included at no extra cost, and you can
cancel within 14 days. Reach us at {{.Vendor.Phone}}.

Warmly,
{{.Vendor.Legal}}
{{.Vendor.Address}}
`,
				"es-ES": `Estimado/a {{.Reader.Name}}:

Le confirmamos que el {{long .Day}} hemos recibido su pago de {{m .Total}} mediante
{{.Method}}, correspondiente a {{(index .Lines 0).Name}}. Su número de recibo es
{{.Order}}. Guarde este mensaje como justificante.

Recuerde que la franquicia de su póliza es de 150,00 €. Para cualquier duda llame
al {{.Vendor.Phone}}.

Atentamente,
{{.Vendor.Legal}}
{{.Vendor.Address}}
`,
				"fr-FR": `Bonjour {{.Reader.Name}},

Nous accusons réception de votre règlement de {{m .Total}}, reçu le {{long .Day}}
par {{.Method}}, pour {{(index .Lines 0).Name}}. Ce message vaut reçu sous le
numéro {{.Order}}.

Pour mémoire, toute séance supplémentaire est facturée 35,00 €. Notre secrétariat
est joignable au {{.Vendor.Phone}}.

Bien cordialement,
{{.Vendor.Legal}}
{{.Vendor.Address}}
`,
			}[d.Locale]
			return envelope.Text("text/plain", "windows-1252", envelope.EightBit, d.Write(text))
		},
	}
}

// meter is a bill of a utility in Latin 1, which has no euro sign. What is left
// from the last bill is paid with this one, but not part of it.
func meter() layout.Layout {
	return layout.Layout{
		Name: "ho-meter", Count: 6, Locales: "es-ES it-IT pt-PT fr-FR", Categories: "utilities",
		Kind: mailset.KindInvoice, Source: mailset.SourceText, Tells: "tax order",
		Terms: purchase.Terms{Least: 2, Most: 4, Rates: []int64{layout.Both}, Added: true},
		Order: "##-####-######",
		Words: `
		| subject                         | title                     | client                  | nr                 | on                  | use                  | concept         | sum                   | base             | tax   | total                        | before                     | paid                       | until
es-ES	| Factura disponible              | FACTURA DE SUMINISTRO     | Titular                 | Núm. de factura    | Fecha de emisión    | Lectura (kWh/m3)     | Concepto        | Suma de conceptos     | base             | IVA   | IMPORTE DE ESTA FACTURA      | Saldo factura anterior     | Su pago, gracias           | Fecha límite de pago
it-IT	| Bolletta disponibile            | BOLLETTA FORNITURA        | Intestatario            | Numero bolletta    | Data emissione      | Lettura (kWh/mc)     | Voce            | Somma delle voci      | imponibile       | IVA   | TOTALE BOLLETTA              | Saldo bolletta precedente  | Pagamento ricevuto, grazie | Scadenza
pt-PT	| Fatura disponível               | FATURA DE FORNECIMENTO    | Titular                 | Fatura n.          | Data de emissão     | Leitura (kWh/m3)     | Descrição       | Soma dos serviços     | base             | IVA   | TOTAL DESTA FATURA           | Saldo da fatura anterior   | Pagamento recebido         | Data limite de pagamento
fr-FR	| Votre facture est disponible    | FACTURE D'ÉNERGIE         | Titulaire               | Facture n°         | Date de facture     | Relevé (kWh)         | Libellé         | Somme des postes      | base             | TVA   | TOTAL FACTURE TTC            | Solde facture précédente   | Votre paiement, merci      | À payer avant le
`,
		From: `{{.Vendor.Name}}`, Subject: `{{w "subject"}}`, Charset: "iso-8859-1",
		Body: func(d *layout.Draft) envelope.Part {
			return envelope.Text("text/plain", "iso-8859-1", envelope.QuotedPrintable, d.Write(`{{.Vendor.Legal}}
{{.Vendor.Address}} - {{.Vendor.Phone}}

        {{w "title"}}

{{w "client"}}: {{.Reader.Name}}, {{.Reader.Street}}
{{w "nr"}}: {{.Order}}
{{w "on"}}: {{day .Day}}
{{w "use"}}: {{fill "#####"}} > {{fill "######"}}

{{left 42 (w "concept")}}{{pad 16 "EUR"}}
==========================================================
{{range .Lines}}{{left 42 .Name}}{{pad 16 (n .Amount)}}
{{end}}----------------------------------------------------------
{{left 42 (w "sum")}}{{pad 16 (n .Goods)}}
{{$x := w "tax"}}{{$b := w "base"}}{{range .Taxes}}{{left 42 (printf "%s %s%% (%s %s)" $x (p .Rate) $b (n .Base))}}{{pad 16 (n .Amount)}}
{{end}}==========================================================
{{left 42 (w "total")}}{{pad 16 (n .Total)}} EUR

{{left 42 (w "before")}}{{pad 16 (n (part 93 .Total))}}
{{left 42 (w "paid")}}{{pad 16 (n (minus (part 93 .Total)))}}
{{w "until"}}: {{day (in 20 .Day)}}
`))
		},
	}
}
