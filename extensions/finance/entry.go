package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"

	"github.com/airlock-run/airlock/extensions/finance/mail"
	"github.com/airlock-run/airlock/extensions/finance/receipt"
	airlock "github.com/airlock-run/airlock/sdk/go"
)

// metadata is what an entry of type receipt says without opening its files.
type metadata struct {
	Vendor     string  `json:"vendor"`
	Amount     string  `json:"amount"`
	Currency   string  `json:"currency"`
	Date       string  `json:"date"`
	Tax        string  `json:"tax"`
	Category   string  `json:"category"`
	Source     string  `json:"source"`
	Subject    string  `json:"subject"`
	MessageID  string  `json:"message_id"`
	JobID      string  `json:"job_id"`
	Confidence float64 `json:"confidence"`
}

// keep creates the receipt's entry and writes the files beside it.
func keep(job *airlock.JobContext, message *mail.Message, f *found) error {
	job.Progress(0.8, "creating the entry")
	id, err := entry(job, message, f)
	if err != nil {
		return err
	}
	job.Progress(0.9, "writing the files beside it")
	email, err := readable(emailOf(message))
	if err != nil {
		return fmt.Errorf("encode mail: %w", err)
	}
	analysis, err := readable(f.Analysis)
	if err != nil {
		return fmt.Errorf("encode analysis: %w", err)
	}
	for _, file := range []struct {
		name string
		data []byte
	}{{"email.json", email}, {"ocr.txt", []byte(f.Text)}, {"receipt_analysis.json", analysis}} {
		if err := job.VDFS().WriteSidecar(id, file.name, file.data); err != nil {
			return fmt.Errorf("write %s: %w", file.name, err)
		}
	}
	return nil
}

// readable encodes a file that people open: indented, with the signs of HTML as they are.
func readable(v any) ([]byte, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	err := encoder.Encode(v)
	return out.Bytes(), err
}

// entry creates the receipt's entry, or takes the one that an earlier attempt created, and returns its id. The path has the
// first eight digits of the job's id; should another job's receipt have that path, all of them.
func entry(job *airlock.JobContext, message *mail.Message, f *found) (string, error) {
	a := f.Analysis
	wanted := metadata{
		Vendor: a.Vendor, Amount: a.Amount, Currency: a.Currency, Date: a.Date, Tax: a.Tax, Category: a.Category, Source: f.Source,
		Subject: message.Subject, MessageID: message.MessageID, JobID: job.ID, Confidence: a.Confidence,
	}
	name := receipt.Slug(a.Vendor)
	if a.Date != "" {
		name = a.Date + "-" + name
	}
	for _, suffix := range []string{job.ID[:8], job.ID} {
		path := "/receipts/" + name + "-" + suffix
		created, err := job.VDFS().CreateEntry(airlock.NewEntry{Name: title(a), Path: path, EntryType: "receipt", Metadata: wanted})
		if err == nil {
			return created.ID, nil
		}
		if airlock.ErrorCode(err) != airlock.AlreadyExists {
			return "", fmt.Errorf("create entry: %w", err)
		}
		id, ours, err := existing(job, path, wanted)
		if err != nil || ours {
			return id, err
		}
	}
	return "", airlock.Permanentf("create entry: the path of job %s is taken by another's entry", job.ID)
}

// existing returns the entry at a path and whether it is this job's, whose metadata it then brings up to date.
func existing(job *airlock.JobContext, path string, wanted metadata) (id string, ours bool, err error) {
	there, err := job.VDFS().EntryAt(path)
	if err != nil {
		return "", false, fmt.Errorf("get entry: %w", err)
	}
	if creator(there) != wanted.JobID {
		return "", false, nil
	}
	if err := job.VDFS().UpdateMetadata(there.ID, wanted); err != nil {
		return "", false, fmt.Errorf("update metadata: %w", err)
	}
	return there.ID, true, nil
}

// creator returns the id of the job whose receipt an entry is, and "" for an entry of another kind.
func creator(entry airlock.Entry) string {
	var has metadata
	if json.Unmarshal(entry.Metadata, &has) != nil {
		return ""
	}
	return has.JobID
}

func title(a receipt.Analysis) string {
	vendor := a.Vendor
	if vendor == "" {
		vendor = "Receipt"
	}
	return fmt.Sprintf("%s, %s %s", vendor, a.Amount, a.Currency)
}

// email is the file email.json.
type email struct {
	Subject     string          `json:"subject"`
	From        []mail.Address  `json:"from"`
	ReplyTo     []mail.Address  `json:"reply_to,omitempty"`
	To          []mail.Address  `json:"to"`
	Cc          []mail.Address  `json:"cc,omitempty"`
	Date        time.Time       `json:"date,omitzero"`
	MessageID   string          `json:"message_id"`
	Headers     []mail.Header   `json:"headers"`
	Attachments []emailDocument `json:"attachments"`
}

type emailDocument struct {
	Filename  string `json:"filename"`
	MediaType string `json:"media_type"`
	Size      int    `json:"size"`
	Inline    bool   `json:"inline"`
}

func emailOf(m *mail.Message) email {
	out := email{
		Subject: m.Subject, From: m.From, ReplyTo: m.ReplyTo, To: m.To, Cc: m.Cc, Date: m.Date, MessageID: m.MessageID, Headers: m.Headers,
		Attachments: []emailDocument{},
	}
	for _, a := range m.Attachments {
		out.Attachments = append(out.Attachments, emailDocument{a.Filename, a.MediaType, len(a.Data), a.Inline})
	}
	return out
}
