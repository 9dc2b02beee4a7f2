package prepare_test

import (
	"strings"
	"testing"

	"github.com/airlock-run/airlock/runner/prepare"
)

// A child works on what a stranger made: what it says is believed no more than that.
func FuzzReports(f *testing.F) {
	hello := `{"hello":"` + prepare.Identity() + `"}` + "\n"
	for _, text := range []string{
		"", "{}", hello, hello + `{"stage":"compile"}` + "\n" + `{"done":{"memory":1}}`, hello + `{"refused":{"stage":"a","reason":"b"}}`,
		hello + `{"failed":"c"}`, hello + "no JSON", `{"done":{}}`, hello + hello, hello + `{"done":null}`, strings.Repeat("\n", 100),
		hello + strings.Repeat(`{"stage":"a"}`+"\n", prepare.MaxReports/14),
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		hello, refused, done, err := prepare.Follow(strings.NewReader(text))
		if (refused || done) && !hello {
			t.Errorf("%q ended before it began: %v", text, err)
		}
	})
}
