package jobs

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/google/uuid"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/operations/store"
)

// errMoved says that the position of the list is another than the one this process has left it at.
var errMoved = errors.New("another process has written the list of jobs")

// keeper writes batches of changes.
type keeper struct {
	list *store.DB
	// lines, fresh and notes write many rows at once: by how many.
	lines, fresh, notes map[int]*store.Statement

	mu       sync.Mutex
	position bus.Position
	kinds    map[kind]int64
	// buried are the jobs that were deleted and are still known to have been.
	buried map[uuid.UUID]struct{}
}

// chunks are how many rows one statement writes.
var chunks = []int{64, 8, 1}

func newKeeper(ctx context.Context, list *store.DB) (_ *keeper, err error) {
	k := &keeper{
		list: list, kinds: map[kind]int64{},
		lines: map[int]*store.Statement{}, fresh: map[int]*store.Statement{}, notes: map[int]*store.Statement{},
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, k.close())
		}
	}()
	for _, n := range chunks {
		for _, s := range []struct {
			to            map[int]*store.Statement
			into, updates string
			columns       int
		}{
			{k.lines, lineInto, lineUpdates, lineColumns}, {k.fresh, freshInto, freshUpdates, freshColumns}, {k.notes, noteInto, noteUpdates, noteColumns},
		} {
			if s.to[n], err = list.Prepare(ctx, insert(list, s.into, values(n, s.columns), s.updates)); err != nil {
				return nil, err
			}
		}
	}
	err = list.Write(ctx, func(tx *store.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO projections (name, mark, jobs, runs) VALUES ('jobs', $1, 0, 0) ON CONFLICT DO NOTHING`, uuid.NewString())
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("begin list of jobs: %w", err)
	}
	return k, nil
}

func (k *keeper) close() (err error) {
	for _, statements := range []map[int]*store.Statement{k.lines, k.fresh, k.notes} {
		for _, s := range statements {
			if s != nil {
				err = errors.Join(err, s.Close())
			}
		}
	}
	return err
}

// position is how far the list has got, and the name under which the bus is told.
func position(ctx context.Context, list *store.DB) (p bus.Position, mark string, err error) {
	var jobs, runs int64
	err = list.Read(ctx, func(tx *store.Tx) error {
		return tx.QueryRow(ctx, `SELECT mark, jobs, runs FROM projections WHERE name = 'jobs'`).Scan(&mark, &jobs, &runs)
	})
	if err != nil {
		return p, "", fmt.Errorf("read position of list of jobs: %w", err)
	}
	return bus.Position{Jobs: uint64(jobs), Runs: uint64(runs)}, mark, nil //nolint:gosec // sequences stay far below 1<<63
}

// begin takes the position that is kept as the one to go on from.
func (k *keeper) begin(ctx context.Context) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	p, _, err := position(ctx, k.list)
	if err != nil {
		return err
	}
	buried, err := findBuried(ctx, k.list)
	if err != nil {
		return err
	}
	k.position, k.buried = p, buried
	return nil
}

func (k *keeper) at() bus.Position {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.position
}

// look finds out whether the position is where this process has left it.
func (k *keeper) look(ctx context.Context) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	p, _, err := position(ctx, k.list)
	if err == nil && p != k.position {
		return errMoved
	}
	return nil // of an error the next look tells
}

// keep writes a batch and its position, in one transaction.
//
// # Errors
//
// errMoved when another process has written meanwhile; nothing is changed then.
func (k *keeper) keep(ctx context.Context, changes *bus.Changes) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	lines := fold(changes.All)
	kinds := k.kinds
	write := func(place func(ctx context.Context, tx *store.Tx, lines []*line) error) error {
		return k.list.Write(ctx, func(tx *store.Tx) error {
			moved, err := tx.Exec(ctx, `UPDATE projections SET jobs = $1, runs = $2 WHERE name = 'jobs' AND jobs = $3 AND runs = $4`,
				int64(changes.Position.Jobs), int64(changes.Position.Runs), int64(k.position.Jobs), int64(k.position.Runs)) //nolint:gosec // as above
			if err != nil {
				return err
			}
			if moved == 0 {
				return errMoved
			}
			if kinds, err = findKinds(ctx, tx, k.kinds, lines); err != nil {
				return err
			}
			if err := place(ctx, tx, lines); err != nil {
				return err
			}
			return k.writeLines(ctx, tx, lines, kinds)
		})
	}
	err := write(func(context.Context, *store.Tx, []*line) error { return nil })
	if err != nil && !errors.Is(err, errMoved) && !errors.Is(err, store.ErrUnavailable) && ctx.Err() == nil {
		// Two jobs of the same microsecond may want the same place.
		err = write(findPlaces)
	}
	if err != nil {
		return fmt.Errorf("keep %d changes of jobs: %w", len(changes.All), err)
	}
	k.position, k.kinds = changes.Position, kinds
	return nil
}

const (
	lineColumns = 17
	lineInto    = `jobs (place, id, kind, parent, priority, state, version, due, attempt, failures, started_at, finished_at, cancel_requested,
		paused, progress, error, message)`
	// What a job is from its beginning is not written again: each index a column is in costs as much as the row.
	lineUpdates = `UPDATE SET state = excluded.state, version = excluded.version, attempt = excluded.attempt, failures = excluded.failures,
		due = excluded.due, started_at = excluded.started_at, finished_at = excluded.finished_at,
		cancel_requested = excluded.cancel_requested, paused = excluded.paused, progress = excluded.progress,
		error = excluded.error, message = excluded.message WHERE jobs.version < excluded.version`

	// A job's first message overrides nothing.
	freshColumns = 8
	freshInto    = `jobs (place, id, kind, parent, priority, state, version, due)`
	freshUpdates = `NOTHING`

	noteColumns = 2
	noteInto    = `job_details (id, details)`
	noteUpdates = `UPDATE SET details = excluded.details`
)

// insert is a statement that inserts rows, and does something else with those that are there.
func insert(list *store.DB, into, values, otherwise string) string {
	verb := "INSERT INTO "
	if list.Dialect() == store.SQLite {
		// Without OR FAIL it copies all pages, to undo a statement of which a row fails; but then the whole transaction is undone.
		verb = "INSERT OR FAIL INTO "
	}
	return numbered(list, verb+into+" VALUES "+values+" ON CONFLICT (id) DO "+otherwise)
}

// values are the placeholders of rows.
func values(rows, columns int) string {
	row := "(" + strings.Repeat("?, ", columns-1) + "?)"
	return strings.Repeat(row+", ", rows-1) + row
}

func (k *keeper) writeLines(ctx context.Context, tx *store.Tx, lines []*line, kinds map[kind]int64) error {
	var fresh, rows, notes []any
	var deleted []*line
	for _, l := range lines {
		switch {
		case l.state == deletedState:
			deleted = append(deleted, l)
			continue
		case l.Version == 1:
			fresh = l.appendFresh(fresh, kinds[l.kind()])
		default:
			rows = l.append(rows, kinds[l.kind()])
		}
		if len(l.details) > 0 {
			notes = append(notes, l.id[:], l.details)
		}
	}
	if err := k.revive(ctx, tx, lines); err != nil {
		return err
	}
	for _, write := range []struct {
		statements map[int]*store.Statement
		rows       []any
		columns    int
	}{{k.fresh, fresh, freshColumns}, {k.lines, rows, lineColumns}, {k.notes, notes, noteColumns}} {
		if err := writeChunks(ctx, tx, write.statements, write.rows, write.columns); err != nil {
			return err
		}
	}
	return k.bury(ctx, tx, deleted)
}

func writeChunks(ctx context.Context, tx *store.Tx, statements map[int]*store.Statement, rows []any, columns int) error {
	for _, n := range chunks {
		for len(rows) >= n*columns {
			if _, err := tx.ExecPrepared(ctx, statements[n], rows[:n*columns]...); err != nil {
				return err
			}
			rows = rows[n*columns:]
		}
	}
	return nil
}
