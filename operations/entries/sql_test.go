package entries_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/airlock-run/airlock/operations/entries"
)

func TestPathEnd(t *testing.T) {
	t.Parallel()
	for prefix, want := range map[string]string{
		"/a": "/b", "/é": "/ê", "/\ud7ff": "/\ue000", "/a\U0010FFFF": "/b", "\U0010FFFF": "", "": "",
	} {
		if got := entries.PathEnd(prefix); got != want {
			t.Errorf("%q: end is %q, want %q", prefix, got, want)
		}
	}
}

// FuzzPathEnd holds the bounds to what they stand for.
func FuzzPathEnd(f *testing.F) {
	f.Add("/mail", "/mail/1")
	f.Add("/\ud7ff", "/\ue000")
	f.Fuzz(func(t *testing.T, prefix, p string) {
		if !utf8.ValidString(prefix) || !utf8.ValidString(p) {
			return
		}
		end := entries.PathEnd(prefix)
		if got, want := p >= prefix && (end == "" || p < end), strings.HasPrefix(p, prefix); got != want {
			t.Errorf("%q with prefix %q (end %q): in range %v, want %v", p, prefix, end, got, want)
		}
	})
}
