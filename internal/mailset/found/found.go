// Package found has mails that others wrote for the tests of their modules, with
// labels made by hand. They show shapes of MIME that no layout here has.
//
// All are from github.com/jhillyerd/enmime v1.3.0, folder testdata/mail, under
// the MIT licence that lies beside them. None is a receipt: test suites of mail
// hold none, so what they tell is whether an extractor finds one where there is
// nothing, or stumbles.
package found

import (
	"embed"
	"fmt"

	"github.com/airlock-run/airlock/internal/mailset"
)

//go:embed testdata/enmime/*.eml
var files embed.FS

// Mails returns the mails as they were found, line ends too.
func Mails() ([]mailset.Mail, error) {
	var mails []mailset.Mail
	for _, name := range []string{
		"attachment", "html-mime-inline", "inlinemultipart", "mime-alternative", "mime-mixed", "mime-mixed-related",
	} {
		raw, err := files.ReadFile("testdata/enmime/" + name + ".eml")
		if err != nil {
			return nil, fmt.Errorf("read found mail: %w", err)
		}
		label := mailset.Label{Locale: "en-US", Layout: "found-enmime"}
		mails = append(mails, mailset.Mail{Name: "found-" + name, Raw: raw, Label: label})
	}
	return mails, nil
}
