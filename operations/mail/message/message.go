package message

import (
	"context"
	"io"
	"time"
)

// Limits of one mail.
const (
	// MaxText bounds the text and the HTML, in bytes each.
	MaxText = 2 << 20
	// MaxParts and MaxDepth bound the parts, and how deep they lie in each other.
	MaxParts = 1000
	MaxDepth = 32
	// MaxHeader bounds the header of the mail and of each part, in bytes.
	MaxHeader = 1 << 20
	// maxValue bounds what is told of one header, in bytes, maxAddresses the addresses of one.
	maxValue     = 4 << 10
	maxAddresses = 100
	maxWarnings  = 20
)

// Address is a person or a list.
type Address struct {
	Name    string `json:"name,omitempty" jsonschema:"as the mail writes it"`
	Address string `json:"address" jsonschema:"such as kim@example.com"`
}

// Attachment is a part that is kept.
type Attachment struct {
	Filename string `json:"filename,omitempty" jsonschema:"one path element; none where the mail names none"`
	Type     string `json:"content_type" jsonschema:"such as application/pdf, as the mail says"`
	Inline   bool   `json:"inline,omitempty" jsonschema:"meant to be shown within the text"`
	ID       string `json:"content_id,omitempty" jsonschema:"by which HTML refers to it as cid:…"`
	Content  string `json:"content" jsonschema:"reference of its bytes"`
	Size     int64  `json:"size" jsonschema:"in bytes"`
}

// Message is a mail that was read.
type Message struct {
	ID         string            `json:"message_id,omitempty" jsonschema:"without angle brackets"`
	InReplyTo  []string          `json:"in_reply_to,omitempty" jsonschema:"ids of the mails it answers"`
	References []string          `json:"references,omitempty" jsonschema:"ids of the mails it belongs to"`
	Subject    string            `json:"subject" jsonschema:"decoded"`
	Date       *time.Time        `json:"date,omitempty" jsonschema:"as its sender says"`
	From       []Address         `json:"from,omitempty" jsonschema:"senders"`
	ReplyTo    []Address         `json:"reply_to,omitempty" jsonschema:"where answers go"`
	To         []Address         `json:"to,omitempty" jsonschema:"receivers"`
	Cc         []Address         `json:"cc,omitempty" jsonschema:"receivers of a copy"`
	Headers    map[string]string `json:"headers,omitempty" jsonschema:"others that say what kind of mail it is, such as List-Id, by name"`

	Text        string       `json:"text,omitempty" jsonschema:"plain text"`
	HTML        string       `json:"html,omitempty" jsonschema:"HTML, as the mail has it"`
	Attachments []Attachment `json:"attachments,omitempty" jsonschema:"everything else"`
	Warnings    []string     `json:"warnings,omitempty" jsonschema:"what was broken or left out"`
}

// Keep keeps the bytes of an attachment, and returns how they are referred to and how many there are. It need not read to the end if it fails.
type Keep func(ctx context.Context, r io.Reader) (reference string, size int64, err error)
