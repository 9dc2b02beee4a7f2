package layout

import (
	"time"

	"github.com/airlock-run/airlock/internal/mailset/dice"
	"github.com/airlock-run/airlock/internal/mailset/envelope"
	"github.com/airlock-run/airlock/internal/mailset/purchase"
)

// Reader is who gets the mail.
type Reader struct {
	envelope.Address
	First, Street, Town string
}

func reader(d *dice.Dice, locale string) Reader {
	people := map[string][]Reader{
		"en-US": {
			{envelope.Address{Name: "Dana Whitlock", Mailbox: "dana.whitlock@postbox.example"}, "Dana", "4410 Alder Creek Rd", "Boise, ID 83706"},
			{envelope.Address{Name: "Marcus Oyelaran", Mailbox: "moyelaran@inboxly.example"}, "Marcus", "27 Tremont Ct Apt 5", "Providence, RI 02903"},
		},
		"en-GB": {
			{envelope.Address{Name: "Imogen Hartley", Mailbox: "imogen@hartley-post.example"}, "Imogen", "16 Quarry Lane", "Sheffield S11 8TP"},
			{envelope.Address{Name: "Rhys Pemberton", Mailbox: "r.pemberton@lettering.example"}, "Rhys", "3 Mill Terrace", "Cardiff CF10 3AT"},
		},
		"de-DE": {
			{envelope.Address{Name: "Jörg Wünsche", Mailbox: "j.wuensche@briefkasten.example"}, "Jörg", "Lindenstraße 42", "01099 Dresden"},
			{envelope.Address{Name: "Annika Thoma", Mailbox: "annika.thoma@posteingang.example"}, "Annika", "Am Anger 7", "99084 Erfurt"},
		},
		"fr-FR": {
			{envelope.Address{Name: "Héloïse Garnier", Mailbox: "heloise.garnier@courriel.example"}, "Héloïse", "8 rue des Tanneurs", "67000 Strasbourg"},
			{envelope.Address{Name: "Mathieu Leclère", Mailbox: "mleclere@boitelettres.example"}, "Mathieu", "21 quai de la Loire", "44000 Nantes"},
		},
		"es-ES": {
			{envelope.Address{Name: "Lucía Ibáñez", Mailbox: "lucia.ibanez@correos.example"}, "Lucía", "Calle del Olmo 9, 2º B", "50003 Zaragoza"},
			{envelope.Address{Name: "Álvaro Peña", Mailbox: "alvaro.pena@buzon.example"}, "Álvaro", "Av. de la Ribera 31", "41010 Sevilla"},
		},
		"it-IT": {
			{envelope.Address{Name: "Nicolò Ferraris", Mailbox: "nicolo.ferraris@posta.example"}, "Nicolò", "Via dei Glicini 14", "10121 Torino"},
			{envelope.Address{Name: "Giulia Marchetti", Mailbox: "g.marchetti@casella.example"}, "Giulia", "Corso Umberto 88", "80138 Napoli"},
		},
		"nl-NL": {
			{envelope.Address{Name: "Sanne Verhoeven", Mailbox: "sanne.verhoeven@brievenbus.example"}, "Sanne", "Kastanjelaan 5", "3521 BG Utrecht"},
			{envelope.Address{Name: "Daniël Postma", Mailbox: "daniel@postma-mail.example"}, "Daniël", "Havenkade 118", "9711 AB Groningen"},
		},
		"pt-BR": {
			{envelope.Address{Name: "Thaís Guimarães", Mailbox: "thais.guimaraes@caixa-postal.example"}, "Thaís", "Rua das Acácias, 220", "30140-071 Belo Horizonte - MG"},
			{envelope.Address{Name: "João Vítor Prado", Mailbox: "jvprado@cartas.example"}, "João Vítor", "Av. Beira Rio, 1455 ap. 32", "80010-130 Curitiba - PR"},
		},
		"pt-PT": {
			{envelope.Address{Name: "Inês Carvalhal", Mailbox: "ines.carvalhal@correio.example"}, "Inês", "Rua do Salgueiro 61, 1.º Esq.", "4050-530 Porto"},
			{envelope.Address{Name: "Tomás Falcão", Mailbox: "tomas.falcao@postal.example"}, "Tomás", "Travessa da Fonte 3", "3000-213 Coimbra"},
		},
		"ja-JP": {
			{envelope.Address{Name: "中村 彩", Mailbox: "aya.nakamura@yubin.example"}, "中村", "若葉町2-14-6", "〒980-0021 宮城県仙台市"},
			{envelope.Address{Name: "藤井 健太", Mailbox: "k.fujii@tegami.example"}, "藤井", "緑ヶ丘5-3-1 ハイツ202", "〒810-0041 福岡県福岡市"},
		},
	}[locale]
	return people[d.N(len(people))]
}

// Usual and Both stand in the terms of a layout for the tax rate of the country,
// and for its full and reduced rate. Where documents name none there is none.
const (
	Usual int64 = -1
	Both  int64 = -2
)

func rates(d *dice.Dice, v purchase.Vendor, wanted []int64) []int64 {
	if len(wanted) != 1 || wanted[0] >= 0 {
		return wanted
	}
	known := map[string][]int64{
		"en-GB": {2000}, "de-DE": {1900, 700}, "fr-FR": {2000, 550}, "es-ES": {2100, 1000}, "it-IT": {2200, 1000},
		"nl-NL": {2100, 900}, "pt-PT": {2300, 600}, "ja-JP": {1000, 800},
	}[v.Locale]
	switch {
	case v.Locale == "en-US":
		return []int64{[]int64{625, 700, 825, 888}[d.N(4)]}
	case len(known) < 2 || wanted[0] == Both:
		return known
	case v.Category == "groceries" || v.Category == "lodging":
		return known[1:]
	default:
		return known[:1]
	}
}

// zone is where the mails of a locale are sent from, without summer time.
func zone(locale string) *time.Location {
	hours := map[string]int{"en-US": -5, "en-GB": 0, "pt-PT": 0, "pt-BR": -3, "ja-JP": 9}
	offset, ok := hours[locale]
	if !ok {
		offset = 1
	}
	return time.FixedZone("", offset*3600)
}
