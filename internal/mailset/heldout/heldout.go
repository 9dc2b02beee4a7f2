// Package heldout has the mails an extractor is judged by and not made with.
//
// Who changes the extractor doesn't read this folder, nor the mails it makes:
// only the score. DIGEST is the sum of all of them, so that none changes unseen.
package heldout

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
	return layout.Generate(layouts(), catalogue, true)
}

func layouts() []layout.Layout {
	return slices.Concat(orders(), services(), japan(), texts(), papers(), scans(), []layout.Layout{enclosed()}, others())
}
