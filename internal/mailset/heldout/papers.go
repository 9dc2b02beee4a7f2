package heldout

import (
	"github.com/airlock-run/airlock/internal/mailset"
	"github.com/airlock-run/airlock/internal/mailset/envelope"
	"github.com/airlock-run/airlock/internal/mailset/layout"
	"github.com/airlock-run/airlock/internal/mailset/purchase"
)

func papers() []layout.Layout {
	return []layout.Layout{ledger(), letter(), strip(), summary(), dunned(), railway()}
}

// letter is a business letter with an invoice in columns.
func letter() layout.Layout {
	return layout.Layout{
		Name: "ho-letter", Count: 6, Locales: "de-DE fr-FR it-IT es-ES", Categories: "office shopping",
		Kind: mailset.KindInvoice, Source: mailset.SourcePDFText, Tells: "tax order items payment",
		Terms: purchase.Terms{Least: 2, Most: 5, Quantity: 5, Rates: []int64{layout.Usual}, Added: true, Discount: true},
		Order: "####-#####", Paid: "bank",
		Words: `
		| subject                   | see                                   | file                | title     | nr              | on               | cust          | pos   | what         | qty     | unit          | amount    | sum              | off            | tax       | total               | bank               | pay
de-DE	| Ihre Rechnung zum Auftrag | anbei erhalten Sie unsere Rechnung.   | Beleg_Nr_           | RECHNUNG  | Rechnungs-Nr.   | Datum            | Kunden-Nr.    | Pos.  | Bezeichnung  | Menge   | Preis/Stück   | Gesamt    | Summe netto      | Nachlass       | MwSt.     | Zu zahlen           | Banküberweisung    | Zahlbar ohne Abzug bis
fr-FR	| Facture de votre commande | veuillez trouver ci-joint la facture. | Facture_n°_         | FACTURE   | N° de facture   | Le               | N° client     | Réf.  | Désignation  | Quantité| P.U. HT       | Total HT  | Total HT         | Remise         | TVA       | Net à payer         | virement bancaire  | À régler avant le
it-IT	| Fattura del Suo ordine    | in allegato trova la nostra fattura.  | Fattura_perché_no_  | FATTURA   | Fattura nr.     | Del              | Codice cliente| Rif.  | Descrizione  | Quantità| Prezzo unit.  | Importo   | Totale merce     | Abbuono        | IVA       | Totale a pagare     | bonifico bancario  | Da saldare entro il
es-ES	| Factura de su pedido      | adjuntamos la factura de su pedido.   | Factura_núm_        | FACTURA   | Factura núm.    | Fecha            | Cód. cliente  | Ref.  | Artículo     | Unidades| P. unitario   | Importe   | Suma importes    | Descuento      | IVA       | Total a pagar       | transferencia bancaria | Vencimiento
`,
		From: `{{.Vendor.Name}}`, Subject: `{{w "subject"}} {{fill "######"}}`,
		Body: func(d *layout.Draft) envelope.Part {
			return envelope.Group("mixed", d.Boundary(),
				envelope.Text("text/plain", "utf-8", envelope.QuotedPrintable, d.Write(`{{.Reader.Name}},

{{w "see"}}

{{.Vendor.Legal}}
`)),
				envelope.File("application/pdf", d.Write(`{{w "file"}}{{.Order}}.pdf`), d.PDF(letterPaper)))
		},
	}
}

