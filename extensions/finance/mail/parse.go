package mail

import (
	"bufio"
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
	// maxText is how much of each text is read, in bytes.
	maxText = 4 << 20
	// maxInMemory is the size of a part that is kept in memory, in bytes.
	maxInMemory = 1 << 20
)

// Keep keeps what r has where it takes no memory, and returns the reference by which it is found there.
type Keep func(r io.Reader) (content string, err error)

// Read reads a message. What is attached is kept if it is large.
//
// # Errors
//
// [ErrNotMail], wrapped with what is wrong; those of keep, and of r.
func Read(r io.Reader, keep Keep) (*Message, error) {
	source := &source{r: r}
	m, err := read(skipEnvelope(source), keep)
	if source.err != nil {
		return nil, fmt.Errorf("read mail: %w", source.err)
	}
	return m, err
}

// source remembers why it ended, for what reads a mail takes every end for that of the mail.
type source struct {
	r   io.Reader
	err error // nil for its end
}

func (s *source) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		s.err = err
	}
	return n, err //nolint:wrapcheck // a reader's error is handed on as it is
}

// skipEnvelope skips what programs put in front of a mail: a byte order mark, empty lines, and the first line of an mbox file.
func skipEnvelope(r io.Reader) *bufio.Reader {
	buffered := bufio.NewReader(r)
	if mark, _ := buffered.Peek(3); string(mark) == "\ufeff" {
		_, _ = buffered.Discard(3)
	}
	for {
		next, err := buffered.Peek(1)
		if err != nil || !bytes.ContainsAny(next, "\r\n\t ") {
			break
		}
		_, _ = buffered.Discard(1)
	}
	if from, _ := buffered.Peek(5); string(from) == "From " {
		for more := true; more; { // a line may be longer than the buffer
			_, more, _ = buffered.ReadLine()
		}
	}
	return buffered
}

func read(buffered *bufio.Reader, keep Keep) (*Message, error) {
	if _, err := buffered.Peek(1); err != nil {
		return nil, fmt.Errorf("%w: it is empty", ErrNotMail)
	}
	entity, err := message.Read(buffered)
	if entity == nil {
		return nil, fmt.Errorf("%w: read header: %w", ErrNotMail, err)
	}
	if !hasMailHeader(entity.Header) {
		return nil, fmt.Errorf("%w: it begins with none of the fields From, To, Date, Subject, Message-ID, Received, MIME-Version", ErrNotMail)
	}
	m := &Message{}
	m.readHeader(gomail.Header{Header: entity.Header})
	parts := reader{message: m, keep: keep}
	if err := parts.read(entity, 0); err != nil {
		return nil, err
	}
	m.Text, m.HTML = parts.text.String(), parts.html.String()
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
	keep       Keep
	text, html strings.Builder
	parts      int
}

func (r *reader) problem(format string, args ...any) {
	if len(r.message.Problems) < 20 {
		r.message.Problems = append(r.message.Problems, fmt.Sprintf(format, args...))
	}
}

func (r *reader) read(entity *message.Entity, depth int) error {
	if r.parts++; r.parts > maxParts || depth > maxDepth {
		r.problem("the message has more than %d parts or %d levels; the rest is left out", maxParts, maxDepth)
		return nil
	}
	parts := entity.MultipartReader()
	if parts == nil {
		return r.leaf(entity, depth)
	}
	for {
		part, err := parts.NextPart()
		if part != nil {
			if err := r.read(part, depth+1); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) || r.parts > maxParts {
			return nil
		}
		if part == nil {
			r.problem("a part cannot be read: %v", err)
			return nil
		}
	}
}

// body reads a part that may be cut short, which ends it with a problem.
type body struct {
	r    *reader
	part io.Reader
	size int64
}

func (b *body) Read(p []byte) (int, error) {
	n, err := b.part.Read(p)
	b.size += int64(n)
	if err != nil && !errors.Is(err, io.EOF) {
		b.r.problem("a part is cut short after %d bytes: %v", b.size, err)
		err = io.EOF
	}
	return n, err //nolint:wrapcheck // a reader's end is handed on as it is
}

// leaf reads a part that has no others, or one that is a mail.
func (r *reader) leaf(entity *message.Entity, depth int) error {
	mediaType, parameters, err := entity.Header.ContentType()
	if err != nil { // of the parameters, as in name=../../x.pdf: the type itself is in front of them
		mediaType, _, _ = strings.Cut(mediaType, ";")
	}
	if mediaType = strings.ToLower(strings.TrimSpace(mediaType)); !strings.Contains(mediaType, "/") {
		mediaType = "text/plain"
	}
	disposition, dispositionParameters, _ := entity.Header.ContentDisposition()
	filename := dispositionParameters["filename"]
	if filename == "" {
		filename = parameters["name"]
	}
	attached := strings.EqualFold(disposition, "attachment")
	part := &body{r: r, part: entity.Body}
	begin, _ := io.ReadAll(io.LimitReader(part, maxInMemory+1)) // its errors are problems
	all := io.MultiReader(bytes.NewReader(begin), part)
	switch {
	case mediaType == "message/rfc822":
		if inner, _ := message.Read(bytes.NewReader(begin)); inner != nil { // it has a header
			if inner, _ = message.Read(all); inner != nil {
				return r.read(inner, depth+1)
			}
		}
	case mediaType == "text/plain" && !attached && filename == "":
		r.write(&r.text, all)
		return nil
	case mediaType == "text/html" && !attached && filename == "":
		r.write(&r.html, all)
		return nil
	}
	attachment := Attachment{
		Filename: decodedName(filename), MediaType: sniff(begin, mediaType), Data: begin,
		Inline: !attached && entity.Header.Has("Content-Id"),
	}
	if len(begin) > maxInMemory {
		attachment.Data = nil
		if attachment.Content, err = r.keep(all); err != nil {
			return fmt.Errorf("keep an attachment: %w", err)
		}
	}
	attachment.Size = part.size
	r.message.Attachments = append(r.message.Attachments, attachment)
	return nil
}

// write adds a text of the mail.
func (r *reader) write(to *strings.Builder, text io.Reader) {
	data, _ := io.ReadAll(io.LimitReader(text, maxText+1))
	if len(data) > maxText {
		r.problem("a text of the mail has more than %d bytes; the rest is left out", maxText)
		data = data[:maxText]
	}
	to.WriteString(readable(data) + "\n")
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
