package message

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	gomessage "github.com/emersion/go-message"
	_ "github.com/emersion/go-message/charset" // all charsets that mails come in
)

// Read reads a mail to its end. A nil keep drops attachments.
//
// # Errors
//
// r's own, and keep's.
func Read(ctx context.Context, r io.Reader, keep Keep) (*Message, error) {
	source := &failing{r: r}
	p := &parser{ctx: ctx, keep: keep, out: &Message{}}
	entity, err := gomessage.ReadWithOptions(p.mended(source), &gomessage.ReadOptions{MaxHeaderBytes: 2 * MaxHeader})
	if source.err != nil {
		return nil, source.err
	}
	if entity == nil || err != nil && !gomessage.IsUnknownCharset(err) && !gomessage.IsUnknownEncoding(err) {
		p.warn("the header cannot be read: %v", err)
		return p.out, p.drain(source)
	}
	p.header(entity.Header)
	if err := p.part(entity, 0); err != nil {
		return nil, err
	}
	return p.out, p.drain(source)
}

// failing remembers why its source failed: libraries take that for the end of the mail, or wrap it.
type failing struct {
	r   io.Reader
	err error
}

func (f *failing) Read(p []byte) (int, error) {
	n, err := f.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		f.err = err
	}
	return n, err //nolint:wrapcheck // a reader's
}

type parser struct {
	ctx   context.Context //nolint:containedctx // that of Read, which the parser lives for
	keep  Keep
	out   *Message
	parts int
}

// drain reads what is left, so that whoever sends the mail is done with it.
func (p *parser) drain(source *failing) error {
	_, _ = io.Copy(io.Discard, source)
	return source.err
}

func (p *parser) warn(format string, args ...any) {
	if len(p.out.Warnings) < maxWarnings {
		p.out.Warnings = append(p.out.Warnings, clean(fmt.Sprintf(format, args...), 300))
	}
}

// part reads a part with all that is within it.
func (p *parser) part(e *gomessage.Entity, depth int) error {
	p.parts++
	if p.parts > MaxParts {
		if p.parts == MaxParts+1 {
			p.warn("it has more than %d parts; the others are left out", MaxParts)
		}
		return nil
	}
	kind, params, err := e.Header.ContentType()
	if err != nil {
		p.warn("Content-Type of part %d: %v", p.parts, err)
	}
	kind, _, _ = strings.Cut(strings.ToLower(kind), ";") // all of it comes back where the parameters are broken
	if reader := e.MultipartReader(); reader != nil && depth < MaxDepth {
		return p.multipart(reader, depth)
	}
	if strings.HasPrefix(kind, "multipart/") && depth >= MaxDepth {
		p.warn("parts deeper than %d are left out", MaxDepth)
		return nil
	}
	disposition, named, _ := e.Header.ContentDisposition()
	name := fileName(named["filename"], params["name"], carelessName(e.Header.Get("Content-Disposition")), carelessName(e.Header.Get("Content-Type")))
	isFile := strings.EqualFold(disposition, "attachment") || name != "" && !strings.HasPrefix(kind, "text/")
	switch {
	case !isFile && (kind == "text/plain" || kind == "") && p.out.Text == "":
		p.out.Text, err = p.text(e.Body)
		return err
	case !isFile && kind == "text/html" && p.out.HTML == "":
		p.out.HTML, err = p.text(e.Body)
		return err
	}
	return p.attachment(e, Attachment{
		Filename: name, Type: clean(kind, 100), Inline: strings.EqualFold(disposition, "inline"), ID: clean(strings.Trim(e.Header.Get("Content-Id"), "<> "), 200),
	})
}

func (p *parser) multipart(reader gomessage.MultipartReader, depth int) error {
	for p.parts <= MaxParts {
		child, err := reader.NextPart()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case child != nil && (err == nil || gomessage.IsUnknownCharset(err) || gomessage.IsUnknownEncoding(err)):
			if err != nil {
				p.warn("part %d: %v", p.parts+1, err)
			}
		default:
			p.warn("after part %d: %v", p.parts, err)
			return nil
		}
		if err := p.part(child, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// text reads a text in UTF-8.
func (p *parser) text(body io.Reader) (string, error) {
	var b bytes.Buffer
	_, err := io.Copy(&b, io.LimitReader(body, MaxText+1))
	if err != nil {
		if p.ctx.Err() != nil {
			return "", p.ctx.Err()
		}
		p.warn("the text of part %d is broken: %v", p.parts, err)
	}
	data := b.Bytes()
	if len(data) > MaxText {
		p.warn("the text of part %d is longer than %d bytes; the rest is left out", p.parts, MaxText)
		data = data[:MaxText]
	}
	return strings.ReplaceAll(strings.ToValidUTF8(string(data), "\uFFFD"), "\x00", "\uFFFD"), nil
}

func (p *parser) attachment(e *gomessage.Entity, a Attachment) error {
	if p.keep == nil {
		return nil
	}
	body := &lenient{r: e.Body}
	reference, size, err := p.keep(p.ctx, body)
	if err != nil {
		return fmt.Errorf("keep attachment: %w", err)
	}
	if body.err != nil {
		p.warn("attachment %q is broken after %d bytes: %v", a.Filename, size, body.err)
	}
	a.Content, a.Size = reference, size
	p.out.Attachments = append(p.out.Attachments, a)
	return nil
}

// lenient ends where its source is broken.
type lenient struct {
	r   io.Reader
	err error
}

func (l *lenient) Read(p []byte) (int, error) {
	n, err := l.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		l.err, err = err, io.EOF
	}
	return n, err //nolint:wrapcheck // a reader's
}
