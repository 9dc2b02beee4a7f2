package entries

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/operations/store"
)

// scope is the word of all entries of a library. No other word has such a sign in it.
func scope(library uuid.UUID) string { return "§" + strings.ReplaceAll(library.String(), "-", "") }

// SetWords writes the words of an entry, in the transaction that has written the entry.
func SetWords(ctx context.Context, tx *store.Tx, dialect store.Dialect, library uuid.UUID, e *Entry) error {
	m, err := decode(e.Metadata)
	if err != nil {
		return err
	}
	all := texts(map[string]any(m), []string{e.Name, e.Path, e.EntryType})
	err = tx.Query(ctx, func(scan func(...any) error) error {
		var text string
		err := scan(&text)
		all = append(all, text)
		return err
	}, `SELECT text FROM entry_texts WHERE entry_id = $1 ORDER BY filename`, e.ID)
	if err != nil {
		return fmt.Errorf("read texts: %w", err)
	}
	words := scope(library)
	if own := searched(all...); own != "" {
		words += " " + own
	}
	return writeWords(ctx, tx, dialect, library, e.ID, words)
}

func writeWords(ctx context.Context, tx *store.Tx, dialect store.Dialect, library uuid.UUID, id, words string) error {
	var doc int64
	err := tx.QueryRow(ctx, `SELECT doc FROM entry_docs WHERE entry_id = $1`, id).Scan(&doc)
	if errors.Is(err, sql.ErrNoRows) {
		err = tx.QueryRow(ctx, `INSERT INTO entry_docs (entry_id, library_id) VALUES ($1, $2) RETURNING doc`, id, library.String()).Scan(&doc)
	}
	if err != nil {
		return fmt.Errorf("write words: %w", err)
	}
	if dialect == store.PostgreSQL {
		_, err = tx.Exec(ctx, `UPDATE entry_docs SET words = array_to_tsvector(string_to_array($1, ' ')) WHERE doc = $2`, words, doc)
	} else {
		_, err = tx.Exec(ctx, `INSERT OR REPLACE INTO entry_words (rowid, words) VALUES ($1, $2)`, doc, words)
	}
	if err != nil {
		return fmt.Errorf("write words: %w", err)
	}
	return nil
}

// RemoveWords removes the words of an entry.
func RemoveWords(ctx context.Context, tx *store.Tx, dialect store.Dialect, id string) error {
	return removeWords(ctx, tx, dialect, "entry_id", id)
}

// EraseWords removes the words of all entries of a library.
func EraseWords(ctx context.Context, tx *store.Tx, dialect store.Dialect, library uuid.UUID) error {
	return removeWords(ctx, tx, dialect, "library_id", library.String())
}

func removeWords(ctx context.Context, tx *store.Tx, dialect store.Dialect, column, value string) error {
	var err error
	if dialect == store.SQLite {
		_, err = tx.Exec(ctx, `DELETE FROM entry_words WHERE rowid IN (SELECT doc FROM entry_docs WHERE `+column+` = $1)`, value)
	}
	if err == nil {
		_, err = tx.Exec(ctx, `DELETE FROM entry_docs WHERE `+column+` = $1`, value)
	}
	if err != nil {
		return fmt.Errorf("remove words: %w", err)
	}
	return nil
}

// SetText keeps the text of a sidecar for SetWords, and tells whether there is a change: data is its bytes, or at least MaxText of them, and
// nil when it is removed. Bytes that are no text have none.
func SetText(ctx context.Context, tx *store.Tx, id, filename string, data []byte) (changed bool, err error) {
	text := cutBytes(data)
	if text == "" {
		n, err := tx.Exec(ctx, `DELETE FROM entry_texts WHERE entry_id = $1 AND filename = $2`, id, filename)
		if err != nil {
			return false, fmt.Errorf("remove text: %w", err)
		}
		return n > 0, nil
	}
	_, err = tx.Exec(ctx, `INSERT INTO entry_texts (entry_id, filename, text) VALUES ($1, $2, $3)
		ON CONFLICT (entry_id, filename) DO UPDATE SET text = excluded.text`, id, filename, text)
	if err != nil {
		return false, fmt.Errorf("keep text: %w", err)
	}
	return true, nil
}