const letterPaper = `.page 210 297
.font sans 8
.stops 190R
.lead 4
{{.Vendor.Legal}}
{{.Vendor.Address}}
{{.Vendor.Phone}} - www.{{.Vendor.Domain}}
.y 48
.stops 25L 190R
.font sans 10.5
.lead 5
{{.Reader.Name}} | {{w "on"}}: {{long .Day}}
{{.Reader.Street}} | {{w "cust"}}: {{fill "######"}}
{{.Reader.Town}} | {{w "nr"}} {{.Order}}
.y 88
.font sans 15 bold
{{w "title"}}
.gap 6
.font sans 9 bold
.stops 25L 38L 128R 158R 190R
{{w "pos"}} | {{w "what"}} | {{w "qty"}} | {{w "unit"}} | {{w "amount"}}
.rule 25 190
.gap 2
.font sans 9
.lead 6
{{range .Lines}}{{.Number}} | {{.Name}} | {{.Quantity}} | {{n .Price}} | {{n .Amount}}
{{end}}.rule 120 190
.gap 2
.stops 150R 190R
{{w "sum"}} | {{n .Goods}}
{{w "off"}} | {{n (minus .Discount)}}
{{range .Taxes}}{{p .Rate}} % {{w "tax"}} / {{n .Base}} | {{n .Amount}}
{{end}}.font sans 10.5 bold
{{w "total"}} {{.Currency}} | {{n .Total}}
.rule 120 190
.font sans 9
.gap 12
.stops 25L
{{w "pay"}} {{day (in 30 .Day)}}, {{w "bank"}}
IBAN XX{{fill "## #### #### #### #### ##"}}, BIC {{fill "????XX##"}}
`

// ledger is an invoice of several pages, each with the sum carried over.
func ledger() layout.Layout {
	return layout.Layout{
		Name: "ho-ledger", Count: 6, Locales: "de-DE nl-NL en-GB it-IT", Categories: "office",
		Kind: mailset.KindInvoice, Source: mailset.SourcePDFText, Tells: "tax order",
		Terms: purchase.Terms{Least: 45, Most: 70, Quantity: 9, Rates: []int64{layout.Usual}, Added: true, Shipping: true},
		Order: "S-######",
		Words: `
		| subject               | text                                             | title                | on              | art        | number   | each    | line     | carry            | brought          | page   | ship           | goods            | tax                | total
de-DE	| Sammelrechnung        | die Sammelrechnung für den letzten Monat liegt bei. | Sammelrechnung    | ausgestellt am  | Artikel    | Anz.     | Einzel  | Betrag   | Übertrag         | Übertrag         | Seite  | Fracht         | Warenwert netto  | Umsatzsteuer       | Endbetrag
nl-NL	| Verzamelfactuur       | bijgaand de verzamelfactuur van de afgelopen maand. | Verzamelfactuur   | opgemaakt op    | Artikel    | Aant.    | Stuk    | Bedrag   | Transporteren    | Transport        | Blad   | Vracht         | Goederen excl.   | Omzetbelasting     | Eindbedrag
en-GB	| Monthly account invoice | your monthly account invoice is attached.        | Account invoice      | raised on       | Article    | No.      | Each    | Value    | Carried forward  | Brought forward  | Sheet  | Carriage       | Goods ex VAT     | Value added tax    | Grand total
it-IT	| Fattura riepilogativa | in allegato la fattura riepilogativa del mese.   | Fattura riepilogativa| emessa il       | Articolo   | Num.     | Prezzo  | Valore   | A riportare      | Riporto          | Foglio | Trasporto      | Merce netta      | Imposta IVA        | Totale generale
`,
		From: `{{.Vendor.Legal}}`, Subject: `{{w "subject"}} {{.Order}}`,
		Body: func(d *layout.Draft) envelope.Part {
			return envelope.Group("mixed", d.Boundary(),
				envelope.Group("alternative", d.Boundary(),
					envelope.Text("text/plain", "windows-1252", envelope.QuotedPrintable, d.Write("{{.Reader.First}}, {{w \"text\"}}\n\n{{.Vendor.Legal}}\n")),
					envelope.Text("text/html", "windows-1252", envelope.QuotedPrintable, d.Write("<p>{{.Reader.First}}, {{w \"text\"}}</p><p>{{.Vendor.Legal}}</p>"))),
				envelope.File("application/octet-stream", d.Write(`{{.Order}}.PDF`), d.PDF(ledgerPaper)))
		},
	}
}

