package envelope

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Address is a name and a mailbox.
type Address struct{ Name, Mailbox string }

// Mail is a mail to be written.
type Mail struct {
	From, To Address
	Subject  string
	Sent     time.Time
	ID       string
	// Charset and How say how the header's words are written; "" is utf-8 and
	// quoted-printable.
	Charset string
	How     Encoding
	// More are further fields, such as "In-Reply-To: <…>".
	More []string
	Body Part
}

// Bytes returns the mail as it goes over the wire.
//
// # Errors
//
// What went wrong in making one of its parts: characters its charset hasn't.
func (m Mail) Bytes() ([]byte, error) {
	charset := m.Charset
	if charset == "" {
		charset = "utf-8"
	}
	err := m.Body.err
	word := func(text string) string {
		w, wrong := Word(charset, m.How, text)
		err = errors.Join(err, wrong)
		return w
	}
	address := func(a Address) string {
		switch {
		case a.Name == "":
			return a.Mailbox
		case ascii(a.Name):
			return fmt.Sprintf("%q <%s>", a.Name, a.Mailbox)
		default:
			return word(a.Name) + " <" + a.Mailbox + ">"
		}
	}
	header := []string{
		"From: " + address(m.From),
		"To: " + address(m.To),
		"Subject: " + word(m.Subject),
		"Date: " + m.Sent.Format("Mon, 02 Jan 2006 15:04:05 -0700"),
		"Message-ID: <" + m.ID + ">",
	}
	header = append(header, m.More...)
	header = append(header, "MIME-Version: 1.0")
	header = append(header, m.Body.header...)
	var b bytes.Buffer
	b.WriteString(strings.Join(header, "\r\n") + "\r\n\r\n")
	b.Write(m.Body.body)
	if !bytes.HasSuffix(b.Bytes(), []byte("\r\n")) {
		b.WriteString("\r\n")
	}
	if err != nil {
		return nil, fmt.Errorf("write mail %q: %w", m.Subject, err)
	}
	return b.Bytes(), nil
}