// cutBytes is the words of bytes that are text; empty when they are none.
func cutBytes(data []byte) string {
	if len(data) > MaxText {
		data = data[:MaxText]
		for n := 0; n < utf8.UTFMax && len(data) > 0 && !utf8.Valid(data); n++ { // the last character may be cut
			data = data[:len(data)-1]
		}
	}
	if !utf8.Valid(data) || slices.Contains(data, 0) {
		return ""
	}
	return searched(string(data))
}

// planWords reads those that have the words from the newest, or the oldest, on.
func (q Query) planWords(dialect store.Dialect, known []Index) walk {
	byDoc := func(ctx context.Context, tx *store.Tx, q Query, limit int) ([]stop, error) {
		return withWords(ctx, tx, dialect, q, limit, q.uses(known))
	}
	if q.sort == byCreated {
		return walk{read: byDoc, exact: len(q.Filters) == 0 && q.EntryType == "" && q.PathPrefix == "", batch: batch}
	}
	return walk{batch: maxVisited + 1, whole: true, read: func(ctx context.Context, tx *store.Tx, q Query, limit int) ([]stop, error) {
		return sortedWords(ctx, tx, q, byDoc, known)
	}}
}

// withWords reads entries that have the words of the query, in the order they were made.
func withWords(ctx context.Context, tx *store.Tx, dialect store.Dialect, q Query, limit int, others []use) ([]stop, error) {
	from, op, direction := int64(0), ">", ""
	if q.descending {
		from, op, direction = math.MaxInt64, "<", " DESC"
	}
	if q.after != nil {
		key, _ := q.after.Key.(float64)
		from = int64(key)
	}
	s := &statement{}
	var some string
	if dialect == store.PostgreSQL {
		some = `SELECT doc FROM entry_docs WHERE words @@ ` + s.arg(postgresQuery(q)) + `::tsquery AND doc ` + op + " " + s.arg(from) +
			` ORDER BY doc` + direction
	} else {
		some = `SELECT rowid AS doc FROM entry_words WHERE entry_words MATCH ` + s.arg(sqliteQuery(q)) + ` AND rowid ` + op + " " + s.arg(from) +
			` ORDER BY rowid` + direction
	}
	return q.read(ctx, tx, source{path: "e.path", key: "chosen.doc", newKey: newInt, from: `FROM (` + some + ` LIMIT ` + strconv.Itoa(limit) + `) AS chosen
		CROSS JOIN entry_docs d CROSS JOIN entries e WHERE d.doc = chosen.doc AND e.id = d.entry_id AND e.library_id = ` + s.arg(q.Library.String()) +
		` ORDER BY chosen.doc` + direction}, s, limit, others...)
}

func sqliteQuery(q Query) string {
	terms := []string{`"` + scope(q.Library) + `"`}
	for _, word := range q.words {
		bare, begins := strings.CutSuffix(word, "*")
		term := `"` + bare + `"`
		if begins {
			term += " *"
		}
		terms = append(terms, term)
	}
	return strings.Join(terms, " AND ")
}

func postgresQuery(q Query) string {
	terms := []string{`'` + scope(q.Library) + `'`}
	for _, word := range q.words {
		bare, begins := strings.CutSuffix(word, "*")
		term := `'` + bare + `'`
		if begins {
			term += ":*"
		}
		terms = append(terms, term)
	}
	return strings.Join(terms, " & ")
}

// sortedWords reads all that fit the query, sorts them, and returns those behind its place.
func sortedWords(ctx context.Context, tx *store.Tx, q Query,
	read reading, known []Index,
) ([]stop, error) {
	newest := q
	newest.after, newest.descending = nil, true
	all, err := read(ctx, tx, newest, maxVisited+1)
	if err != nil {
		return nil, err
	}
	if len(all) > maxVisited {
		return nil, bus.Errorf(bus.ResourceExhausted, "more than %d entries have these words, which are too many to sort: sort by -created_at, or add words", maxVisited)
	}
	var kept []stop
	for _, s := range all {
		if s.Entry == nil {
			continue
		}
		key, ok, err := q.key(s.Entry, known)
		if err != nil {
			return nil, err
		}
		s.at.Key = key
		if ok && (q.after == nil || q.before(*q.after, s.at) < 0) {
			kept = append(kept, s)
		}
	}
	slices.SortFunc(kept, func(a, b stop) int { return q.before(a.at, b.at) })
	return kept, nil
}
