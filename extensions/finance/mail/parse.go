package mail

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/emersion/go-message"
	_ "github.com/emersion/go-message/charset" // character sets other than UTF-8
	gomail "github.com/emersion/go-message/mail"
	"golang.org/x/text/encoding/charmap"
)

// ErrNotMail is what [Parse] returns for bytes that have no header of a mail.
var ErrNotMail = errors.New("not a mail")

// Limits that keep a hostile message from costing more than an honest one.
const (
	maxParts   = 500
	maxDepth   = 10
	maxHeaders = 1000
)

// Parse reads a message.
//
// # Errors
//
// [ErrNotMail], wrapped with what is wrong.
func Parse(raw []byte) (*Message, error) {
	raw = bytes.TrimLeft(bytes.TrimPrefix(raw, []byte("\ufeff")), "\r\n\t ")
	if bytes.HasPrefix(raw, []byte("From ")) { // the first line of an mbox file
		_, raw, _ = bytes.Cut(raw, []byte("\n"))
	}
	if len(raw) == 0 {
		return nil, fmt.Errorf("%w: it is empty", ErrNotMail)
	}
	entity, err := message.Read(bytes.NewReader(raw))
	if entity == nil {
		return nil, fmt.Errorf("%w: read header: %w", ErrNotMail, err)
	}
	if !hasMailHeader(entity.Header) {
		return nil, fmt.Errorf("%w: it begins with none of the fields From, To, Date, Subject, Message-ID, Received, MIME-Version", ErrNotMail)
	}
	m := &Message{}
	m.readHeader(gomail.Header{Header: entity.Header})
	r := reader{message: m}
	r.read(entity, 0)
	m.Text, m.HTML = r.text.String(), r.html.String()
	return m, nil
}

func hasMailHeader(header message.Header) bool {
	return slices.ContainsFunc([]string{"From", "To", "Date", "Subject", "Message-ID", "Received", "MIME-Version"}, header.Has)
}

func (m *Message) readHeader(header gomail.Header) {
	for fields := header.Fields(); fields.Next() && len(m.Headers) < maxHeaders; {
		value, err := fields.Text()
		if err != nil {
			value = fields.Value()
		}
		m.Headers = append(m.Headers, Header{Name: fields.Key(), Value: valid(value)})
	}
	m.Subject = strings.TrimSpace(m.Header("Subject"))
	m.MessageID = strings.Trim(strings.TrimSpace(m.Header("Message-ID")), "<>")
	if date, err := header.Date(); err == nil {
		m.Date = date
	} else {
		m.Date = looseDate(m.Header("Date"))
	}
	m.From = addresses(header, "From")
	m.ReplyTo = addresses(header, "Reply-To")
	m.To = addresses(header, "To")
	m.Cc = addresses(header, "Cc")
}

func addresses(header gomail.Header, field string) []Address {
	list, err := header.AddressList(field)
	if err != nil {
		// Something that holds an address is worth more than nothing: keep what is between the brackets.
		value := valid(header.Get(field))
		name, rest, ok := strings.Cut(value, "<")
		address, _, closed := strings.Cut(rest, ">")
		if !ok || !closed {
			return nil
		}
		return []Address{{Name: strings.Trim(strings.TrimSpace(name), `"`), Address: strings.TrimSpace(address)}}
	}
	var out []Address
	for _, a := range list {
		out = append(out, Address{Name: valid(a.Name), Address: valid(a.Address)})
	}
	return out
}

// looseDate reads dates as broken programs write them.
func looseDate(value string) time.Time {
	for _, layout := range []string{time.RFC3339, "2006-01-02 15:04:05 -0700", "2006-01-02 15:04:05", "Mon Jan _2 15:04:05 2006"} {
		if date, err := time.Parse(layout, strings.TrimSpace(value)); err == nil {
			return date
		}
	}
	return time.Time{}
}

// reader walks the parts of a message.
type reader struct {
	message    *Message
	text, html strings.Builder
	parts      int
}

func (r *reader) problem(format string, args ...any) {
	if len(r.message.Problems) < 20 {
		r.message.Problems = append(r.message.Problems, fmt.Sprintf(format, args...))
	}
}

func (r *reader) read(entity *message.Entity, depth int) {
	if r.parts++; r.parts > maxParts || depth > maxDepth {
		r.problem("the message has more than %d parts or %d levels; the rest is left out", maxParts, maxDepth)
		return
	}
	if parts := entity.MultipartReader(); parts != nil {
		for {
			part, err := parts.NextPart()
			if part != nil {
				r.read(part, depth+1)
			}
			if errors.Is(err, io.EOF) || r.parts > maxParts {
				return
			}
			if part == nil {
				r.problem("a part cannot be read: %v", err)
				return
			}
		}
	}
	data, err := io.ReadAll(entity.Body)
	if err != nil {
		r.problem("a part is cut short after %d bytes: %v", len(data), err)
	}
	r.leaf(entity, data, depth)
}

func (r *reader) leaf(entity *message.Entity, data []byte, depth int) {
	mediaType, parameters, err := entity.Header.ContentType()
	if err != nil || mediaType == "" {
		mediaType = "text/plain"
	}
	mediaType = strings.ToLower(mediaType)
	disposition, dispositionParameters, _ := entity.Header.ContentDisposition()
	filename := dispositionParameters["filename"]
	if filename == "" {
		filename = parameters["name"]
	}
	attached := strings.EqualFold(disposition, "attachment")
	switch {
	case mediaType == "message/rfc822":
		if inner, _ := message.Read(bytes.NewReader(data)); inner != nil {
			r.read(inner, depth+1)
			return
		}
	case mediaType == "text/plain" && !attached && filename == "":
		r.text.WriteString(readable(data) + "\n")
		return
	case mediaType == "text/html" && !attached && filename == "":
		r.html.WriteString(readable(data) + "\n")
		return
	}
	r.message.Attachments = append(r.message.Attachments, Attachment{
		Filename: decodedName(filename), MediaType: sniff(data, mediaType), Data: data,
		Inline: !attached && entity.Header.Has("Content-Id"),
	})
}

// decodedName decodes a file name that was encoded as if it were a header.
func decodedName(name string) string {
	decoder := mime.WordDecoder{}
	if decoded, err := decoder.DecodeHeader(name); err == nil {
		name = decoded
	}
	return valid(name)
}

// readable turns text of a wrong or missing character set into UTF-8. Windows-1252 gives every byte a meaning.
func readable(data []byte) string {
	if !utf8.Valid(data) {
		if decoded, err := charmap.Windows1252.NewDecoder().Bytes(data); err == nil {
			data = decoded
		}
	}
	return strings.ReplaceAll(valid(string(data)), "\r\n", "\n")
}

func valid(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }
