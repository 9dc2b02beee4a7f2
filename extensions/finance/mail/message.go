package mail

import (
	"strings"
	"time"
)

// Message is a mail.
type Message struct {
	// Headers are the header fields in the order they came, decoded.
	Headers []Header
	// Subject, MessageID (without angle brackets) and Date are empty where the mail has none or an unreadable one.
	Subject   string
	MessageID string
	Date      time.Time
	From      []Address
	ReplyTo   []Address
	To        []Address
	Cc        []Address
	// Text is all text/plain parts that are no attachments, HTML all text/html parts.
	Text string
	HTML string
	// Attachments are all other parts.
	Attachments []Attachment
	// Problems are sentences about what could not be read.
	Problems []string
}

// Header is one field of a header.
type Header struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Address is a person or a machine that gets mail.
type Address struct {
	Name    string `json:"name,omitempty"`
	Address string `json:"address"`
}

// Domain returns what follows the address's '@', in lower case.
func (a Address) Domain() string {
	_, domain, _ := strings.Cut(a.Address, "@")
	return strings.ToLower(domain)
}

// Attachment is a file in a mail.
type Attachment struct {
	Filename string
	// MediaType is what the bytes say they are, where they do, and else what the mail says.
	MediaType string
	// Inline tells that the mail shows the file in its body, as it does with logos.
	Inline bool
	// Size is in bytes.
	Size int64
	// Data are the bytes of a small file, Content is where those of a large one are kept.
	Data    []byte
	Content string
}

// Header returns the first value of a field, and "" if the message has none of that name.
func (m *Message) Header(name string) string {
	for _, header := range m.Headers {
		if strings.EqualFold(header.Name, name) {
			return header.Value
		}
	}
	return ""
}
