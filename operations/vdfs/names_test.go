package vdfs

import (
	"path"
	"strings"
	"testing"
	"unicode/utf8"
)

// FuzzNames holds what is accepted to what the package promises.
func FuzzNames(f *testing.F) {
	for _, seed := range []string{"/a/b", "/", "..", "a\x00", "/a/../b", "ocr.txt", "/\u0085"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, name string) {
		if checkPath(name) == nil && (name[0] != '/' || path.Clean(name) != name || len(name) > 1024 || strings.ContainsAny(name, "\x00\n")) {
			t.Errorf("path %q accepted", name)
		}
		if checkFilename(name) == nil && (name == "" || path.Base(name) != name || name == ".." || len(name) > 255) {
			t.Errorf("filename %q accepted", name)
		}
	})
}

// FuzzMerge tries patches of every shape: a merge of objects is an object, and merging the patch again changes nothing.
func FuzzMerge(f *testing.F) {
	f.Add(`{"a":{"b":1},"c":[1]}`, `{"a":{"b":null,"d":2}}`)
	f.Add(`{"a":1}`, `{"a":{"b":null}}`)
	f.Fuzz(func(t *testing.T, document, patch string) {
		if !utf8.ValidString(document) || !utf8.ValidString(patch) {
			return
		}
		d, err := checkMetadata([]byte(document))
		if err != nil {
			return
		}
		p, err := checkMetadata([]byte(patch))
		if err != nil {
			return
		}
		once, err := mergePatch(d, p)
		if err != nil || once[0] != '{' {
			t.Fatalf("%s with %s is %s, %v", d, p, once, err)
		}
		twice, err := mergePatch(once, p)
		if err != nil || string(once) != string(twice) {
			t.Errorf("merged %s, again %s, %v", once, twice, err)
		}
	})
}
