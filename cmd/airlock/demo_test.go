package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/airlock-run/airlock/internal/guests"
	"github.com/airlock-run/airlock/internal/testcache"
)

// The demo, on the messages of the repository: what `make demo` runs.
func TestDemo(t *testing.T) {
	t.Parallel()
	root := guests.Root(t)
	built := t.TempDir()
	for _, name := range []string{"counter", "finance"} {
		if err := os.Symlink(guests.Build(t, name), filepath.Join(built, name)); err != nil {
			t.Fatal(err)
		}
	}
	args := []string{"demo", "--guests", built, "--dir", testcache.DataDir(t)}
	for _, mail := range []string{"newsletter", "receipt-html", "receipt-pdf", "receipt-picture"} {
		args = append(args, "--mail", filepath.Join(root, "examples", "mail", mail+".eml"))
	}
	out := must(t, args...)
	for _, want := range [][]string{
		{"newsletter.eml", "not a receipt"},
		{"receipt-html.eml", "Larkspur Cloud", "2026-11-14", "77.76", "12.96", "GBP", "software", "html"},
		{"receipt-pdf.eml", "Kranich Bürobedarf GmbH", "2026-11-16", "1285.38", "205.23", "EUR", "office", "pdf"},
		{"receipt-picture.eml", "THE COPPER KETTLE", "2026-11-18", "36.47", "2.97", "USD", "dining", "image"},
	} {
		if !hasLine(out, want) {
			t.Errorf("no line of the demo has all of %q:\n%s", want, out)
		}
	}
}

func TestDemoSaysWhatIsWrongWithAMail(t *testing.T) {
	t.Parallel()
	built := t.TempDir()
	for _, name := range []string{"counter", "finance"} {
		if err := os.Symlink(guests.Build(t, name), filepath.Join(built, name)); err != nil {
			t.Fatal(err)
		}
	}
	mail := filepath.Join(t.TempDir(), "broken.eml")
	if err := os.WriteFile(mail, []byte("this is no mail"), 0o600); err != nil {
		t.Fatal(err)
	}
	stdout, stderr, code := airlock(t, "demo", "--guests", built, "--dir", testcache.DataDir(t), "--mail", mail)
	if code != 1 || !hasLine(stdout, []string{"broken.eml", "dead"}) || !strings.Contains(stderr, "broken.eml was not processed") {
		t.Errorf("exit code %d\n%s%s", code, stdout, stderr)
	}
}

func hasLine(text string, words []string) bool {
	for line := range strings.Lines(text) {
		all := true
		for _, word := range words {
			all = all && strings.Contains(line, word)
		}
		if all {
			return true
		}
	}
	return false
}
