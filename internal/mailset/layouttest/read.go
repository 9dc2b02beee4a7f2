package layouttest

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"html"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"net/textproto"
	"regexp"
	"strings"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
)

// read returns all text of a mail, its subject and sender first.
func read(raw []byte) (string, error) {
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return "", fmt.Errorf("read mail: %w", err)
	}
	if _, err := m.Header.Date(); err != nil {
		return "", fmt.Errorf("read date: %w", err)
	}
	words := mime.WordDecoder{CharsetReader: decoder}
	var b strings.Builder
	for _, key := range []string{"From", "Subject"} {
		value, err := words.DecodeHeader(m.Header.Get(key))
		if err != nil {
			return "", fmt.Errorf("read %s: %w", key, err)
		}
		b.WriteString(value + "\n")
	}
	if err := readPart(&b, textproto.MIMEHeader(m.Header), m.Body); err != nil {
		return "", err
	}
	return b.String(), nil
}

func readPart(b *strings.Builder, header textproto.MIMEHeader, body io.Reader) error {
	kind, parameters, err := mime.ParseMediaType(header.Get("Content-Type"))
	if err != nil {
		return fmt.Errorf("read content type: %w", err)
	}
	switch header.Get("Content-Transfer-Encoding") {
	case "quoted-printable":
		body = quotedprintable.NewReader(body)
	case "base64":
		body = base64.NewDecoder(base64.StdEncoding, body)
	}
	switch {
	case strings.HasPrefix(kind, "multipart/"):
		for parts := multipart.NewReader(body, parameters["boundary"]); ; {
			part, err := parts.NextRawPart()
			if err == io.EOF {
				return nil
			}
			if err != nil {
				return fmt.Errorf("read part: %w", err)
			}
			if err := readPart(b, part.Header, part); err != nil {
				return err
			}
		}
	case kind == "message/rfc822":
		data, err := io.ReadAll(body)
		if err != nil {
			return err
		}
		text, err := read(data)
		b.WriteString(text)
		return err
	case strings.HasPrefix(kind, "text/"):
		text, err := decoder(parameters["charset"], body)
		if err != nil {
			return err
		}
		data, err := io.ReadAll(text)
		if err != nil {
			return fmt.Errorf("read text: %w", err)
		}
		if kind == "text/html" {
			data = []byte(html.UnescapeString(tag.ReplaceAllString(string(data), " ")))
		}
		b.Write(data)
		b.WriteString("\n")
	}
	return nil
}

var (
	tag   = regexp.MustCompile(`(?s)<style.*?</style>|<!--.*?-->|<[^>]*>`)
	space = regexp.MustCompile(`[\s\x{a0}]+`)
)

// plain makes texts comparable: in lower case, with single spaces.
func plain(text string) string {
	return strings.ToLower(space.ReplaceAllString(text, " "))
}

func decoder(charset string, in io.Reader) (io.Reader, error) {
	switch strings.ToLower(charset) {
	case "utf-8", "us-ascii":
		return in, nil
	case "iso-8859-1":
		return charmap.ISO8859_1.NewDecoder().Reader(in), nil
	case "windows-1252":
		return charmap.Windows1252.NewDecoder().Reader(in), nil
	case "iso-2022-jp":
		return japanese.ISO2022JP.NewDecoder().Reader(in), nil
	default:
		return nil, fmt.Errorf("charset %q is unknown", charset)
	}
}
