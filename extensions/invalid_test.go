package extensions_test

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/airlock-run/airlock/extensions"
)

func TestBrokenJSON(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                              "manifest.json:1:1: the file is empty",
		" \n\t":                         "manifest.json:1:1: the file is empty",
		"{\n  \"id\": \"x\",\n}":        "manifest.json:3:1: not JSON: invalid character '}' looking for beginning of object key string",
		"{\n  \"id\": \"ä\" \"b\"}":     "manifest.json:2:13: not JSON: invalid character '\"' after object key:value pair",
		"{\"id\": ":                     "manifest.json:1:8: not JSON: unexpected end of JSON input",
		"{\"id\": \"x":                  "manifest.json:1:10: not JSON: unexpected end of JSON input",
		"{}\n{}":                        "manifest.json:2:1: not JSON: invalid character '{' after top-level value",
		"id: finance":                   "manifest.json:1:1: not JSON: invalid character 'i' looking for beginning of value",
		"{\"id\":\n \"\xff\"}":          "manifest.json:2:3: not JSON: the byte 0xff is no UTF-8; save the file as UTF-8",
		"[]":                            "manifest.json:1:1: want an object, got a list",
		"null":                          "manifest.json:1:1: want an object, got null",
		`"finance"`:                     `manifest.json:1:1: want an object, got a string ("finance")`,
		strings.Repeat(" ", 300<<10):    "manifest.json: the file has 307200 bytes, at most 262144 are allowed",
		strings.Repeat("[", 20_000):     "manifest.json:1:10001: not JSON: invalid character '[' exceeded max depth",
		"\xef\xbb\xbf{\n \"id\":: 1\n}": "manifest.json:2:7: not JSON: invalid character ':' looking for beginning of value",
	} {
		if got := problems(t, text); len(got) != 1 || got[0] != want {
			t.Errorf("%.40q:\ngot  %q\nwant %q", text, got, want)
		}
	}
}

