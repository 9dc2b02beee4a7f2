package entries_test

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/operations/entries"
	"github.com/airlock-run/airlock/operations/store"
	"github.com/airlock-run/airlock/operations/store/storetest"
)

// The words of entries that a version without words has written are read in the background; until then nobody is told that there are none.
func TestWordsOfBefore(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, newURL func(testing.TB) string) {
		s := newShelf(t, storetest.Open(t, newURL(t)))
		for range 450 { // more than a batch
			s.put(t, &row{path: "/" + uuid.NewString(), kind: "note", metadata: randomMetadata(), files: "some words"})
		}
		large := &row{path: "/large", kind: "note", metadata: map[string]any{"vendor": "Größe"}}
		s.put(t, large)
		s.write(t, func(tx *store.Tx) error { // as it was before
			if err := entries.EraseWords(t.Context(), tx, s.db.Dialect(), s.library); err != nil {
				return err
			}
			for _, statement := range []string{
				`DELETE FROM entry_texts`, `INSERT INTO indexes (entry_type, field, type) VALUES ('', '', 'words')`,
				`INSERT INTO blobs (library_id, digest, size, data) SELECT library_id, 'd', 9, CAST('old words' AS ` + bytesType(s.db) + `) FROM entries WHERE path = '/large'`,
				`INSERT INTO sidecars (entry_id, filename, library_id, digest, size) SELECT id, 'a.txt', library_id, 'd', 9 FROM entries WHERE path = '/large'`,
			} {
				if _, err := tx.Exec(t.Context(), statement); err != nil {
					return err
				}
			}
			return nil
		})
		q := entries.Query{Library: s.library, Text: "grosse", Limit: 10}
		find := func() (page entries.Page, err error) {
			err = s.db.Read(t.Context(), func(tx *store.Tx) error {
				page, err = entries.Find(t.Context(), tx, s.db.Dialect(), q)
				return err
			})
			return page, err
		}
		if _, err := find(); bus.CodeOf(err) != bus.Unavailable {
			t.Errorf("before they are read: %v, want unavailable", err)
		}
		if err := entries.Build(t.Context(), s.db); err != nil {
			t.Fatal(err)
		}
		for _, text := range []string{"GRÖSSE", "größe", "old words"} {
			q.Text = text
			if page, err := find(); err != nil || len(page.Entries) != 1 || page.Entries[0].Path != "/large" {
				t.Errorf("%q: found %v, %v", text, page.Entries, err)
			}
		}
		q.Text, q.Limit = "note", 500
		if page, err := find(); err != nil || len(page.Entries) != 451 {
			t.Errorf("found %d, %v, want all", len(page.Entries), err)
		}
	})
}

func bytesType(db *store.DB) string {
	if db.Dialect() == store.PostgreSQL {
		return "BYTEA"
	}
	return "BLOB"
}

// FuzzWords holds words to what databases can keep and queries can be made of.
func FuzzWords(f *testing.F) {
	for _, seed := range []string{"Total: 36.47 EUR", "Größe ẞ İ", "\x00§\u200d\ufdfa", "東京", "'); DROP", "\xff\xfe"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, word := range entries.Words(text) {
			if word == "" || !utf8.ValidString(word) || strings.ContainsFunc(word, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
				t.Errorf("%q has the word %q", text, word)
			}
			if again := entries.Words(word); len(again) != 1 || again[0] != word {
				t.Errorf("the word %q is %q when it is read again", word, again)
			}
		}
	})
}
