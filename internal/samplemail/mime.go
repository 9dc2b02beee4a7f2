package main

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"mime"
	"mime/quotedprintable"
	"strings"
)

// field is one field of a header; headers keep their order.
type field struct{ name, value string }

// mailHeader writes the header of a mail up to, not with, the empty line.
func mailHeader(fields ...field) string {
	var out strings.Builder
	for _, f := range append(fields, field{"MIME-Version", "1.0"}) {
		value := f.value
		if f.name == "Subject" {
			value = mime.QEncoding.Encode("utf-8", value)
		}
		fmt.Fprintf(&out, "%s: %s\r\n", f.name, value)
	}
	return out.String()
}

// textPart is a part of text, as quoted-printable.
func textPart(mediaType, text string) (string, error) {
	var body bytes.Buffer
	writer := quotedprintable.NewWriter(&body)
	if _, err := writer.Write([]byte(strings.ReplaceAll(text, "\n", "\r\n"))); err != nil {
		return "", fmt.Errorf("encode text: %w", err)
	}
	if err := writer.Close(); err != nil {
		return "", fmt.Errorf("encode text: %w", err)
	}
	return fmt.Sprintf("Content-Type: %s; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n%s", mediaType, body.String()), nil
}

// filePart is an attached file, as base64.
func filePart(mediaType, filename string, data []byte) string {
	var out strings.Builder
	fmt.Fprintf(&out, "Content-Type: %s; name=%q\r\nContent-Disposition: attachment; filename=%q\r\nContent-Transfer-Encoding: base64\r\n\r\n",
		mediaType, filename, filename)
	encoded := base64.StdEncoding.EncodeToString(data)
	for len(encoded) > 0 {
		n := min(76, len(encoded))
		out.WriteString(encoded[:n] + "\r\n")
		encoded = encoded[n:]
	}
	return out.String()
}

// multipart joins parts; kind is mixed or alternative.
func multipart(kind, boundary string, parts ...string) string {
	var out strings.Builder
	fmt.Fprintf(&out, "Content-Type: multipart/%s; boundary=%q\r\n\r\n", kind, boundary)
	for _, part := range parts {
		fmt.Fprintf(&out, "--%s\r\n%s\r\n", boundary, part)
	}
	fmt.Fprintf(&out, "--%s--\r\n", boundary)
	return out.String()
}