func TestInvalidManifest(t *testing.T) {
	t.Parallel()
	for members, want := range map[string]string{
		`"permissions": []`:                                                                          `permissions: want an object, got a list`,
		`"permissions": {"methods": "query:"}`:                                                       `permissions.methods: want a list, got a string ("query:")`,
		`"permissions": {"methods": ["ai.ocr", 7]}`:                                                  `permissions.methods[1]: want a string, got a number ("7")`,
		`"permissions": {"methods": [null]}`:                                                         `permissions.methods[0]: want a string, got null`,
		`"permissions": {"methods": ["ai.ocr", "vd*"]}`:                                              `permissions.methods[1]: method pattern "vd*": it matches whole parts between dots; write "vd."`,
		`"permissions": {"methods": [""]}`:                                                           `permissions.methods[0]: method pattern "": it names no operation`,
		`"permissions": {"libraries": ["mine"]}`:                                                     `permissions.libraries[0]: library "mine": not a UUID; write "*" for every library, or the library's id`,
		`"permissions": {"libraries": ["0B6F0F3E-4A8E-4F0E-9D8C-1F6F4F0F7A01"]}`:                     `in lower case, "0b6f0f3e-4a8e-4f0e-9d8c-1f6f4f0f7a01"`,
		`"permissions": {"libraries": []}`:                                                           `permissions.libraries: the list is empty, so the extension could run nowhere: leave it out or write ["*"]`,
		`"permissions": {"rate_limits": {"requests_per_minute": -1}}`:                                `permissions.rate_limits.requests_per_minute: -1 is negative: write a number of requests, or leave it out`,
		`"permissions": {"rate_limits": {"concurrent_jobs": -5}}`:                                    `permissions.rate_limits.concurrent_jobs: -5 is negative`,
		`"permissions": {"rate_limits": {"concurrent_jobs": 1.5}}`:                                   `want a whole number, got a number ("1.5")`,
		`"permissions": {"rate_limits": {"concurrent_jobs": 1e3}}`:                                   `want a whole number, got a number ("1e3")`,
		`"permissions": {"max_memory_mb": "256"}`:                                                    `permissions.max_memory_mb: want a number, got a string ("256")`,
		`"permissions": {"max_memory_mb": 5000}`:                                                     `"5000" is too much: at most 4096 MiB are possible`,
		`"permissions": {"max_memory_mb": 99999999999999999999}`:                                     `"99999999999999999999" is too much`,
		`"permissions": {"max_memory_mb": true}`:                                                     `want a number, got a boolean`,
		`"permissions": {"network_access": ["a.*.b"]}`:                                               `permissions.network_access[0]: "*" may stand only for the first part of a host`,
		`"permissions": {"network_access": ["a b"]}`:                                                 `"a b" is no host`,
		`"permissions": {"budgets": 5}`:                                                              `permissions.budgets: want an object, got a number ("5")`,
		`"name": "a\u001b[2Jb"`:                                                                      `name: the text holds the control character '\x1b': remove it`,
		`"author": "a\u202eb"`:                                                                       `author: the text holds the control character '\u202e'`,
		`"description": 5`:                                                                           `description: want a string, got a number ("5")`,
		`"triggers": {}`:                                                                             `triggers: want a list, got an object`,
		`"triggers": ["mail.received"]`:                                                              `triggers[0]: want an object, got a string ("mail.received")`,
		`"triggers": [{"job": "a"}]`:                                                                 `triggers[0]: the key "event" is missing; a trigger is {"event": "mail.received", "job": "process_receipt"}`,
		`"triggers": [{"event": "a"}]`:                                                               `triggers[0]: the key "job" is missing`,
		`"triggers": [{"event": "mail.>", "job": "a"}]`:                                              `triggers[0].event: event pattern "mail.>": a part of it holds '>'`,
		`"triggers": [{"event": "*", "job": "a"}]`:                                                   `triggers[0].event: event pattern "*": a part of it holds '*'`,
		`"triggers": [{"event": ".*", "job": "a"}]`:                                                  `triggers[0].event: event pattern ".*": a part of it is empty`,
		`"triggers": [{"event": "mail", "job": "A"}]`:                                                `triggers[0].job: the job's name holds 'A'`,
		`"config_schema": []`:                                                                        `config_schema: no JSON Schema`,
		`"config_schema": {"type": "string"}`:                                                        `config_schema: settings are an object: begin the schema with "type": "object"`,
		`"config_schema": {"type": "object", "properties": {"a": {"$ref": "#"}}}`:                    `config_schema.properties.a["$ref"]: $ref is not possible in a config_schema`,
		`"config_schema": {"type": "object", "properties": {"a": {"type": "string", "default": 1}}}`: `config_schema: no JSON Schema`,
		`"jobs": []`:                                                 `jobs: want an object, got a list`,
		`"jobs": {"a b": {}}`:                                        `jobs["a b"]: the job's name holds ' '`,
		`"jobs": {"a": {"timeout": 300}}`:                            `jobs.a.timeout: want a string, got a number ("300")`,
		`"jobs": {"a": {"timeout": "5"}}`:                            `jobs.a.timeout: "5" is no duration: write a number and a unit, such as "90s"`,
		`"jobs": {"a": {"timeout": "-5m"}}`:                          `jobs.a.timeout: "-5m" is no duration`,
		`"jobs": {"a": {"priority": "urgent"}}`:                      `jobs.a.priority: "urgent" is no priority: write "high", "normal" or "low"`,
		`"jobs": {"a": {"max_attempts": -1}}`:                        `jobs.a.max_attempts: -1 is negative`,
		`"jobs": {"a": {"backoff": {"initial": "2h", "max": "1h"}}}`: `jobs.a.backoff: the pauses begin with 2h0m0s, which is more than their max of 1h0m0s`,
		`"limits": {"fuel": -1}`:                                     `limits.fuel: -1 is negative`,
		`"jobs": {"a": {"limits": {"fuel": "all"}}}`:                 `jobs.a.limits.fuel: want a number, got a string ("all")`,
		`"min_host_version": "soon"`:                                 `min_host_version: "soon" is no version: write one such as "1.2.0"`,
		`"permissions": {}, "permissions": {"methods": ["query:"]}`:  `permissions: the key is written twice: keep one`,
		`"jobs": {"a": {}, "a": {}}`:                                 `jobs.a: the key is written twice: keep one`,
	} {
		got := problems(t, minimal(members))
		if len(got) != 1 || !strings.Contains(got[0], want) {
			t.Errorf("%s:\ngot  %q\nwant %s", members, got, want)
		}
	}
}

func TestInvalidNames(t *testing.T) {
	t.Parallel()
	for pair, want := range map[[2]string]string{
		{"Finance", "a.wasm"}:   `id: extension id "Finance": 'F' is not allowed`,
		{"", "a.wasm"}:          `id: extension id is empty`,
		{"a", "/etc/a.wasm"}:    `wasm_file: "/etc/a.wasm" is absolute: write the path from the extension's folder`,
		{"a", "../a.wasm"}:      `wasm_file: "../a.wasm" is outside the extension's folder`,
		{"a", "b/../../a.wasm"}: `wasm_file: "b/../../a.wasm" is outside`,
		{"a", `b\\a.wasm`}:      `wasm_file: "b\\a.wasm": write "/" between folders`,
		{"a", `a\u0000.wasm`}:   `write "/" between folders`,
		{"a", ""}:               `wasm_file: the file's name is empty`,
	} {
		got := problems(t, `{"id": "`+pair[0]+`", "name": "x", "version": "1", "wasm_file": "`+pair[1]+`"}`)
		if len(got) != 1 || !strings.Contains(got[0], want) {
			t.Errorf("%q:\ngot  %q\nwant %s", pair, got, want)
		}
	}
}

