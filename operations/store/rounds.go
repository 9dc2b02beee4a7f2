package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"
)

// A round ends when nobody waits to join it, and at the latest after this many changes or this long: then it is committed, and the
// others are the next one.
const (
	maxRound     = 64
	maxRoundTime = 5 * time.Millisecond
)

// errRoundLost tells those of a round that it is not on the disk, and was not their doing: they make their changes again.
var errRoundLost = errors.New("the transaction was rolled back")

var errClosed = errors.New("the store is closed")

// rounds lets callers of Write share transactions, for most of what a small one costs is its commit. Who has the turn runs its change
// in the open transaction, by its own goroutine, and hands the turn to the next; the last one commits for all of them. A change that
// comes after others has a savepoint, so its error undoes nothing of theirs.
//
// A change sees what those before it in the round have done, which is not on the disk yet. So nobody is answered before the round has
// ended: neither with success nor with an error that what it saw may have been the reason of.
type rounds struct {
	pool    *sql.DB
	maxTime time.Duration // maxRoundTime, but for tests

	mu      sync.Mutex
	taken   bool
	waiting []chan struct{} // each closed when it has the turn

	// What follows belongs to who has the turn.
	on     *statements
	open   *round
	closed bool
}

// round is one transaction.
type round struct {
	began   time.Time
	changes int
	// err is there when ended is closed.
	err   error
	ended chan struct{}
}

// write runs change in a round, and returns when that is on the disk. A change that has been the end of a round is made again in one of
// its own, so that what is wrong with it costs others nothing a second time.
func (r *rounds) write(ctx context.Context, change func(*Tx) error) error {
	joined, err := r.join(ctx, change, false)
	if joined == nil || ctx.Err() != nil && err != nil {
		return err
	}
	<-joined.ended // not ctx: what is in the transaction will be committed
	switch {
	case joined.err == nil:
		return err
	case err == nil:
		return joined.err
	}
	joined, err = r.join(ctx, change, true)
	if err != nil {
		return err
	}
	<-joined.ended
	return joined.err
}

// join runs change when it has the turn, and gives the turn away in any case. It returns the round whose end decides what becomes of the
// change and of its error, and none where the error does not depend on it.
func (r *rounds) join(ctx context.Context, change func(*Tx) error, alone bool) (_ *round, err error) {
	if err := r.take(ctx); err != nil {
		return nil, err
	}
	changed := false
	defer func() {
		if !changed { // also when change panics
			r.undo()
		}
		r.pass()
	}()
	if alone && r.open != nil {
		r.commit()
	}
	if err := r.begin(ctx); err != nil {
		return nil, err
	}
	joined := r.open
	if err := r.change(ctx, change); err != nil {
		if joined.changes == 0 {
			joined = nil // it saw nothing of others
		}
		return joined, err
	}
	joined.changes++
	changed = true
	return joined, nil
}

// change runs a change in the open round, in a savepoint unless it is the first.
func (r *rounds) change(ctx context.Context, change func(*Tx) error) error {
	if err := (&Tx{on: r.on}).run(change); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if r.open.changes > 0 {
		return r.exec(`RELEASE change`)
	}
	return nil
}

// begin begins a round, or a savepoint in the one that is open.
func (r *rounds) begin(ctx context.Context) (err error) {
	if r.closed {
		return errClosed
	}
	if r.open != nil {
		return r.exec(`SAVEPOINT change`)
	}
	if r.on == nil {
		if r.on, err = newStatements(ctx, r.pool); err != nil {
			return err
		}
	}
	if err := r.exec(`BEGIN IMMEDIATE`); err != nil {
		r.reset()
		return err
	}
	r.open = &round{began: time.Now(), ended: make(chan struct{})}
	return nil
}

// undo takes back the change that was begun last. Some errors, such as a full disk or a caller that gives up amid a statement, end the
// whole transaction: then nobody's change is there any more, and each is made again.
func (r *rounds) undo() {
	if r.open == nil {
		return
	}
	if r.open.changes > 0 && r.exec(`ROLLBACK TO change`) == nil && r.exec(`RELEASE change`) == nil {
		return
	}
	if r.open.changes > 0 || r.exec(`ROLLBACK`) != nil {
		r.reset()
	}
	r.end(errRoundLost)
}

// pass gives the turn to the next one that waits. Before that it ends the round, unless the next one can join it.
func (r *rounds) pass() {
	r.mu.Lock()
	defer r.mu.Unlock()
	full := r.open != nil && (r.open.changes >= maxRound || time.Since(r.open.began) >= r.maxTime)
	if r.open != nil && (full || len(r.waiting) == 0) {
		r.mu.Unlock()
		r.commit()
		r.mu.Lock()
	}
	if len(r.waiting) == 0 {
		r.taken = false
		return
	}
	next := r.waiting[0]
	r.waiting = slices.Delete(r.waiting, 0, 1)
	close(next)
}

// commit ends the round for all who have joined it. Where that fails it cannot be told whether they are on the disk.
func (r *rounds) commit() {
	err := r.exec(`COMMIT`)
	if err != nil {
		r.reset()
		err = fmt.Errorf("%w: commit: %w", ErrUnavailable, err)
	}
	r.end(err)
}

func (r *rounds) end(err error) {
	r.open.err = err
	close(r.open.ended)
	r.open = nil
}

// reset begins anew with another connection.
func (r *rounds) reset() {
	r.on.discard()
	r.on = nil
}

// exec runs a statement of the round's own, which is not over when a caller gives up.
func (r *rounds) exec(statement string) error {
	_, err := r.on.ExecContext(context.Background(), statement)
	return err
}

// take waits for the turn, in the order of the calls.
func (r *rounds) take(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	r.mu.Lock()
	if !r.taken {
		r.taken = true
		r.mu.Unlock()
		return nil
	}
	mine := make(chan struct{})
	r.waiting = append(r.waiting, mine)
	r.mu.Unlock()
	select {
	case <-mine:
		return nil
	case <-ctx.Done():
	}
	r.mu.Lock()
	at := slices.Index(r.waiting, mine)
	if at >= 0 {
		r.waiting = slices.Delete(r.waiting, at, at+1)
	}
	r.mu.Unlock()
	if at < 0 { // the turn came in the same moment
		r.pass()
	}
	return ctx.Err()
}

// close commits what is open and ends the connection, once the turn is given back. Who still waits is refused.
func (r *rounds) close() error {
	if err := r.take(context.Background()); err != nil {
		return err
	}
	defer r.pass()
	if r.open != nil {
		r.commit()
	}
	r.closed = true
	if r.on == nil {
		return nil
	}
	defer func() { r.on = nil }()
	return r.on.close()
}
