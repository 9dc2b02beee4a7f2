package process

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"

	"github.com/airlock-run/airlock/extensions/finance/mail"
	"github.com/airlock-run/airlock/extensions/finance/receipt"
	airlock "github.com/airlock-run/airlock/sdk/go"
)

// Input is the input of process_receipt, of one that no event brings the mail.
type Input struct {
	Mail *Message `json:"mail,omitempty"`
}

// Message is where a mail is.
type Message struct {
	Account     string `json:"account"`
	Mailbox     string `json:"mailbox"`
	UIDValidity uint32 `json:"uid_validity"`
	UID         uint32 `json:"uid"`
}

// state is the input, and the checkpoint: what took long to find out.
type state struct {
	Input
	// Documents are the attachments that were read, by their place in the mail.
	Documents map[int]document `json:"documents,omitempty"`
	// Found is the receipt, once it is complete. It decides the entry's path, so a retry must not find another.
	Found *found `json:"found,omitempty"`
}

// document is the text of an attachment, or why it has none.
type document struct {
	Text       string  `json:"text,omitempty"`
	Confidence float64 `json:"confidence,omitempty"`
	Failure    string  `json:"failure,omitempty"`
}

// found is a receipt and where it was.
type found struct {
	Source   string           `json:"source"`
	Text     string           `json:"text"`
	Analysis receipt.Analysis `json:"analysis"`
}

func processReceipt(job *airlock.JobContext) error {
	var s state
	if err := job.Input(&s); err != nil {
		return airlock.Permanent(err)
	}
	raw, gone, err := openMail(job, s.Mail)
	if err != nil {
		return err
	}
	if gone != "" {
		job.Log(airlock.LevelInfo, "not read: %s", gone)
		job.Progress(1, "not read: "+gone)
		return nil
	}
	message, digest, err := readMail(job, raw)
	if err != nil {
		return err
	}
	if s.Found == nil {
		best, reason, err := findReceipt(job, message, &s)
		if err != nil {
			return err
		}
		if best == nil {
			job.Log(airlock.LevelInfo, "not a receipt: %s", reason)
			job.Progress(1, "not a receipt: "+reason)
			return nil
		}
		settings, err := readSettings(job)
		if err != nil {
			return err
		}
		if settings.UseModel {
			if err := refine(job, best); err != nil {
				return err
			}
		}
		if err := classify(job, message, best, settings); err != nil {
			return err
		}
		s = state{Input: s.Input, Found: best}
		if err := job.Checkpoint(s); err != nil {
			return err
		}
	}
	if job.Interrupted() != airlock.Continue {
		return airlock.ErrInterrupted
	}
	switch err := keep(job, message, raw, digest, s.Found); {
	case errors.Is(err, errBusy):
		return job.Snooze(patienceMin + rand.N(patienceMax-patienceMin)) //nolint:gosec // no secret: whoever has to wait does not wait together
	case err != nil:
		return err
	}
	job.AddItems(1)
	a := s.Found.Analysis
	job.Progress(1, fmt.Sprintf("receipt: %s, %s %s", a.Vendor, a.Amount, a.Currency))
	return nil
}

// original is a mail as it came.
type original struct {
	// content is of the library, or of the event, which the library does not keep.
	content string
	ofEvent bool
	data    []byte // of an event that has the mail in itself
}

// open reads it from its beginning.
func (o original) open(job *airlock.JobContext) io.Reader {
	if o.content == "" {
		return bytes.NewReader(o.data)
	}
	return job.VDFS().ContentReader(o.content)
}

// kept returns the content of the library that it is, and makes it that if it is none.
func (o original) kept(job *airlock.JobContext) (content string, err error) {
	if o.content != "" && !o.ofEvent {
		return o.content, nil
	}
	return job.VDFS().WriteContent(o.open(job))
}

// openMail returns where the mail is: in the event, or in the mailbox that the input names. gone says why there is none any more, which is
// no failure: somebody has deleted the mail, or the mailbox is numbered anew and gone through again.
func openMail(job *airlock.JobContext, at *Message) (raw original, gone string, err error) {
	job.Progress(0.05, "reading the mail")
	if at != nil {
		return at.fetch(job)
	}
	event := job.Event
	switch {
	case event == nil:
		return raw, "", airlock.Permanentf("no mail: process_receipt is started by a mail.received event, whose data is a mail (message/rfc822), or by email_scan")
	case event.Content != "":
		return original{content: event.Content, ofEvent: true}, "", nil
	}
	raw.data, err = event.Data()
	raw.ofEvent = true
	return raw, "", err
}

// fetch brings a message into the library's content. It is gone if the mailbox can be listed and has no such message: whatever else is wrong
// passes, or is for a person to mend.
func (m *Message) fetch(job *airlock.JobContext) (raw original, gone string, err error) {
	fetched, err := job.Mail().Fetch(m.Account, m.Mailbox, m.UIDValidity, m.UID)
	if code := airlock.ErrorCode(err); code == airlock.NotFound || code == airlock.FailedPrecondition {
		page, listErr := job.Mail().Messages(m.Account, m.Mailbox, m.UID-1, 1)
		if listErr == nil && (page.UIDValidity != m.UIDValidity || len(page.Messages) == 0 || page.Messages[0].UID != m.UID) {
			return raw, err.Error(), nil
		}
	}
	return original{content: fetched.Content}, "", err
}

// readMail takes the mail apart, and returns the digest of its bytes as well. Nothing that is wrong with it is cured by a retry.
func readMail(job *airlock.JobContext, raw original) (*mail.Message, string, error) {
	hash, size := sha256.New(), counter(0)
	source := io.TeeReader(raw.open(job), io.MultiWriter(hash, &size))
	message, err := mail.Read(source, job.VDFS().WriteContent)
	switch {
	case errors.Is(err, mail.ErrNotMail):
		return nil, "", airlock.Permanentf("%s is no mail: %w; a mail (message/rfc822) is needed", described(job), err)
	case raw.ofEvent && airlock.ErrorCode(err) == airlock.NotFound:
		return nil, "", airlock.Permanent(err) // it does not come back
	case err != nil:
		return nil, "", err
	}
	if _, err := io.Copy(io.Discard, source); err != nil { // what follows the mail's last part
		return nil, "", err
	}
	job.AddBytes(int64(size))
	for _, problem := range message.Problems {
		job.Warn("read the mail: %s", problem)
	}
	return message, hex.EncodeToString(hash.Sum(nil)), nil
}

// counter counts what is written to it.
type counter int64

func (c *counter) Write(p []byte) (int, error) {
	*c += counter(len(p))
	return len(p), nil
}

// described says where the mail came from.
func described(job *airlock.JobContext) string {
	if job.Event == nil {
		return "the message"
	}
	return fmt.Sprintf("the data of event %s (%s)", job.Event.ID, job.Event.DataContentType)
}