func TestAllProblemsAtOnce(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("testdata/broken.json")
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		`manifest.json:2:9: id: extension id "My Extension": 'M' is not allowed, only a-z, 0-9, "-" and "." are`,
		`manifest.json:6:5: permissions.methods[1]: method pattern "ai.OCR": 'O' is not allowed: only a-z, 0-9, "_" and "-" are, in parts separated by dots`,
		`manifest.json:8:34: permissions.max_memory_mb: -1 is negative: write a number of MiB, or leave it out`,
		`manifest.json:1:1: the key "name" is missing; a manifest begins {"id": "my-extension", "name": "My extension", "version": "0.1.0", "wasm_file": "my_extension.wasm", …}`,
		`manifest.json:1:1: the key "wasm_file" is missing; a manifest begins {"id": "my-extension", "name": "My extension", "version": "0.1.0", "wasm_file": "my_extension.wasm", …}`,
	}
	if diff := cmp.Diff(want, problems(t, string(text))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestFindingsAreBounded(t *testing.T) {
	t.Parallel()
	got := problems(t, minimal(`"permissions": {"methods": [`+strings.Repeat(`"*", `, 99)+`"*"]}`))
	if len(got) != 21 || got[20] != "manifest.json: 80 more problems are not listed" {
		t.Errorf("got %d problems, the last is %q", len(got), got[len(got)-1])
	}
	if got := problems(t, minimal(`"permissions": {"methods": [`+strings.Repeat(`"a.b", `, 256)+`"a.b"]}`)); !strings.Contains(got[0], "257 items, at most 256") {
		t.Errorf("got %q", got)
	}
	warnings := parse(t, minimal(`"x": 1`+unknownKeys(99))).Warnings()
	if len(warnings) != 21 || warnings[20] != "manifest.json: 80 more warnings are not listed" {
		t.Errorf("got %d warnings, the last is %q", len(warnings), warnings[len(warnings)-1])
	}
}

func unknownKeys(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(`, "x` + strings.Repeat("y", i+1) + `": 1`)
	}
	return b.String()
}

// problems are what keeps a text from being a manifest, in words.
func problems(t *testing.T, text string) []string {
	t.Helper()
	m, err := extensions.ParseManifest([]byte(text))
	var invalid *extensions.InvalidError
	if !errors.As(err, &invalid) || m != nil {
		t.Fatalf("%.80q: got %v, want an *InvalidError", text, err)
	}
	return strings.Split(err.Error(), "\n")
}

// FuzzParseManifest holds that no text makes the parser panic, that what it says fits on a terminal, and that a manifest
// survives being written and read.
func FuzzParseManifest(f *testing.F) {
	for _, name := range []string{"testdata/full.json", "testdata/spacedrive.json", "testdata/broken.json"} {
		text, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Add([]byte(minimal(`"jobs": {"a": {"timeout": "5m"}, "b": null}`)))
	f.Fuzz(func(t *testing.T, text []byte) {
		m, err := extensions.ParseManifest(text)
		if err != nil {
			var invalid *extensions.InvalidError
			if !errors.As(err, &invalid) || len(invalid.Problems) == 0 {
				t.Fatalf("got %v, want an *InvalidError", err)
			}
			for _, p := range invalid.Problems {
				if strings.ContainsFunc(p.String(), isControl) {
					t.Fatalf("a problem is not fit for a terminal: %q", p.String())
				}
			}
			return
		}
		for _, warning := range m.Warnings() {
			if strings.ContainsFunc(warning, isControl) {
				t.Fatalf("a warning is not fit for a terminal: %q", warning)
			}
		}
		if m.Grant().Extension() != string(m.ID) || m.Permissions.MaxMemoryMB < 1 || m.Permissions.ConcurrentJobs < 1 || m.Permissions.RequestsPerMinute < 1 {
			t.Fatalf("got %+v", m)
		}
		again, err := extensions.ParseManifest(m.Raw())
		if err != nil || !m.Equal(again) {
			t.Fatalf("%s\nreads back as %s (%v)", m.Raw(), again.Raw(), err)
		}
	})
}

func isControl(r rune) bool { return r < ' ' || r == 0x7f || r == 0x9b }
