package entries

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/operations/store"
)

const (
	// maxIndexes bounds those of one kind of entry: each is a row more for every entry of it.
	maxIndexes = 16
	// buildBatch is how many entries are added to an index in one transaction.
	buildBatch = 200
)

// Index is a field of the metadata of a kind of entry whose values have an order of their own.
type Index struct {
	EntryType, Field string
	Type             Type

	built bool
}

// id stands for the index of a library in the database. That two have the same is harmless: what is found is looked at again.
func (i Index) id(library uuid.UUID) int64 {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\x00%s\x00%s\x00%s", library, i.EntryType, i.Field, i.Type))
	return int64(binary.BigEndian.Uint64(sum[:])) //nolint:gosec // any 64 bits
}

// Declare adds indexes, for all libraries. They stay, also when nobody declares them any more. Those beyond the 16 of one kind of entry are
// not added, and returned.
func Declare(ctx context.Context, db *store.DB, wanted []Index) (refused []Index, err error) {
	err = db.Write(ctx, func(tx *store.Tx) error {
		refused = nil
		for _, index := range wanted {
			there, err := indexes(ctx, tx, index.EntryType)
			if err != nil {
				return err
			}
			if slices.ContainsFunc(there, func(i Index) bool { return i.Field == index.Field && i.Type == index.Type }) {
				continue
			}
			if len(there) >= maxIndexes {
				refused = append(refused, index)
				continue
			}
			_, err = tx.Exec(ctx, `INSERT INTO indexes (entry_type, field, type) VALUES ($1, $2, $3)`, index.EntryType, index.Field, string(index.Type))
			if err != nil {
				return fmt.Errorf("declare index: %w", err)
			}
		}
		return nil
	})
	return refused, err
}

// indexes are those of a kind of entry.
func indexes(ctx context.Context, tx *store.Tx, entryType string) (all []Index, err error) {
	err = tx.Query(ctx, func(scan func(...any) error) error {
		i := Index{EntryType: entryType}
		err := scan(&i.Field, &i.Type, &i.built)
		all = append(all, i)
		return err
	}, `SELECT field, type, built <> 0 FROM indexes WHERE entry_type = $1 ORDER BY field, type`, entryType)
	if err != nil {
		return nil, fmt.Errorf("read indexes: %w", err)
	}
	return all, nil
}

// SetFields writes the values of an entry's indexed fields, in the transaction that writes its metadata. Of an entry that is removed there
// is no metadata.
func SetFields(ctx context.Context, tx *store.Tx, library uuid.UUID, entryType, path string, raw []byte) error {
	all, err := indexes(ctx, tx, entryType)
	if err != nil || len(all) == 0 {
		return err
	}
	var m metadata
	if raw != nil {
		if m, err = decode(raw); err != nil {
			return err
		}
	}
	for _, index := range all {
		if err := index.set(ctx, tx, library, path, m); err != nil {
			return err
		}
	}
	return nil
}

func (i Index) set(ctx context.Context, tx *store.Tx, library uuid.UUID, path string, m metadata) error {
	value := i.Type.indexed(m.value(i.Field))
	var err error
	if value == nil {
		_, err = tx.Exec(ctx, `DELETE FROM entry_fields WHERE field = $1 AND path = $2`, i.id(library), path)
	} else {
		column := i.Type.column()
		_, err = tx.Exec(ctx, `INSERT INTO entry_fields (field, path, `+column+`) VALUES ($1, $2, $3)
			ON CONFLICT (field, path) DO UPDATE SET `+column+` = excluded.`+column, i.id(library), path, value)
	}
	if err != nil {
		return fmt.Errorf("write index of %s: %w", i.Field, err)
	}
	return nil
}

// Build adds what was there before to the indexes that are not built yet, and returns when all are. It goes on where another, or this one,
// has stopped.
func Build(ctx context.Context, db *store.DB) error {
	for {
		done := false
		err := db.Write(ctx, func(tx *store.Tx) (err error) { done, err = buildSome(ctx, tx, db.Dialect()); return err })
		if err != nil || done {
			return err
		}
	}
}

// allWords is the type of the one index that has the words of all entries.
const allWords Type = "words"

