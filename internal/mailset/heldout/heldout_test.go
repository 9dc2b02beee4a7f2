package heldout

import (
	_ "embed"
	"strings"
	"testing"

	"github.com/airlock-run/airlock/internal/mailset/layout"
	"github.com/airlock-run/airlock/internal/mailset/layouttest"
)

//go:embed DIGEST
var digest string

func TestLayouts(t *testing.T) {
	t.Parallel()
	layouttest.Exercise(t, generate)
}

// Whoever has a reason to change these mails writes the new sum into DIGEST, and
// everyone sees it: scores from before aren't comparable any more.
func TestMailsAreThoseOfTheDigest(t *testing.T) {
	t.Parallel()
	works, err := generate()
	if err != nil {
		t.Fatal(err)
	}
	got, err := layout.Digest(works)
	if err != nil {
		t.Fatal(err)
	}
	if want := strings.TrimSpace(digest); got != want {
		t.Errorf("digest of the held-out mails is %s, DIGEST says %s", got, want)
	}
}
