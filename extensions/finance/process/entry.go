package process

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/airlock-run/airlock/extensions/finance/mail"
	"github.com/airlock-run/airlock/extensions/finance/receipt"
	airlock "github.com/airlock-run/airlock/sdk/go"
)

// metadata is what an entry of type receipt says without opening its files.
type metadata struct {
	Vendor string `json:"vendor"`
	Amount string `json:"amount"`
	// Total is the amount as a number, to be compared and sorted by; sums are made of Amount, which is exact.
	Total         json.Number `json:"total,omitempty"`
	Currency      string      `json:"currency"`
	Date          string      `json:"date"`
	Tax           string      `json:"tax"`
	Category      string      `json:"category"`
	PaymentMethod string      `json:"payment_method"`
	OrderNumber   string      `json:"order_number"`
	Source        string      `json:"source"`
	Subject       string      `json:"subject"`
	MessageID     string      `json:"message_id"`
	JobID         string      `json:"job_id"`
	Confidence    float64     `json:"confidence"`
	// Mail is the SHA-256 of the mail's bytes, by which the same mail is known.
	Mail string `json:"mail"`
}

// number is an amount as JSON's number; none for what is no amount.
func number(amount string) json.Number {
	if n := json.Number(amount); json.Valid([]byte(n)) && strings.Trim(amount, "-0123456789.") == "" {
		return n
	}
	return ""
}

// kept is metadata with what is not this job's to write: what a person corrected, by field, and the entry of which this one is a duplicate.
type kept struct {
	metadata
	Corrected   map[string]string `json:"corrected,omitempty"`
	DuplicateOf string            `json:"duplicate_of,omitempty"`
}

// correct puts what a person corrected in the place of what was read.
func (m *metadata) correct(corrected map[string]string) {
	for field, into := range map[string]*string{
		"vendor": &m.Vendor, "amount": &m.Amount, "currency": &m.Currency, "date": &m.Date, "tax": &m.Tax, "category": &m.Category,
		"payment_method": &m.PaymentMethod, "order_number": &m.OrderNumber,
	} {
		if value, ok := corrected[field]; ok {
			*into = value
		}
	}
	m.Total = number(m.Amount)
}

// keep creates the receipt's entry, writes the files beside it, and links it to the one of the same purchase, if there is one.
func keep(job *airlock.JobContext, message *mail.Message, raw original, digest string, f *found) error {
	job.Progress(0.8, "creating the entry")
	id, isNew, err := entry(job, message, raw, digest, f)
	if err != nil {
		return err
	}
	if err := link(job, id, f); err != nil {
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
	if !isNew {
		return nil
	}
	return tell(job, id, f.Analysis)
}

// detected is the data of the event receipt.detected.
type detected struct {
	EntryID  string `json:"entry_id"`
	Vendor   string `json:"vendor"`
	Amount   string `json:"amount"`
	Currency string `json:"currency"`
	Date     string `json:"date"`
	Category string `json:"category"`
}

// tell publishes that there is a new receipt, where that is allowed.
func tell(job *airlock.JobContext, id string, a receipt.Analysis) error {
	_, err := job.Publish(airlock.NewEvent{
		Type: "receipt.detected", Subject: id, Data: detected{id, a.Vendor, a.Amount, a.Currency, a.Date, a.Category},
	})
	if err != nil && airlock.ErrorCode(err) != airlock.PermissionDenied {
		return fmt.Errorf("tell of the receipt: %w", err)
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

// link says in a receipt's metadata which other it is a duplicate of. Without the right to remember receipts there are no duplicates.
func link(job *airlock.JobContext, id string, f *found) error {
	first, err := remember(job, id, f.Analysis)
	switch {
	case airlock.ErrorCode(err) == airlock.PermissionDenied || first == "" && err == nil:
		return nil
	case err != nil:
		return err
	}
	if err := job.VDFS().UpdateMetadata(id, map[string]string{"duplicate_of": first}); err != nil {
		return fmt.Errorf("link duplicate: %w", err)
	}
	return nil
}

// entry creates the receipt's entry, whose content is the mail as it came, or takes the one that another job created for the same mail, and
// returns its id. The path is made of what the mail itself says, for what is read in it may be read better one day: its date, its sender, and eight digits of its
// digest; should another mail's receipt have that path, all of them.
func entry(job *airlock.JobContext, message *mail.Message, raw original, digest string, f *found) (id string, isNew bool, err error) {
	a := f.Analysis
	wanted := metadata{
		Vendor: a.Vendor, Amount: a.Amount, Currency: a.Currency, Date: a.Date, Tax: a.Tax, Category: a.Category, PaymentMethod: a.PaymentMethod,
		OrderNumber: a.OrderNumber, Source: f.Source, Subject: message.Subject, MessageID: message.MessageID, JobID: job.ID, Confidence: a.Confidence,
		Mail: digest, Total: number(a.Amount),
	}
	name := receipt.Slug(receipt.SenderName(sender(message)))
	if !message.Date.IsZero() {
		name = message.Date.Format(time.DateOnly) + "-" + name
	}
	content, err := raw.kept(job)
	if err != nil && airlock.ErrorCode(err) != airlock.PermissionDenied {
		return "", false, fmt.Errorf("keep the mail: %w", err)
	}
	for _, suffix := range []string{digest[:8], digest} {
		path := "/receipts/" + name + "-" + suffix
		created, err := job.VDFS().CreateEntry(airlock.NewEntry{Name: title(a), Path: path, EntryType: "receipt", Metadata: wanted, Content: content})
		if err == nil {
			return created.ID, true, nil
		}
		if airlock.ErrorCode(err) != airlock.AlreadyExists {
			return "", false, fmt.Errorf("create entry: %w", err)
		}
		id, ours, err := existing(job, path, wanted)
		if err != nil || ours {
			return id, false, err
		}
	}
	return "", false, airlock.Permanentf("create entry: the path of mail %s is taken by another's entry", digest)
}

// existing returns the entry at a path and whether it is this mail's, whose metadata it then brings up to date. What a person corrected stays.
func existing(job *airlock.JobContext, path string, wanted metadata) (id string, ours bool, err error) {
	there, err := job.VDFS().EntryAt(path)
	if err != nil {
		return "", false, fmt.Errorf("get entry: %w", err)
	}
	var has kept
	if err := json.Unmarshal(there.Metadata, &has); err != nil || has.Mail != wanted.Mail {
		return "", false, nil //nolint:nilerr // an entry of another kind is nobody's error
	}
	wanted.correct(has.Corrected)
	if err := job.VDFS().UpdateMetadata(there.ID, wanted); err != nil {
		return "", false, fmt.Errorf("update metadata: %w", err)
	}
	return there.ID, true, nil
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
	Size      int64  `json:"size"`
	Inline    bool   `json:"inline"`
}

func emailOf(m *mail.Message) email {
	out := email{
		Subject: m.Subject, From: m.From, ReplyTo: m.ReplyTo, To: m.To, Cc: m.Cc, Date: m.Date, MessageID: m.MessageID, Headers: m.Headers,
		Attachments: []emailDocument{},
	}
	for _, a := range m.Attachments {
		out.Attachments = append(out.Attachments, emailDocument{a.Filename, a.MediaType, a.Size, a.Inline})
	}
	return out
}
