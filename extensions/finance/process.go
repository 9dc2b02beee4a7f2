package main

import (
	"errors"
	"fmt"

	"github.com/airlock-run/airlock/extensions/finance/mail"
	"github.com/airlock-run/airlock/extensions/finance/receipt"
	airlock "github.com/airlock-run/airlock/sdk/go"
)

// state is the checkpoint: what took long to find out.
type state struct {
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
	message, err := readMail(job)
	if err != nil {
		return err
	}
	var s state
	if err := job.Input(&s); err != nil {
		return airlock.Permanent(err)
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
		if err := classify(job, message, best); err != nil {
			return err
		}
		s = state{Found: best}
		if err := job.Checkpoint(s); err != nil {
			return err
		}
	}
	if job.Interrupted() != airlock.Continue {
		return airlock.ErrInterrupted
	}
	if err := keep(job, message, s.Found); err != nil {
		return err
	}
	job.AddItems(1)
	a := s.Found.Analysis
	job.Progress(1, fmt.Sprintf("receipt: %s, %s %s", a.Vendor, a.Amount, a.Currency))
	return nil
}

// readMail returns the mail that the event brought. Nothing that is wrong with it is cured by a retry.
func readMail(job *airlock.JobContext) (*mail.Message, error) {
	if job.Event == nil {
		return nil, airlock.Permanentf("no event: process_receipt is started by a mail.received event, whose data is a mail (message/rfc822)")
	}
	job.Progress(0.05, "reading the mail")
	raw, err := job.Event.Data()
	if err != nil {
		if airlock.ErrorCode(err) == airlock.NotFound {
			err = airlock.Permanent(err)
		}
		return nil, err
	}
	job.AddBytes(int64(len(raw)))
	message, err := mail.Parse(raw)
	if errors.Is(err, mail.ErrNotMail) {
		return nil, airlock.Permanentf("read the data of event %s (%s): %w; a mail (message/rfc822) is needed", job.Event.ID, job.Event.DataContentType, err)
	}
	if err != nil {
		return nil, err
	}
	for _, problem := range message.Problems {
		job.Warn("read the mail: %s", problem)
	}
	return message, nil
}
