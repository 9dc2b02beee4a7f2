package capabilities_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/airlock-run/airlock/capabilities"
)

func TestParseMethod(t *testing.T) {
	t.Parallel()
	const q, a = capabilities.Query, capabilities.Action
	token := strings.Repeat("x", 64)
	for text, want := range map[string]capabilities.Method{
		"query:ai.ocr":                        {Kind: q, Operation: "ai.ocr"},
		"query:ai.ocr.v1":                     {Kind: q, Operation: "ai.ocr", Version: "v1"},
		"action:vdfs.write_sidecar.input":     {Kind: a, Operation: "vdfs.write_sidecar"},
		"action:vdfs.write_sidecar.input.v10": {Kind: a, Operation: "vdfs.write_sidecar", Version: "v10"},
		"query:ping":                          {Kind: q, Operation: "ping"},
		"query:ping.v0":                       {Kind: q, Operation: "ping", Version: "v0"},
		"query:input.ping":                    {Kind: q, Operation: "input.ping"},
		"query:v1.ping":                       {Kind: q, Operation: "v1.ping"},
		"query:a-b.c_d.9":                     {Kind: q, Operation: "a-b.c_d.9"},
		"query:ai.v":                          {Kind: q, Operation: "ai.v"},
		"query:ai.v1x":                        {Kind: q, Operation: "ai.v1x"},
		"query:" + token:                      {Kind: q, Operation: token},
		"query:" + token + "." + strings.Repeat("y", 57):         {Kind: q, Operation: token + "." + strings.Repeat("y", 57)},
		"query:" + token + "." + strings.Repeat("y", 54) + ".v1": {Kind: q, Operation: token + "." + strings.Repeat("y", 54), Version: "v1"},
	} {
		got, err := capabilities.ParseMethod(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", text, diff)
		}
	}
}

func TestParseMethodRefuses(t *testing.T) {
	t.Parallel()
	for text, problem := range map[string]string{
		"":                                 `does not begin with "query:"`,
		"ai.ocr":                           `does not begin with "query:"`,
		"Query:ai.ocr":                     `does not begin with "query:"`,
		"event:ai.ocr":                     `does not begin with "query:"`,
		" query:ai.ocr":                    `does not begin with "query:"`,
		"query :ai.ocr":                    `does not begin with "query:"`,
		"query:":                           "names no operation",
		"query:v1":                         "names no operation",
		"query:input":                      "names no operation",
		"query:input.v1":                   "names no operation",
		"query:.ai":                        "empty part",
		"query:ai.":                        "empty part",
		"query:ai..ocr":                    "empty part",
		"query:.":                          "empty part",
		"query:ai.ocr ":                    `' ' is not allowed`,
		"query:ai ocr":                     `' ' is not allowed`,
		"query:ai.*":                       `'*' is not allowed`,
		"query:ai.>":                       `'>' is not allowed`,
		"query:>":                          `'>' is not allowed`,
		"query:ai.OCR":                     `'O' is not allowed`,
		"query:ai.ocr\x00":                 `'\x00' is not allowed`,
		"query:ai.ocr\r\nx: y":             `'\r' is not allowed`,
		"query:ai.ocr\x7f":                 `'\x7f' is not allowed`,
		"query:ai/ocr":                     `'/' is not allowed`,
		"query:query:ai.ocr":               `':' is not allowed`,
		"query:аi.ocr":                     `'\u0430' is not allowed`, // a Cyrillic letter that looks like an a
		"query:ai.ocr\xff":                 "is not allowed",
		"query:$sys":                       `'$' is not allowed`,
		"query:ai.v1.v2":                   `"v1" is left over`,
		"query:ai.v1.input":                `"v1" is left over`,
		"query:ai.input.input":             `"input" is left over`,
		"query:ai.ocr.v01":                 "leading zero",
		"query:" + strings.Repeat("a", 65): "a part of it has 65 bytes",
		"query:a." + strings.Repeat("b", 60) + "." + strings.Repeat("c", 60): "it has 129 bytes",
	} {
		_, err := capabilities.ParseMethod(text)
		var wrong *capabilities.MethodError
		if !errors.As(err, &wrong) || !strings.Contains(wrong.Problem, problem) {
			t.Errorf("%q: got %v, want a *MethodError with %s", text, err, problem)
		}
	}
}

// FuzzParseMethod holds what the rest relies on: a method that parses is safe in a subject and in a log, and has one spelling.
func FuzzParseMethod(f *testing.F) {
	for _, seed := range []string{"query:ai.ocr", "action:vdfs.write_sidecar.input.v1", "query:ai.v1.v2", "query:*", "action:a..b", "query:v1"} {
		f.Add(seed)
	}
	everything, err := capabilities.NewGrant("x", capabilities.Permissions{Methods: []string{"query:", "action:", "credentials.get"}})
	if err != nil {
		f.Fatal(err)
	}
	authority := newAuthority(f, generous)
	f.Fuzz(func(t *testing.T, text string) {
		m, err := capabilities.ParseMethod(text)
		if err != nil {
			if message := err.Error(); strings.ContainsFunc(message, isControl) || len(message) > 2048 {
				t.Fatalf("the error is not fit for a log: %q", message)
			}
			return
		}
		if m.Operation == "" || strings.ContainsAny(text, " *>\t\r\n\x00") || strings.Contains(text, "..") || strings.ToLower(text) != text {
			t.Fatalf("%q parsed as %+v", text, m)
		}
		again, err := capabilities.ParseMethod(m.String())
		if err != nil || again != m {
			t.Fatalf("%q parsed as %+v, which reads back as %+v (%v)", text, m, again, err)
		}
		if d := authority.Decide(everything, &capabilities.Request{Method: m, JobLibrary: home}); d.Code == capabilities.CodeInvalidArgument {
			t.Fatalf("%q parsed, but is not well formed for the grant: %s", text, d.Reason)
		}
	})
}

func isControl(r rune) bool { return r < ' ' || r == 0x7f }
