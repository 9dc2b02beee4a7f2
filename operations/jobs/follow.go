package jobs

import (
	"context"
	"errors"
	"time"

	"github.com/airlock-run/airlock/bus"
)

const (
	// lookPause is how often somebody who follows looks whether another process does, and how often the bus is told how far
	// the list has got.
	lookPause = time.Second
	// standby is for how long the position has to stand still before a process that was not the one who writes tries again.
	standby = 2 * time.Second
	// markAgain is how often the bus is told even though nothing has changed.
	markAgain = time.Hour
)

// follow keeps the list up to date until ctx ends.
func (j *Jobs) follow(ctx context.Context, k *keeper) {
	for ctx.Err() == nil {
		err := j.followOnce(ctx, k)
		switch {
		case ctx.Err() != nil:
			return
		case errors.Is(err, errMoved):
			j.standBy(ctx, k)
		default:
			j.log.WarnContext(ctx, "list of jobs not followed, trying again", "error", err)
			sleep(ctx, lookPause)
		}
	}
}

// followOnce follows from the position that is kept, until something is in the way: errMoved when the position is another than
// this process has left it at.
func (j *Jobs) followOnce(ctx context.Context, k *keeper) error {
	if err := k.begin(ctx); err != nil {
		return err
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	looking := make(chan struct{})
	go func() {
		defer close(looking)
		for sleep(ctx, lookPause) {
			if err := k.look(ctx); err != nil {
				stop(err)
			}
		}
	}()
	defer func() {
		stop(nil)
		<-looking
	}()
	err := j.conn.FollowChanges(ctx, k.at(), func(ctx context.Context, changes *bus.Changes) error {
		err := k.keep(ctx, changes)
		j.behind.Store(changes.Behind)
		return err
	})
	if err == nil {
		err = context.Cause(ctx)
	}
	return err
}

// standBy waits until nobody else writes the list, or somebody has it rebuilt.
func (j *Jobs) standBy(ctx context.Context, k *keeper) {
	left := k.at()
	for {
		before, _, err := position(ctx, j.list)
		if err == nil && (before.Jobs < left.Jobs || before.Runs < left.Runs) {
			return
		}
		if !sleep(ctx, standby) {
			return
		}
		after, _, err2 := position(ctx, j.list)
		if err == nil && err2 == nil && before == after {
			return
		}
	}
}

// markOften tells the bus how far the list has got, until ctx ends.
func (j *Jobs) markOften(ctx context.Context) {
	var told bus.Position
	var at time.Time
	for {
		now, mark, err := position(ctx, j.list)
		if err == nil && (now != told || time.Since(at) > markAgain) {
			if err = j.conn.MarkListed(ctx, mark, now); err == nil {
				told, at = now, time.Now()
			}
		}
		if err != nil && ctx.Err() == nil {
			j.log.DebugContext(ctx, "position of the list of jobs not told", "error", err)
		}
		if !sleep(ctx, lookPause) {
			return
		}
	}
}

// sleep waits, and tells whether ctx goes on.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
