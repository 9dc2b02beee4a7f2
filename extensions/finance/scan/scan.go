package scan

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/airlock-run/airlock/extensions/finance/process"
	airlock "github.com/airlock-run/airlock/sdk/go"
)

const (
	// pageSize is how many messages are handed on at once.
	pageSize = 200
	// claimTime is after how long a scan that does not move the cursor is taken for dead; patience is how long another waits to look again.
	claimTime = 2 * time.Minute
	patience  = 5 * time.Second
)

// arrival is the data of mail.arrived.
type arrival struct {
	Account string `json:"account"`
	Mailbox string `json:"mailbox"`
}

// cursor is how far a mailbox has been handed on, and by whom it is now.
type cursor struct {
	UIDValidity uint32     `json:"uid_validity"`
	UID         uint32     `json:"uid"`
	Scanner     string     `json:"scanner,omitempty"`
	Until       *time.Time `json:"until,omitempty"`

	revision int64
}

// page is the checkpoint: messages whose jobs are being started.
type page struct {
	UIDValidity uint32   `json:"uid_validity,omitempty"`
	UIDs        []uint32 `json:"uids,omitempty"`
	Done        int      `json:"done"`
}

func scan(job *airlock.JobContext) error {
	box, err := mailboxOf(job)
	if err != nil {
		return err
	}
	var begun page
	if err := job.Input(&begun); err != nil {
		return airlock.Permanent(err)
	}
	at, err := claim(job, box)
	if errors.Is(err, errOther) {
		job.Progress(0, err.Error())
		return job.Snooze(patience)
	}
	if err != nil {
		return err
	}
	for {
		if len(begun.UIDs) > 0 {
			if err := handOn(job, box, at, &begun); err != nil {
				return err
			}
		}
		if job.Interrupted() != airlock.Continue {
			return airlock.ErrInterrupted
		}
		more, err := next(job, box, at, &begun)
		if err != nil {
			return err
		}
		if !more {
			job.Progress(1, fmt.Sprintf("%d messages", begun.Done))
			return release(job, box, at)
		}
	}
}

// mailboxOf is the mailbox that the event names.
func mailboxOf(job *airlock.JobContext) (box arrival, err error) {
	if job.Event == nil {
		return box, airlock.Permanentf("no event: email_scan is started by a mail.arrived event")
	}
	data, err := job.Event.Data()
	if err != nil {
		return box, err
	}
	if err := json.Unmarshal(data, &box); err != nil || box.Account == "" || box.Mailbox == "" {
		return box, airlock.Permanentf("event %s does not name account and mailbox: %.200s", job.Event.ID, data)
	}
	return box, nil
}

func (box arrival) key() string { return "scan/" + box.Account + "/" + box.Mailbox }

// errOther says that another scan has the mailbox.
var errOther = errors.New("another scan of the mailbox runs")

// claim makes the cursor this job's.
//
// # Errors
//
// errOther.
func claim(job *airlock.JobContext, box arrival) (*cursor, error) {
	at := &cursor{}
	revision, err := job.KV().Get(box.key(), at)
	if err != nil {
		return nil, err
	}
	at.revision = revision
	if at.Scanner != "" && at.Scanner != job.ID && at.Until != nil && time.Now().Before(*at.Until) {
		return nil, errOther
	}
	err = at.move(job, box, at.UIDValidity, at.UID)
	if airlock.ErrorCode(err) == airlock.FailedPrecondition { // somebody was quicker
		return nil, errOther
	}
	return at, err
}

// move writes the cursor, and claims it for a while more.
func (at *cursor) move(job *airlock.JobContext, box arrival, validity, uid uint32) error {
	until := time.Now().Add(claimTime).UTC()
	moved := cursor{UIDValidity: validity, UID: uid, Scanner: job.ID, Until: &until}
	revision, err := job.KV().PutIf(box.key(), moved, at.revision)
	if err != nil {
		return err
	}
	moved.revision = revision
	*at = moved
	return nil
}

// release lets another scan begin at once.
func release(job *airlock.JobContext, box arrival, at *cursor) error {
	_, err := job.KV().PutIf(box.key(), cursor{UIDValidity: at.UIDValidity, UID: at.UID}, at.revision)
	return lost(err)
}

// lost makes a failure of the cursor one that is tried again, by which time it is known whose it is.
func lost(err error) error {
	if airlock.ErrorCode(err) == airlock.FailedPrecondition {
		return fmt.Errorf("another scan has taken over: %w", err)
	}
	return err
}

// next finds the page after the cursor, and saves it before anything is done about it.
func next(job *airlock.JobContext, box arrival, at *cursor, begun *page) (more bool, err error) {
	found, err := job.Mail().Messages(box.Account, box.Mailbox, at.UID, pageSize)
	if err != nil {
		return false, err
	}
	if at.UIDValidity != 0 && found.UIDValidity != at.UIDValidity {
		job.Warn("mailbox %s of %s has been numbered anew (UIDVALIDITY %d): it is gone through from its beginning", box.Mailbox, box.Account, found.UIDValidity)
		return true, lost(at.move(job, box, found.UIDValidity, 0))
	}
	if len(found.Messages) == 0 {
		return false, nil
	}
	*begun = page{UIDValidity: found.UIDValidity, Done: begun.Done}
	for _, message := range found.Messages {
		begun.UIDs = append(begun.UIDs, message.UID)
	}
	if found.UIDNext > 1 {
		job.Progress(float32(at.UID)/float32(found.UIDNext), fmt.Sprintf("%d messages, up to UID %d", begun.Done, at.UID))
	}
	return true, job.Checkpoint(begun)
}

// handOn starts the jobs of a page, and moves the cursor behind it.
func handOn(job *airlock.JobContext, box arrival, at *cursor, begun *page) error {
	last := begun.UIDs[len(begun.UIDs)-1]
	if at.UIDValidity == begun.UIDValidity && at.UID >= last { // an attempt before has got this far
		begun.UIDs = nil
		return nil
	}
	jobs := make([]airlock.SubJob, len(begun.UIDs))
	for i, uid := range begun.UIDs {
		jobs[i] = airlock.SubJob{Job: "process_receipt", Input: process.Input{Mail: &process.Message{
			Account: box.Account, Mailbox: box.Mailbox, UIDValidity: begun.UIDValidity, UID: uid,
		}}}
	}
	if _, err := job.DispatchMany(jobs); err != nil {
		return fmt.Errorf("start jobs for %d messages: %w", len(jobs), err)
	}
	if err := at.move(job, box, begun.UIDValidity, last); err != nil {
		return lost(err)
	}
	job.AddItems(int64(len(jobs)))
	begun.Done += len(jobs)
	begun.UIDs = nil
	return nil
}