const ledgerPaper = `{{$all := .}}{{range .Pages 22}}.page 210 297
.font sans 11 bold
.lead 6
.stops 15L 195R
{{$all.Vendor.Legal}} | {{w "title"}} {{$all.Order}}
.font sans 8
{{$all.Vendor.Address}} | {{w "on"}} {{day $all.Day}}
{{if eq .Number 1}}.gap 6
{{$all.Reader.Name}}
{{$all.Reader.Street}}
{{$all.Reader.Town}}
{{end}}.gap 6
.font sans 9 bold
.stops 15L 110R 150R 195R
{{w "art"}} | {{w "number"}} | {{w "each"}} | {{w "line"}}
.rule 15 195
.font sans 9
{{if .Brought}}{{w "brought"}} | | | {{n .Brought}}
{{end}}{{range .Lines}}{{.Name}} | {{.Quantity}} | {{n .Price}} | {{n .Amount}}
{{end}}{{if not .Last}}.rule 15 195
.gap 2
{{w "carry"}} | | | {{n .Carried}}
{{end}}.y 285
.stops 105C
{{w "page"}} {{.Number}}
{{end}}.y 200
.stops 150R 195R
.rule 100 195
.gap 3
{{w "goods"}} | {{n .Goods}}
{{w "ship"}} | {{n .Shipping}}
{{range .Taxes}}{{w "tax"}} {{p .Rate}} % | {{n .Amount}}
{{end}}.font sans 10 bold
{{w "total"}} | {{m .Total}}
`

// strip is what a till prints, as the PDF some tills mail.
func strip() layout.Layout {
	return layout.Layout{
		Name: "ho-strip", Count: 6, Locales: "pt-BR nl-NL it-IT es-ES", Categories: "groceries dining",
		Kind: mailset.KindReceipt, Source: mailset.SourcePDFText, Tells: "tax items payment",
		Terms: purchase.Terms{Least: 3, Most: 8, Quantity: 3, Rates: []int64{layout.Both}},
		Paid:  "cash,debitcard",
		Words: `
		| subject             | text                                    | bon                  | at           | sum          | total       | tax             | cash      | debitcard          | given       | back     | bye
pt-BR	| Seu cupom chegou    | Segue o cupom da sua compra.            | CUPOM                | EMISSÃO      | SUBTOTAL     | TOTAL R$    | TRIB            | Dinheiro  | Cartão de débito   | VALOR PAGO  | TROCO    | VOLTE SEMPRE
nl-NL	| Uw kassabon         | Hierbij de kassabon van uw bezoek.      | KASSABON             | DATUM        | SUBTOTAAL    | TOTAAL EUR  | BTW             | Contant   | Pinpas             | BETAALD     | WISSEL   | TOT ZIENS
it-IT	| Il tuo scontrino    | Ecco lo scontrino del tuo acquisto.     | DOCUMENTO COMMERCIALE| DATA         | SUBTOTALE    | TOTALE COMPLESSIVO | DI CUI IVA | Contanti | Bancomat       | PAGATO      | RESTO    | GRAZIE E ARRIVEDERCI
es-ES	| Su ticket           | Le enviamos el ticket de su compra.     | FACTURA SIMPLIFICADA | FECHA        | SUMA         | TOTAL (EUR) | CUOTA IVA       | Efectivo  | Tarjeta débito     | ENTREGADO   | CAMBIO   | GRACIAS POR SU VISITA
`,
		From: `{{.Vendor.Name}}`, Subject: `{{w "subject"}}`,
		Body: func(d *layout.Draft) envelope.Part {
			return envelope.Group("mixed", d.Boundary(),
				envelope.Text("text/html", "utf-8", envelope.QuotedPrintable, d.Write(`<p>{{w "text"}}</p>`)),
				envelope.File("application/pdf", d.Write(`{{fill "##########"}}.pdf`), d.PDF(stripPaper)))
		},
	}
}

const stripPaper = `.page 80 0
.font mono 10 bold
.stops 40C
.lead 4.2
{{upper .Vendor.Name}}
.font mono 7.5
.lead 3.6
{{.Vendor.Address}}
TEL {{.Vendor.Phone}}
{{w "bon"}} {{fill "####/#####"}}
{{w "at"}} {{day .Day}} {{fill "1#:2#"}}
.stops 6L 74R
- - - - - - - - - - - - - - - - - - -
{{range .Lines}}{{if gt .Quantity 1}}{{.Quantity}} X {{n .Price}}
{{end}}{{left 26 .Name}} | {{n .Amount}}
{{end}}- - - - - - - - - - - - - - - - - - -
{{w "sum"}} | {{n .Goods}}
.font mono 10 bold
.lead 5
{{w "total"}} | {{n .Total}}
.font mono 7.5
.lead 3.6
{{range .Taxes}}{{w "tax"}} {{p .Rate}}% | {{n .Amount}}
{{end}}{{.Method}} |
{{w "given"}} | {{n .Total}}
{{w "back"}} | {{n 0}}
.stops 40C
.gap 3
*** {{w "bye"}} ***
{{fill "#### #### #### ####"}}
`

