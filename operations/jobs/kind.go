package jobs

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"github.com/airlock-run/airlock/operations/store"
)

// kind is what a job has in common with many others.
type kind struct {
	extension, name string
	library         uuid.UUID
}

// maxKinds is how many kinds are remembered: beyond that they are looked up again.
const maxKinds = 50_000

// findKinds returns known with the kinds of lines that are missing there. known itself does not change, for the transaction may be
// rolled back.
func findKinds(ctx context.Context, tx *store.Tx, known map[kind]int64, lines []*line) (map[kind]int64, error) {
	missing := slices.ContainsFunc(lines, func(l *line) bool {
		_, ok := known[l.kind()]
		return !ok && l.state != deletedState
	})
	if !missing {
		return known, nil
	}
	found := map[kind]int64{}
	if len(known) < maxKinds {
		found = maps.Clone(known)
	}
	for _, l := range lines {
		k := l.kind()
		if _, ok := found[k]; ok || l.state == deletedState {
			continue
		}
		id, err := addKind(ctx, tx, k)
		if err != nil {
			return nil, err
		}
		found[k] = id
	}
	return found, nil
}

func addKind(ctx context.Context, tx *store.Tx, k kind) (id int64, err error) {
	args := []any{plain(k.extension), plain(k.name), k.library[:]}
	if _, err = tx.Exec(ctx, `INSERT INTO kinds (extension, name, library_id) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`, args...); err != nil {
		return 0, err
	}
	err = tx.QueryRow(ctx, `SELECT id FROM kinds WHERE extension = $1 AND name = $2 AND library_id = $3`, args...).Scan(&id)
	return id, err
}

// kinds finds the kinds that are asked for; more is true when there are too many to find jobs by them.
func (f filter) kinds(ctx context.Context, tx *store.Tx) (ids []int64, more bool, err error) {
	query := `SELECT id FROM kinds WHERE ` + strings.Join(f.kind, " AND ") + ` ORDER BY id LIMIT ` + strconv.Itoa(f.legs+1)
	err = tx.Query(ctx, func(scan func(...any) error) error {
		var id int64
		err := scan(&id)
		ids = append(ids, id)
		return err
	}, numbered(f.db, query), f.kindArgs...)
	if len(ids) > f.legs {
		return nil, true, err
	}
	return ids, false, err
}
