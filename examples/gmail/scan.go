package main

import (
	"errors"
	"fmt"
	"net/url"

	airlock "github.com/airlock-run/airlock/sdk/go"
)

// pageSize is how many messages are handed on at once; the API's most is 500.
const pageSize = "200"

// cursor is how far a mailbox was handed on.
type cursor struct {
	// History is the historyId to go on from. While the label is listed it is that of before.
	History string `json:"history,omitempty"`
	// Listing tells that the whole label is being listed.
	Listing bool `json:"listing,omitempty"`
	// Page is the token of the next page; empty for the first.
	Page string `json:"page,omitempty"`

	revision int64
}

// errOther says that another scan has moved the cursor.
var errOther = errors.New("another scan of the mailbox runs")

func scan(job *airlock.JobContext) error {
	var m mailbox
	if err := job.Settings(&m); err != nil {
		return err
	}
	if m.Credential == "" {
		job.Progress(1, "no account: `airlock extension settings set gmail` names a credential")
		return nil
	}
	done, err := m.scan(job)
	if errors.Is(err, errOther) {
		job.Progress(1, err.Error())
		return nil
	}
	if err != nil {
		return later(job, err)
	}
	job.Progress(1, fmt.Sprintf("%d messages", done))
	return nil
}

// scan hands on page after page, and returns how many messages that were.
func (m mailbox) scan(job *airlock.JobContext) (done int, err error) {
	at := &cursor{}
	if at.revision, err = job.KV().Get(m.key(), at); err != nil {
		return 0, err
	}
	if at.History == "" {
		if err := m.begin(job, at); err != nil {
			return 0, err
		}
	}
	for {
		if job.Interrupted() != airlock.Continue {
			return done, airlock.ErrInterrupted
		}
		ids, next, err := m.page(job, at)
		if errors.Is(err, errGone) && !at.Listing {
			job.Warn("Gmail no longer knows what was new since the last scan: label %s is listed as a whole", m.Label)
			if err := m.begin(job, at); err != nil {
				return done, err
			}
			continue
		}
		if errors.Is(err, errInvalid) && at.Page != "" { // the token of a page is no good for ever
			if err := m.move(job, at, cursor{History: at.History, Listing: at.Listing}); err != nil {
				return done, err
			}
			continue
		}
		if err != nil {
			return done, err
		}
		if err := m.handOn(job, ids); err != nil {
			return done, err
		}
		if next != *at {
			if err := m.move(job, at, next); err != nil {
				return done, err
			}
		}
		done += len(ids)
		job.AddItems(int64(len(ids)))
		if at.Page == "" && !at.Listing {
			return done, nil
		}
	}
}

func (m mailbox) key() string { return "cursor/" + m.Credential + "/" + m.Label }

// begin begins to list the label. What comes from now on is found in the history.
func (m mailbox) begin(job *airlock.JobContext, at *cursor) error {
	var profile struct {
		History string `json:"historyId"`
	}
	if err := m.read(job, "profile", nil, &profile); err != nil {
		return err
	}
	if profile.History == "" {
		return errors.New("read Gmail's profile: it has no historyId")
	}
	return m.move(job, at, cursor{History: profile.History, Listing: true})
}

// move writes the cursor.
//
// # Errors
//
// errOther.
func (m mailbox) move(job *airlock.JobContext, at *cursor, to cursor) error {
	revision, err := job.KV().PutIf(m.key(), to, at.revision)
	if airlock.ErrorCode(err) == airlock.FailedPrecondition {
		return errOther
	}
	if err != nil {
		return err
	}
	to.revision = revision
	*at = to
	return nil
}

// message is a message as lists have it.
type message struct {
	ID string `json:"id"`
}

// change is a part of the history. A message is new in a label when it came there, or was put there.
type change struct {
	Added []struct {
		Message message `json:"message"`
	} `json:"messagesAdded"`
	Labelled []struct {
		Message message `json:"message"`
	} `json:"labelsAdded"`
}

// page reads the page that the cursor is at, and returns where it is after it.
func (m mailbox) page(job *airlock.JobContext, at *cursor) (ids []string, next cursor, err error) {
	var got struct {
		Messages []message `json:"messages"`
		Changes  []change  `json:"history"`
		Next     string    `json:"nextPageToken"`
		History  string    `json:"historyId"`
	}
	path, query := "messages", url.Values{"labelIds": {m.Label}, "maxResults": {pageSize}}
	if !at.Listing {
		path = "history"
		query = url.Values{"labelId": {m.Label}, "maxResults": {pageSize}, "startHistoryId": {at.History}, "historyTypes": {"messageAdded", "labelAdded"}}
	}
	if at.Page != "" {
		query.Set("pageToken", at.Page)
	}
	if err := m.read(job, path, query, &got); err != nil {
		return nil, *at, err
	}
	for _, message := range got.Messages {
		ids = append(ids, message.ID)
	}
	for _, change := range got.Changes {
		for _, added := range change.Added {
			ids = append(ids, added.Message.ID)
		}
		for _, labelled := range change.Labelled {
			ids = append(ids, labelled.Message.ID)
		}
	}
	next = cursor{History: at.History, Listing: at.Listing, Page: got.Next, revision: at.revision}
	switch {
	case got.Next != "":
	case at.Listing:
		next.Listing = false
	case got.History != "":
		next.History = got.History
	}
	return ids, next, nil
}

// handOn starts a job for each message, once for each in the page.
func (m mailbox) handOn(job *airlock.JobContext, ids []string) error {
	var jobs []airlock.SubJob
	seen := map[string]bool{}
	for _, id := range ids {
		if !seen[id] {
			seen[id] = true
			jobs = append(jobs, airlock.SubJob{Job: "fetch", Input: fetchInput{Message: id}})
		}
	}
	for len(jobs) > 0 {
		n := min(len(jobs), 1000)
		if _, err := job.DispatchMany(jobs[:n]); err != nil {
			return fmt.Errorf("start jobs for %d messages: %w", n, err)
		}
		jobs = jobs[n:]
	}
	return nil
}