// summary is a bill with a box of its own for the sum, beside what it's made of.
func summary() layout.Layout {
	return layout.Layout{
		Name: "ho-summary", Count: 6, Locales: "en-GB fr-FR pt-PT en-US", Categories: "telecom",
		Kind: mailset.KindInvoice, Source: mailset.SourcePDFText, Tells: "tax order",
		Terms: purchase.Terms{Least: 2, Most: 4, Rates: []int64{layout.Usual}, Added: true},
		Order: "## ### ### ##",
		Words: `
		| subject                 | text                                                 | bill              | on             | acct               | box                 | due              | what                     | tax        | total               | before                   | paid                      | call
en-GB	| Bill ready to view      | Your bill for this month is attached as a PDF.       | Bill reference    | Dated          | Account            | This bill comes to  | Taken from your bank on | What's in your bill | VAT at     | Bill total inc VAT  | Last bill                | Payment received          | Calls to 0871 numbers cost 13.00p a minute
fr-FR	| Facture disponible      | Votre facture du mois est jointe au format PDF.      | Référence facture | Éditée le      | Compte             | Montant de la facture | Prélevé le     | Détail de la facture     | TVA à      | Total facturé TTC   | Facture précédente       | Règlement reçu            | Appels vers les numéros spéciaux : 0,80 € la minute
pt-PT	| Fatura disponível       | A fatura deste mês segue em anexo (PDF).             | Referência        | Emitida a      | Conta              | Valor desta fatura  | Débito a         | Detalhe da fatura        | IVA a      | Total com IVA       | Fatura anterior          | Pagamento recebido        | Chamadas para números especiais: 0,49 € por minuto
en-US	| Your statement of service | This month's service invoice is attached.          | Invoice ID        | Invoice date   | Account            | New charges         | AutoPay on       | Service details          | Taxes at   | Total new charges   | Previous balance         | Payment, thank you        | Directory assistance: $2.49 per call
`,
		From: `{{.Vendor.Name}}`, Subject: `{{w "subject"}}`,
		Body: func(d *layout.Draft) envelope.Part {
			return envelope.Group("mixed", d.Boundary(),
				envelope.Text("text/plain", "utf-8", envelope.Base64, d.Write("{{w \"text\"}}\n\n{{.Vendor.Name}}\n")),
				envelope.File("application/pdf", d.Write(`{{w "bill"}} {{.Order}}.pdf`), d.PDF(summaryPaper)))
		},
	}
}

const summaryPaper = `.page 210 297
.font sans 22 bold
.stops 18L
.lead 9
{{.Vendor.Name}}
.font sans 9
.y 30
.lead 5
.stops 18L 60L 125L
{{w "bill"}} | {{.Order}} | {{.Reader.Name}}
{{w "acct"}} | {{fill "#########"}} | {{.Reader.Street}}
{{w "on"}} | {{long .Day}} | {{.Reader.Town}}
.y 60
.rule 18 80
.stops 22L 95L 192R
.gap 3
.font sans 10
{{w "box"}} | {{w "what"}}
.font sans 20 bold
.lead 9
{{m .Total}}
.font sans 9
.lead 5
{{w "due"}}
{{long (in 12 .Day)}}
.rule 18 80
.y 72
{{range .Lines}} | {{.Name}} | {{m .Amount}}
{{end}}{{range .Taxes}} | {{w "tax"}} {{p .Rate}}% | {{m .Amount}}
{{end}} | {{w "total"}} | {{m .Total}}
.y 120
.stops 18L 80R
{{w "before"}} | {{m (part 104 .Total)}}
{{w "paid"}} | {{m (minus (part 104 .Total))}}
.y 260
.font sans 7
.stops 18L
{{w "call"}}
{{.Vendor.Legal}}, {{.Vendor.Address}}, {{.Vendor.Phone}}
`
