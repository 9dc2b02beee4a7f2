package message_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/airlock-run/airlock/operations/mail/message"
)

// kept keeps attachments, and refers to them by what they are.
func kept(_ context.Context, r io.Reader) (string, int64, error) {
	data, err := io.ReadAll(r)
	if len(data) > 20 {
		return fmt.Sprintf("%q…", data[:20]), int64(len(data)), err
	}
	return fmt.Sprintf("%q", data), int64(len(data)), err
}

func read(t *testing.T, mail string) *message.Message {
	t.Helper()
	m, err := message.Read(t.Context(), strings.NewReader(strings.ReplaceAll(mail, "\n", "\r\n")), kept)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestRead(t *testing.T) {
	t.Parallel()
	date := time.Date(2026, 3, 4, 9, 5, 6, 0, time.UTC)
	for name, c := range map[string]struct {
		mail string
		want message.Message
	}{
		"a mail with everything": {
			`Message-ID: <1@shop.example>
In-Reply-To: <0@shop.example>
From: =?utf-8?q?Caf=C3=A9_Mond?= <cafe@shop.example>
To: kim@example.com, "Lee, Sam" <lee@example.com>
Subject: =?iso-8859-1?Q?Ihre_Rechnung_f=FCr_M=E4rz?=
Date: Wed, 4 Mar 2026 10:05:06 +0100
List-Id: <news.shop.example>
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=a

--a
Content-Type: multipart/alternative; boundary=b

--b
Content-Type: text/plain; charset=iso-8859-1
Content-Transfer-Encoding: quoted-printable

Total: 12,50 =80
--b
Content-Type: text/html; charset=utf-8
Content-Transfer-Encoding: base64

PHA+VG90YWw8L3A+
--b--
--a
Content-Type: application/pdf; name="old.pdf"
Content-Disposition: attachment; filename*=utf-8''Rechnung%20M%C3%A4rz.pdf
Content-Transfer-Encoding: base64

JVBERi0xLjQ=
--a
Content-Type: image/png
Content-Disposition: inline
Content-ID: <logo>

png
--a
Content-Type: text/plain; name=notes.txt
Content-Disposition: attachment

notes
--a--
`,
			message.Message{
				ID: "1@shop.example", InReplyTo: []string{"0@shop.example"}, Subject: "Ihre Rechnung für März", Date: &date,
				From:    []message.Address{{Name: "Café Mond", Address: "cafe@shop.example"}},
				To:      []message.Address{{Address: "kim@example.com"}, {Name: "Lee, Sam", Address: "lee@example.com"}},
				Headers: map[string]string{"List-Id": "<news.shop.example>"},
				Text:    "Total: 12,50 \u0080", HTML: "<p>Total</p>",
				Attachments: []message.Attachment{
					{Filename: "Rechnung März.pdf", Type: "application/pdf", Content: `"%PDF-1.4"`, Size: 8},
					{Type: "image/png", Inline: true, ID: "logo", Content: `"png"`, Size: 3},
					{Filename: "notes.txt", Type: "text/plain", Content: `"notes"`, Size: 5},
				},
			},
		},
		"one without anything": {"\n", message.Message{}},
		"no header":            {"", message.Message{}},
		"lines that are no header": {
			"From kim@example.com Wed Mar  4\nSubject: a\nthis is none\n and goes on\nTo: b@example.com\n\nhello\n",
			message.Message{
				Subject: "a", To: []message.Address{{Address: "b@example.com"}}, Text: "hello\r\n",
				Warnings: []string{"3 lines of the header are none and are left out"},
			},
		},
		"what is not what it says": {
			"Date: yesterday\nFrom: @@\nSubject: =?utf-8?q?=zz?=\nContent-Type: text/plain; charset=nonsense\nContent-Transfer-Encoding: 9bit\n\n\xff\x00hello\n",
			message.Message{
				Subject: "=?utf-8?q?=zz?=", Text: "\uFFFD\uFFFDhello\r\n",
				Warnings: []string{
					"the Date cannot be read: yesterday", "From cannot be read: @@",
				},
			},
		},
		"names that lead elsewhere": {
			"Content-Type: multipart/mixed; boundary=a\n\n--a\nContent-Disposition: attachment; filename=\"../../etc/passwd\"\n\n1\n--a\n" +
				"Content-Disposition: attachment; filename=\"C:\\\\x\\\\con:.txt\"\n\n2\n--a\nContent-Disposition: attachment; filename=\"..\"\nContent-Type: a/b; name=\"\u202egpj.exe\"\n\n3\n--a--\n",
			message.Message{Attachments: []message.Attachment{
				{Filename: "passwd", Type: "text/plain", Content: `"1"`, Size: 1},
				{Filename: "con_.txt", Type: "text/plain", Content: `"2"`, Size: 1},
				{Filename: "gpj.exe", Type: "a/b", Content: `"3"`, Size: 1},
			}},
		},
		"a part that is cut off": {
			"Content-Type: multipart/mixed; boundary=a\n\n--a\nContent-Type: application/pdf\nContent-Transfer-Encoding: base64\n\nJVBE*",
			message.Message{
				Attachments: []message.Attachment{{Type: "application/pdf", Content: `"%PD"`, Size: 3}},
				Warnings:    []string{`attachment "" is broken after 3 bytes: unexpected EOF`, "after part 2: multipart: NextPart: EOF"},
			},
		},
		"a file name without quotes": {
			"Content-Type: multipart/mixed; boundary=a\n\n--a\nContent-Type: application/pdf; name=my bill (1).pdf\nContent-Disposition: attachment; filename=my bill (1).pdf\n\n1\n--a--\n",
			message.Message{
				Attachments: []message.Attachment{{Filename: "my bill (1).pdf", Type: "application/pdf", Content: `"1"`, Size: 1}},
				Warnings:    []string{"Content-Type of part 2: mime: invalid media parameter"},
			},
		},
		"a mail within a mail": {
			"Content-Type: message/rfc822\n\nSubject: inner\n\nhello\n",
			message.Message{Attachments: []message.Attachment{{Type: "message/rfc822", Content: `"Subject: inner\r\n\r\nhe"…`, Size: 25}}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(&c.want, read(t, c.mail)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestReadIsBounded(t *testing.T) {
	t.Parallel()
	var nested, many strings.Builder
	for i := range 1000 {
		fmt.Fprintf(&nested, "Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n", i, i)
		fmt.Fprintf(&many, "--a\n\nx\n--a\n\nx\n")
	}
	for name, c := range map[string]struct{ mail, warning string }{
		"parts in each other": {nested.String(), "deeper than 32"},
		"many parts":          {"Content-Type: multipart/mixed; boundary=a\n\n" + many.String() + "--a--\n", "more than 1000 parts"},
		"a long header":       {"Subject: " + strings.Repeat("x", 2<<20) + "\n\nhello", "header is longer than 1048576 bytes"},
		"many headers":        {strings.Repeat("X: y\n", 1<<19) + "\nhello", "header is longer"},
		"a long text":         {"\n" + strings.Repeat("x", message.MaxText+1), "longer than 2097152 bytes"},
		"many addresses":      {"To: a@b" + strings.Repeat(", a@b", 5000) + "\n\n", "5001 addresses"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := read(t, c.mail)
			if !strings.Contains(strings.Join(m.Warnings, "\n"), c.warning) || len(m.Warnings) > 20 {
				t.Errorf("warnings are %q", m.Warnings)
			}
			if len(m.Attachments) > message.MaxParts || len(m.Text) > message.MaxText || len(m.Subject) > 4<<10 || len(m.To) > 100 {
				t.Errorf("%d attachments, %d bytes of text, %d of the subject, to %d", len(m.Attachments), len(m.Text), len(m.Subject), len(m.To))
			}
		})
	}
}

func TestReadFails(t *testing.T) {
	t.Parallel()
	broken := errors.New("connection reset")
	for _, mail := range []string{"", "Subject: a", "Subject: a\r\n\r\nhello", "Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\n\r\nx"} {
		_, err := message.Read(t.Context(), io.MultiReader(strings.NewReader(mail), iotest.ErrReader(broken)), kept)
		if !errors.Is(err, broken) {
			t.Errorf("%q: error is %v", mail, err)
		}
	}
	full := errors.New("full")
	_, err := message.Read(t.Context(), strings.NewReader("Content-Disposition: attachment\r\n\r\nx"),
		func(context.Context, io.Reader) (string, int64, error) { return "", 0, full })
	if !errors.Is(err, full) {
		t.Errorf("error is %v", err)
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte("Subject: a\r\nContent-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\nContent-Type: text/html; charset=utf-16\r\n\r\n\xff\xfex\r\n--a--"))
	f.Add([]byte("From: a@b\nContent-Type: text/plain;\n charset=\"iso-2022-jp\"\nContent-Transfer-Encoding: quoted-printable\n\n=1B$B=\n"))
	f.Fuzz(func(t *testing.T, mail []byte) {
		m, err := message.Read(t.Context(), bytes.NewReader(mail), kept)
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range m.Attachments {
			if strings.ContainsAny(a.Filename, "/\\\x00\n") || a.Filename == ".." {
				t.Errorf("file name %q", a.Filename)
			}
		}
	})
}
