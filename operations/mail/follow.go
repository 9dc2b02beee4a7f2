package mail

import (
	"context"
	"fmt"
	"time"

	"github.com/emersion/go-imap/v2"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/operations/mail/folder"
)

const (
	// lookAgain is after how long a folder is gone through that nothing is told of, as file systems of a network tell nothing. One that takes
	// long to go through has longer pauses: lookShare times as long.
	lookAgain = 5 * time.Second
	lookShare = 20
	// gather is how long changes are gathered at least, before the folder is gone through again, and maxGather at most.
	gather, maxGather = 100 * time.Millisecond, 2 * time.Second
	// keepPause is how often it is written down that a folder was gone through in which nothing has changed.
	keepPause = time.Minute
)

// says is what is told of a folder.
type says struct {
	validity, uidNext uint32
	unreadable        int
}

// selected is how the folder stands, as a server would tell.
func (f found) selected(x *index) *imap.SelectData {
	return &imap.SelectData{UIDValidity: x.validity, UIDNext: imap.UID(f.uidNext), NumMessages: f.messages}
}

// trouble is what is wrong in a folder that can be read, or nil.
func (f found) trouble() *bus.Error {
	if f.unreadable == 0 {
		return nil
	}
	return bus.AsError(bus.Errorf(bus.FailedPrecondition, "%d files of the folder may not be read: permission denied; let the service's user read them", f.unreadable))
}

// followFolder goes through a folder, and tells of new mail, until that fails.
func (w *watcher) followFolder(ctx context.Context, a *Account) error {
	var scan *scanner
	var said says
	var told time.Time
	changed, stop := (<-chan struct{})(nil), func() {}
	defer func() { stop() }()
	for {
		began := time.Now()
		box, err := w.service.openFolder(ctx, a)
		if err != nil {
			return err
		}
		if scan == nil || scan.index.validity != box.index.validity {
			scan = newScanner(box.index)
		}
		if changed == nil { // before it is looked, so that nothing comes unseen in between
			if tells, end, err := box.Changes(); err == nil {
				changed, stop = tells, end
			} else {
				w.service.config.Logger.DebugContext(ctx, "changes of a mail folder are not told of", "account", a.ID, "error", err)
			}
		}
		out, err := scan.scan(ctx, box.Folder)
		_ = box.Close()
		if err != nil {
			return folderFailure(ctx, a, err)
		}
		stands := says{box.index.validity, out.uidNext, out.unreadable}
		if stands != said || time.Since(told) > keepPause {
			if err := w.tell(ctx, a, out.selected(box.index), out.trouble()); err != nil {
				return fmt.Errorf("tell of mail: %w", err)
			}
			said, told = stands, time.Now()
		}
		took := time.Since(began)
		if !rest(ctx, changed, min(max(gather, took), maxGather), pauseAfter(took, out.unsettled)) {
			return ctx.Err()
		}
	}
}

// pauseAfter is how long a folder rests in which nothing seems to change.
func pauseAfter(took time.Duration, unsettled bool) time.Duration {
	pause := max(lookAgain, lookShare*took)
	if unsettled {
		pause = min(pause, max(folder.Settle/4, 4*took))
	}
	return pause
}

// rest waits for a change, and then until changes were gathered; false if ctx has ended.
func rest(ctx context.Context, changed <-chan struct{}, gather, pause time.Duration) bool {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-changed:
		return sleep(ctx, gather)
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
