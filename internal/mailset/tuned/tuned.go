// Package tuned has the mails an extractor may be made with: look at them, and
// at what is read wrong in them, as often as you like.
package tuned

import (
	_ "embed"
	"slices"

	"github.com/airlock-run/airlock/internal/mailset"
	"github.com/airlock-run/airlock/internal/mailset/layout"
	"github.com/airlock-run/airlock/internal/mailset/purchase"
)

//go:embed catalogue.txt
var vendors string

// Mails makes the mails.
func Mails() ([]mailset.Mail, error) {
	works, err := generate()
	return layout.Mails(works), err
}

func generate() ([]layout.Work, error) {
	catalogue, err := purchase.ParseCatalogue(vendors)
	if err != nil {
		return nil, err
	}
	return layout.Generate(layouts(), catalogue, false)
}

func layouts() []layout.Layout {
	return slices.Concat(shops(), services(), papers(), others())
}
