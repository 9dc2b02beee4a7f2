package main

import (
	"errors"
	"fmt"
	"net/url"

	airlock "github.com/airlock-run/airlock/sdk/go"
)

// fetchInput is the input of fetch.
type fetchInput struct {
	Message string `json:"message"`
}

// fetch tells of one message.
func fetch(job *airlock.JobContext) error {
	var in fetchInput
	if err := job.Input(&in); err != nil {
		return airlock.Permanent(err)
	}
	if in.Message == "" {
		return airlock.Permanentf("no message: fetch is started by scan")
	}
	var m mailbox
	if err := job.Settings(&m); err != nil {
		return err
	}
	err := m.tell(job, in.Message)
	if errors.Is(err, errGone) {
		job.Progress(1, "the message was deleted")
		return nil
	}
	return later(job, err)
}

// tell keeps a message as it came, and publishes the event that names it.
func (m mailbox) tell(job *airlock.JobContext, id string) error {
	out, err := m.get(job, "messages/"+url.PathEscape(id), url.Values{"format": {"raw"}, "fields": {"raw"}}, true)
	if err != nil {
		return err
	}
	content, err := job.VDFS().WriteContent(newRawReader(job.VDFS().ContentReader(out.Content)))
	if err != nil {
		return fmt.Errorf("keep message %s: %w", id, err)
	}
	_, err = job.Publish(airlock.NewEvent{
		Type: "mail.received", Subject: id, ID: m.Credential + "/" + id, Content: content, ContentType: "message/rfc822",
	})
	if err != nil {
		return err
	}
	job.AddItems(1)
	return nil
}