// checkWords tells whether the words of all entries are there.
//
// # Errors
//
// unavailable.
func checkWords(ctx context.Context, tx *store.Tx) error {
	var building bool
	err := tx.QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM indexes WHERE entry_type = '' AND type = $1 AND built = 0)`, string(allWords)).Scan(&building)
	if err != nil {
		return fmt.Errorf("read indexes: %w", err)
	}
	if building {
		return bus.Errorf(bus.Unavailable, "the words of the entries of before are being read: try again later")
	}
	return nil
}

// buildSome adds a batch to one index, and tells whether there was none to build.
func buildSome(ctx context.Context, tx *store.Tx, dialect store.Dialect) (done bool, err error) {
	var index Index
	var reached string
	err = tx.QueryRow(ctx, `SELECT entry_type, field, type, reached FROM indexes WHERE built = 0 ORDER BY entry_type, field, type LIMIT 1`).
		Scan(&index.EntryType, &index.Field, &index.Type, &reached)
	if errors.Is(err, sql.ErrNoRows) {
		return true, nil
	}
	if err != nil {
		return false, fmt.Errorf("read indexes: %w", err)
	}
	rows, err := after(ctx, tx, reached)
	if err != nil {
		return false, fmt.Errorf("build index of %s: %w", index.Field, err)
	}
	for _, r := range rows {
		if err := index.add(ctx, tx, dialect, r); err != nil {
			return false, err
		}
		reached = r.ID
	}
	built := 0
	if len(rows) < buildBatch {
		built = 1
	}
	_, err = tx.Exec(ctx, `UPDATE indexes SET built = $1, reached = $2 WHERE entry_type = $3 AND field = $4 AND type = $5`,
		built, reached, index.EntryType, index.Field, string(index.Type))
	if err != nil {
		return false, fmt.Errorf("build index of %s: %w", index.Field, err)
	}
	return false, nil
}

// owned is an entry of any library.
type owned struct {
	*Entry

	library uuid.UUID
}

// after are the entries behind an id, at most a batch.
func after(ctx context.Context, tx *store.Tx, id string) (all []owned, err error) {
	err = tx.Query(ctx, func(scan func(...any) error) error {
		var library string
		e, err := Scan(scan, &library)
		if err != nil {
			return err
		}
		o := owned{Entry: e}
		o.library, err = uuid.Parse(library)
		all = append(all, o)
		return err
	}, `SELECT `+Columns+`, e.library_id FROM entries e WHERE e.id > $1 ORDER BY e.id LIMIT $2`, id, buildBatch)
	return all, err
}

// add adds an entry to an index that is being built.
func (i Index) add(ctx context.Context, tx *store.Tx, dialect store.Dialect, e owned) error {
	if i.Type == allWords {
		return addWords(ctx, tx, dialect, e)
	}
	if e.EntryType != i.EntryType {
		return nil
	}
	m, err := decode(e.Metadata)
	if err != nil {
		return err
	}
	return i.set(ctx, tx, e.library, e.Path, m)
}

// addWords adds the words of an entry with those of its sidecars that are in the database.
func addWords(ctx context.Context, tx *store.Tx, dialect store.Dialect, e owned) error {
	files := map[string][]byte{}
	err := tx.Query(ctx, func(scan func(...any) error) error {
		var name string
		var data []byte
		err := scan(&name, &data)
		files[name] = data
		return err
	}, `SELECT s.filename, b.data FROM sidecars s JOIN blobs b ON b.library_id = s.library_id AND b.digest = s.digest
		WHERE s.entry_id = $1 AND b.data IS NOT NULL`, e.ID)
	if err != nil {
		return fmt.Errorf("read texts: %w", err)
	}
	for name, data := range files {
		if _, err := SetText(ctx, tx, e.ID, name, data); err != nil {
			return err
		}
	}
	return SetWords(ctx, tx, dialect, e.library, e.Entry)
}

// EraseFields removes the values of a library's indexes.
func EraseFields(ctx context.Context, tx *store.Tx, library uuid.UUID) error {
	var all []Index
	err := tx.Query(ctx, func(scan func(...any) error) error {
		var i Index
		err := scan(&i.EntryType, &i.Field, &i.Type)
		all = append(all, i)
		return err
	}, `SELECT entry_type, field, type FROM indexes WHERE type <> 'words'`)
	if err != nil {
		return fmt.Errorf("erase indexes: %w", err)
	}
	for _, i := range all {
		if _, err := tx.Exec(ctx, `DELETE FROM entry_fields WHERE field = $1`, i.id(library)); err != nil {
			return fmt.Errorf("erase indexes: %w", err)
		}
	}
	return nil
}
