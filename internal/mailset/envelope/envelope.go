// Package envelope puts mails together in the many ways mail programs do:
// parts in parts, four character sets, three encodings, names of files in two
// notations. It writes what senders write, also what only some of them would.
package envelope

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"mime"
	"mime/quotedprintable"
	"net/url"
	"strings"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
)

// Part is a piece of a mail: its header fields and body. An error made on the
// way is kept and told by Mail.Bytes.
type Part struct {
	header []string
	body   []byte
	err    error
}

// Encoding is a Content-Transfer-Encoding.
type Encoding string

// The encodings.
const (
	QuotedPrintable Encoding = "quoted-printable"
	Base64          Encoding = "base64"
	SevenBit        Encoding = "7bit"
	EightBit        Encoding = "8bit"
)

// Text is a part such as "text/html" in a character set: utf-8, iso-8859-1,
// windows-1252 or iso-2022-jp. A character the set doesn't have is an error.
func Text(mediaType, charset string, how Encoding, text string) Part {
	encoded, err := encode(charset, text)
	p := Part{
		header: []string{fmt.Sprintf("Content-Type: %s; charset=%s", mediaType, charset), "Content-Transfer-Encoding: " + string(how)},
		err:    err,
	}
	return p.with(how, encoded)
}

// File is an attachment. A name outside of ASCII is written in the notation of
// RFC 2231.
func File(mediaType, name string, data []byte) Part {
	return file(mediaType, "attachment", name, data)
}

// Inline is a file the HTML beside it shows as "cid:" and id.
func Inline(mediaType, name, id string, data []byte) Part {
	p := file(mediaType, "inline", name, data)
	p.header = append(p.header, "Content-ID: <"+id+">")
	return p
}

// Message is a whole mail as a part of another one: a forward as attachment.
func Message(raw []byte) Part {
	p := Part{header: []string{"Content-Type: message/rfc822", "Content-Disposition: attachment; filename=\"forwarded.eml\""}}
	return p.with(EightBit, raw)
}

// Group puts parts into one of "mixed", "alternative" or "related".
func Group(subtype, boundary string, parts ...Part) Part {
	p := Part{header: []string{fmt.Sprintf("Content-Type: multipart/%s; boundary=%q", subtype, boundary)}}
	var b bytes.Buffer
	for _, part := range parts {
		p.err = errors.Join(p.err, part.err)
		b.WriteString("--" + boundary + "\r\n" + strings.Join(part.header, "\r\n") + "\r\n\r\n")
		b.Write(part.body)
		b.WriteString("\r\n")
	}
	b.WriteString("--" + boundary + "--\r\n")
	p.body = b.Bytes()
	return p
}

func file(mediaType, disposition, name string, data []byte) Part {
	parameter := fmt.Sprintf("filename=%q", name)
	kind := fmt.Sprintf("Content-Type: %s; name=%q", mediaType, name)
	if !ascii(name) {
		parameter = "filename*=utf-8''" + url.PathEscape(name)
		kind = "Content-Type: " + mediaType
	}
	p := Part{header: []string{kind, "Content-Transfer-Encoding: base64", "Content-Disposition: " + disposition + "; " + parameter}}
	return p.with(Base64, data)
}

func (p Part) with(how Encoding, body []byte) Part {
	var b bytes.Buffer
	switch how {
	case Base64:
		const line = 76
		text := base64.StdEncoding.EncodeToString(body)
		for len(text) > line {
			b.WriteString(text[:line] + "\r\n")
			text = text[line:]
		}
		b.WriteString(text)
	case QuotedPrintable:
		w := quotedprintable.NewWriter(&b)
		_, err := w.Write(crlf(body))
		p.err = errors.Join(p.err, err, w.Close())
	case SevenBit, EightBit:
		b.Write(crlf(body))
	default:
		p.err = errors.Join(p.err, fmt.Errorf("encoding %q is unknown", how))
	}
	p.body = b.Bytes()
	return p
}

// crlf ends lines as mail does.
func crlf(text []byte) []byte {
	text = bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n"))
	return bytes.ReplaceAll(text, []byte("\n"), []byte("\r\n"))
}

func encode(charset, text string) ([]byte, error) {
	var e encoding.Encoding
	switch charset {
	case "utf-8", "us-ascii":
		return []byte(text), nil
	case "iso-8859-1":
		e = charmap.ISO8859_1
	case "windows-1252":
		e = charmap.Windows1252
	case "iso-2022-jp":
		e = japanese.ISO2022JP
	default:
		return nil, fmt.Errorf("charset %q is unknown", charset)
	}
	out, err := e.NewEncoder().Bytes([]byte(text))
	if err != nil {
		return nil, fmt.Errorf("encode in %s: %w", charset, err)
	}
	return out, nil
}

func ascii(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r > '~' || r < ' ' }) < 0
}

// Word writes a header's text as RFC 2047 has it, in quoted-printable or base64
// and lines that are short enough. ASCII stays as it is.
func Word(charset string, how Encoding, text string) (string, error) {
	if ascii(text) {
		return text, nil
	}
	if charset == "utf-8" {
		coder := mime.QEncoding
		if how == Base64 {
			coder = mime.BEncoding
		}
		return strings.ReplaceAll(coder.Encode(charset, text), "?= =?", "?=\r\n =?"), nil
	}
	var words []string
	const most = 12 // characters a word, as some take three bytes and an escape
	for runes := []rune(text); len(runes) > 0; {
		n := min(most, len(runes))
		data, err := encode(charset, string(runes[:n]))
		if err != nil {
			return "", err
		}
		words = append(words, "=?"+charset+"?B?"+base64.StdEncoding.EncodeToString(data)+"?=")
		runes = runes[n:]
	}
	return strings.Join(words, "\r\n "), nil
}
