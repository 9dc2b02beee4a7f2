package capabilities_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/airlock-run/airlock/capabilities"
)

func TestParsePatternRefuses(t *testing.T) {
	t.Parallel()
	for text, problem := range map[string]string{
		"":                            `names no operation; to grant everything but sensitive operations, write the two patterns "query:" and "action:"`,
		"*":                           `write the two patterns "query:" and "action:"`,
		">":                           `write the two patterns "query:" and "action:"`,
		".":                           `write the two patterns "query:" and "action:"`,
		".*":                          `write the two patterns "query:" and "action:"`,
		"query:*":                     `to grant the whole kind, write "query:"`,
		"action:.":                    `to grant the whole kind, write "action:"`,
		"*:ai.ocr":                    `neither "query" nor "action"`,
		"Query:":                      `neither "query" nor "action"`,
		":ai.ocr":                     `neither "query" nor "action"`,
		"query::":                     `':' is not allowed`,
		"vd*":                         `write "vd." for all that is below "vd"`,
		"query:vd*":                   `write "query:vd." for all that is below "query:vd"`,
		"vdfs.**":                     `write "vdfs." for all that is below "vdfs"`,
		"vdfs.>":                      `write "vdfs." for all that is below "vdfs"`,
		"vdfs..":                      "empty part",
		"vdfs..*":                     "empty part",
		".vdfs":                       "empty part",
		"*.ocr":                       `'*' is not allowed`,
		"ai.*.v1":                     `'*' is not allowed`,
		"ai.OCR":                      `'O' is not allowed`,
		"ai ocr":                      `' ' is not allowed`,
		"ai.ocr,vdfs.":                `',' is not allowed`,
		"ai.ocr\n":                    `'\n' is not allowed`,
		"v1":                          "names no operation",
		"ai.v1.v2":                    "left over",
		strings.Repeat("a", 65) + ".": "a part of it has 65 bytes",
		strings.Repeat("a.", 100):     "it has 200 bytes",
	} {
		_, err := capabilities.ParsePattern(text)
		var wrong *capabilities.PatternError
		if !errors.As(err, &wrong) || !strings.Contains(wrong.Problem, problem) {
			t.Errorf("%q: got %v, want a *PatternError with %s", text, err, problem)
			continue
		}
		if _, err := capabilities.NewGrant("x", capabilities.Permissions{Methods: []string{"ai.ocr", text}}); !errors.As(err, &wrong) || wrong.Pattern != text {
			t.Errorf("%q: a grant was made of it: %v", text, err)
		}
	}
}

func TestPatternsAreBounded(t *testing.T) {
	t.Parallel()
	if _, err := capabilities.ParsePatterns(slices.Repeat([]string{"ai.ocr"}, 257)); err == nil {
		t.Error("257 patterns were accepted")
	}
}

func TestZeroPatternGrantsNothing(t *testing.T) {
	t.Parallel()
	if (capabilities.Pattern{}).Matches(capabilities.Method{}) {
		t.Error("the zero pattern matches the zero method")
	}
}

// FuzzPattern compares the matching with another statement of the rules: by lists of tokens.
func FuzzPattern(f *testing.F) {
	for _, pattern := range []string{"ai.ocr", "ai.", "ai.*", "query:", "query:ai.", "ai.ocr.v1", "vd*", "credentials.", "credentials.get", "ai.ocr.input"} {
		for _, method := range []string{"query:ai.ocr", "action:ai.ocr_admin", "query:ai.ocr.v1", "query:credentials.get", "query:ai.ocr.raw"} {
			f.Add(pattern, method)
		}
	}
	f.Fuzz(func(t *testing.T, pattern, method string) {
		p, err := capabilities.ParsePattern(pattern)
		if err != nil {
			if strings.ContainsFunc(err.Error(), isControl) {
				t.Fatalf("the error is not fit for a log: %q", err)
			}
			return
		}
		m, err := capabilities.ParseMethod(method)
		if err != nil {
			return
		}
		if got, want := p.Matches(m), matchesByTokens(pattern, m); got != want {
			t.Fatalf("pattern %q, method %q: got %v, want %v", pattern, method, got, want)
		}
	})
}

func matchesByTokens(pattern string, m capabilities.Method) bool {
	kind, name, found := strings.Cut(pattern, ":")
	if !found {
		kind, name = "", pattern
	}
	if kind != "" && kind != string(m.Kind) {
		return false
	}
	asked := strings.Split(m.Operation, ".")
	if name == "" {
		return m.Operation != "credentials.get"
	}
	granted := strings.Split(name, ".")
	if last := granted[len(granted)-1]; last == "" || last == "*" {
		granted = granted[:len(granted)-1]
		return m.Operation != "credentials.get" && len(asked) > len(granted) && slices.Equal(asked[:len(granted)], granted)
	}
	asMethod, err := capabilities.ParseMethod("query:" + name)
	return err == nil && slices.Equal(strings.Split(asMethod.Operation, "."), asked) && (asMethod.Version == "" || asMethod.Version == m.Version)
}
