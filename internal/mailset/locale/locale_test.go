package locale_test

import (
	"testing"
	"time"

	"github.com/airlock-run/airlock/internal/mailset"
	"github.com/airlock-run/airlock/internal/mailset/locale"
)

func TestDocumentsAreWrittenAsTheCountryDoes(t *testing.T) {
	t.Parallel()
	day := time.Date(2026, 3, 4, 0, 0, 0, 0, time.UTC)
	tests := []struct{ name, currency, money, date, long string }{
		{"en-US", "USD", "$1,234.56", "03/04/2026", "March 4, 2026"},
		{"en-GB", "GBP", "£1,234.56", "04/03/2026", "4 March 2026"},
		{"de-DE", "EUR", "1.234,56 €", "04.03.2026", "4. März 2026"},
		{"fr-FR", "EUR", "1\u00a0234,56\u00a0€", "04/03/2026", "4 mars 2026"},
		{"es-ES", "EUR", "1.234,56 €", "04/03/2026", "4 de marzo de 2026"},
		{"it-IT", "CHF", "1.234,56 CHF", "04/03/2026", "4 marzo 2026"},
		{"nl-NL", "EUR", "€ 1.234,56", "04-03-2026", "4 maart 2026"},
		{"pt-BR", "BRL", "R$ 1.234,56", "04/03/2026", "4 de março de 2026"},
		{"pt-PT", "EUR", "1.234,56 €", "04/03/2026", "4 de março de 2026"},
		{"ja-JP", "JPY", "￥123,456", "2026/03/04", "2026年3月4日"},
	}
	if len(tests) != len(mailset.Locales()) {
		t.Errorf("%d locales tested of %d", len(tests), len(mailset.Locales()))
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			l, ok := locale.Named(tt.name)
			if !ok {
				t.Fatal("locale is unknown")
			}
			got := []string{l.Money(123456, tt.currency), l.Date(day), l.LongDate(day)}
			for i, want := range []string{tt.money, tt.date, tt.long} {
				if got[i] != want {
					t.Errorf("got %q, want %q", got[i], want)
				}
			}
		})
	}
}

func TestOtherForms(t *testing.T) {
	t.Parallel()
	day := time.Date(2026, 7, 4, 0, 0, 0, 0, time.UTC)
	french, _ := locale.Named("fr-FR")
	british, _ := locale.Named("en-GB")
	japanese, _ := locale.Named("ja-JP")
	for want, got := range map[string]string{
		"4 juil 2026": french.ShortDate(day), "04/07/26": french.TwoDigits(day), "5,5": french.Percent(550),
		"4 July 2026": british.ShortDate(day), "-£12.50": british.Money(-1250, "GBP"), "8.88": british.Percent(888), "20": british.Percent(2000),
		"令和8年7月4日": locale.Reiwa(day), "2026年7月4日": japanese.ShortDate(day), "0.05": locale.Plain(5, "EUR"), "1234": locale.Plain(1234, "JPY"),
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
