package extensions_test

import (
	"strings"
	"testing"

	"github.com/airlock-run/airlock/extensions"
)

func TestParseID(t *testing.T) {
	t.Parallel()
	for text, token := range map[string]string{
		"finance":               "finance",
		"test-extension":        "test-extension",
		"com.spacedrive.photos": "com_spacedrive_photos",
		"a":                     "a",
		"9-.-":                  "9-_-",
		strings.Repeat("a", 64): strings.Repeat("a", 64),
	} {
		id, err := extensions.ParseID(text)
		if err != nil || id.Token() != token {
			t.Errorf("%s: got %s, token %s (%v)", text, id, id.Token(), err)
		}
		if back, err := extensions.ParseToken(token); err != nil || string(back) != text {
			t.Errorf("token %s: got %s (%v)", token, back, err)
		}
	}
	for _, text := range []string{
		"", "A", "a_b", "a b", "a/b", "a*", "a>", ".", ".a", "a.", "a..b", "ä", "a\n", "a:b", ".operator", strings.Repeat("a", 65),
	} {
		if id, err := extensions.ParseID(text); err == nil {
			t.Errorf("%q was accepted as %s", text, id)
		}
	}
	for _, token := range []string{"", "a.b", "_a", "a_", "a__b", "A"} {
		if id, err := extensions.ParseToken(token); err == nil {
			t.Errorf("token %q was accepted as %s", token, id)
		}
	}
}

func TestParseJobName(t *testing.T) {
	t.Parallel()
	name, err := extensions.ParseJobName("test-extension:counter_2")
	if err != nil || name != (extensions.JobName{Extension: "test-extension", Name: "counter_2"}) || name.String() != "test-extension:counter_2" {
		t.Errorf("got %+v (%v)", name, err)
	}
	for text, want := range map[string]string{
		"counter":                            "write <extension>:<job>",
		":counter":                           "extension id is empty",
		"finance:":                           "the name after the colon is empty",
		"finance:a.b":                        "the name after the colon holds '.'",
		"finance:a:b":                        "the name after the colon holds ':'",
		"Finance:a":                          `extension id "Finance"`,
		"finance:" + strings.Repeat("a", 65): "has 65 bytes",
	} {
		if _, err := extensions.ParseJobName(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %s", text, err, want)
		}
	}
}

func FuzzParseID(f *testing.F) {
	for _, seed := range []string{"finance", "com.spacedrive.photos", "a_b", "..", ".operator"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		id, err := extensions.ParseID(text)
		if err != nil {
			return
		}
		if strings.ContainsAny(id.Token(), ". *>\t\r\n") {
			t.Fatalf("%q is no token", id.Token())
		}
		if back, err := extensions.ParseToken(id.Token()); err != nil || back != id {
			t.Fatalf("%s as a token reads back as %s (%v)", id, back, err)
		}
	})
}
