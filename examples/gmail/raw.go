package main

import (
	"bufio"
	"encoding/base64"
	"errors"
	"io"
)

// errShape says that an answer is not what users.messages.get documents of fields=raw.
var errShape = errors.New(`the answer is not {"raw": "…"} of base64url`)

// newRawReader returns the mail in an answer {"raw": "…"}, decoded as it is read: encoding/json would hold all of it.
func newRawReader(answer io.Reader) io.Reader {
	return base64.NewDecoder(base64.RawURLEncoding, &quotedReader{in: bufio.NewReader(answer)})
}

// quotedReader returns what stands between the quotes, without padding.
type quotedReader struct {
	in           *bufio.Reader
	begun, ended bool
}

// Read reads up to the quote at the end.
//
// # Errors
//
// errShape, and io.ErrUnexpectedEOF for an answer that is cut off.
func (r *quotedReader) Read(p []byte) (n int, err error) {
	if !r.begun {
		if err := r.begin(); err != nil {
			return 0, err
		}
		r.begun = true
	}
	for n < len(p) && !r.ended {
		c, err := r.in.ReadByte()
		switch {
		case errors.Is(err, io.EOF):
			return n, io.ErrUnexpectedEOF
		case err != nil:
			return n, err
		case c == '"':
			r.ended = true
		case c == '=' || c == '\\': // padding, which some write as \u003d
			return n, r.padding(c)
		case c == '\r' || c == '\n': // base64 would skip it
			return n, errShape
		default:
			p[n] = c
			n++
		}
	}
	if r.ended && n == 0 {
		return 0, io.EOF
	}
	return n, nil
}

// begin reads up to the quote before the value.
func (r *quotedReader) begin() error {
	for _, want := range []byte(`{"raw":"`) {
		c, err := r.in.ReadByte()
		for err == nil && want != 'r' && want != 'a' && want != 'w' && (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
			c, err = r.in.ReadByte()
		}
		switch {
		case errors.Is(err, io.EOF):
			return io.ErrUnexpectedEOF
		case err != nil:
			return err
		case c != want:
			return errShape
		}
	}
	return nil
}

// padding reads what may stand at the value's end: one or two signs of padding and the quote.
func (r *quotedReader) padding(c byte) error {
	for range 3 {
		switch c {
		case '"':
			r.ended = true
			return nil
		case '\\':
			escaped := make([]byte, len("u003d"))
			if _, err := io.ReadFull(r.in, escaped); err != nil {
				return io.ErrUnexpectedEOF
			}
			if s := string(escaped); s != "u003d" && s != "u003D" {
				return errShape
			}
		case '=':
		default:
			return errShape
		}
		var err error
		if c, err = r.in.ReadByte(); err != nil {
			return io.ErrUnexpectedEOF
		}
	}
	if c != '"' {
		return errShape
	}
	r.ended = true
	return nil
}
