package mail_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/airlock-run/airlock/extensions/finance/mail"
)

// wire gives a text the line ends of the wire.
func wire(s string) []byte { return []byte(strings.ReplaceAll(s, "\n", "\r\n")) }

// parse reads a mail, and keeps what is large under its SHA-256.
func parse(raw []byte) (*mail.Message, map[string][]byte, error) {
	large := map[string][]byte{}
	m, err := mail.Read(bytes.NewReader(raw), func(r io.Reader) (string, error) {
		data, err := io.ReadAll(r)
		content := fmt.Sprintf("%x", sha256.Sum256(data))
		large[content] = data
		return content, err
	})
	return m, large, err
}

func mustParse(t *testing.T, raw []byte) *mail.Message {
	t.Helper()
	m, _, err := parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestParse(t *testing.T) {
	t.Parallel()
	m := mustParse(t, wire(`From: =?utf-8?q?B=C3=BCro?= <rechnung@buero.example>
Reply-To: help@buero.example
To: "Sommer, Lena" <lena@example.com>, Maya <maya@example.com>
Cc: books@example.com
Subject: =?iso-8859-1?Q?Ihre_Rechnung_f=FCr_M=E4rz?=
Date: Tue, 17 Nov 2026 08:12:44 +0100
Message-ID: <a.b@buero.example>
List-Unsubscribe: <https://buero.example/u>
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=outer

--outer
Content-Type: multipart/alternative; boundary=inner

--inner
Content-Type: text/plain; charset=iso-8859-1
Content-Transfer-Encoding: quoted-printable

Gr=FC=DFe
--inner
Content-Type: text/html; charset=utf-8
Content-Transfer-Encoding: base64

PGI+R3LDvMOfZTwvYj4=
--inner--
--outer
Content-Type: image/png
Content-ID: <logo>
Content-Disposition: inline
Content-Transfer-Encoding: base64

iVBORw0KGgoAAAAA
--outer
Content-Type: application/octet-stream; name="=?utf-8?q?Rechnung_M=C3=A4rz.pdf?="
Content-Disposition: attachment
Content-Transfer-Encoding: base64

JVBERi0xLjQ=
--outer--
`))
	want := &mail.Message{
		Headers: m.Headers, Subject: "Ihre Rechnung für März", MessageID: "a.b@buero.example",
		From: []mail.Address{{Name: "Büro", Address: "rechnung@buero.example"}}, ReplyTo: []mail.Address{{Address: "help@buero.example"}},
		To: []mail.Address{{Name: "Sommer, Lena", Address: "lena@example.com"}, {Name: "Maya", Address: "maya@example.com"}},
		Cc: []mail.Address{{Address: "books@example.com"}}, Date: time.Date(2026, 11, 17, 7, 12, 44, 0, time.UTC),
		Text: "Grüße\n", HTML: "<b>Grüße</b>\n",
		Attachments: []mail.Attachment{
			{MediaType: "image/png", Inline: true, Size: 12, Data: []byte("\x89PNG\r\n\x1a\n\x00\x00\x00\x00")},
			{Filename: "Rechnung März.pdf", MediaType: "application/pdf", Size: 8, Data: []byte("%PDF-1.4")},
		},
	}
	if diff := cmp.Diff(want, m); diff != "" {
		t.Errorf("message (-want +got):\n%s", diff)
	}
	if got := m.Header("list-unsubscribe"); got != "<https://buero.example/u>" {
		t.Errorf("List-Unsubscribe is %q", got)
	}
}

func TestParseTakesWhatItCan(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		raw      string
		text     string
		html     string
		files    int
		problems int
	}{
		"no MIME":               {raw: "From: a@b.example\n\nhello", text: "hello\n"},
		"mbox line":             {raw: "From a@b.example Mon Nov 16 2026\nSubject: x\n\nhello", text: "hello\n"},
		"byte order mark":       {raw: "\ufeffSubject: x\n\nhello", text: "hello\n"},
		"bare line feeds":       {raw: "Subject: x\nContent-Type: text/html\n\n<p>", html: "<p>\n"},
		"Latin 1 without a say": {raw: "Subject: x\n\nGr\xfc\xdfe", text: "Grüße\n"},
		"charset that is wrong": {raw: "Subject: x\nContent-Type: text/plain; charset=klingon\n\nhello", text: "hello\n"},
		"content type is wrong": {raw: "Subject: x\nContent-Type: ;;;\n\nhello", text: "hello\n"},
		"base64 cut short":      {raw: "Subject: x\nContent-Transfer-Encoding: base64\n\naGVsbG8gd29ybGQ=aGV!", text: "hello world\n", problems: 1},
		"boundary never closed": {
			raw: "Subject: x\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain\n\nhello", text: "hello\n", problems: 1,
		},
		"forwarded as attachment": {
			raw:  "Subject: Fwd\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: message/rfc822\n\nSubject: y\nContent-Type: multipart/mixed; boundary=c\n\n--c\n\ninner\n--c\nContent-Type: application/pdf; name=x.pdf\n\n%PDF-\n--c--\n--b--\n",
			text: "inner\n", files: 1,
		},
		"text that is attached": {
			raw:   "Subject: x\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Disposition: attachment; filename=a.txt\n\nno body\n--b--\n",
			files: 1,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := mustParse(t, wire(test.raw))
			if m.Text != test.text || m.HTML != test.html || len(m.Attachments) != test.files {
				t.Errorf("text %q, HTML %q, %d files; want %q, %q, %d", m.Text, m.HTML, len(m.Attachments), test.text, test.html, test.files)
			}
			if (len(m.Problems) > 0) != (test.problems > 0) {
				t.Errorf("problems %q, want %d", m.Problems, test.problems)
			}
		})
	}
}

func TestParseKeepsAnAddressOfABrokenList(t *testing.T) {
	t.Parallel()
	m := mustParse(t, wire("From: Acme, Inc. <billing@acme.example>\nDate: 2026-11-17 08:12:44 +0100\n\n"))
	if diff := cmp.Diff([]mail.Address{{Name: "Acme, Inc.", Address: "billing@acme.example"}}, m.From); diff != "" {
		t.Errorf("from (-want +got):\n%s", diff)
	}
	if m.Date.Format(time.DateOnly) != "2026-11-17" {
		t.Errorf("date %s", m.Date)
	}
}

func TestParseTakesTheTypeOfWrongParameters(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]string{
		"application/pdf; name=../../x.pdf": "application/pdf", "image/png; name=a b.png; x": "image/png", "APPLICATION/PDF ; =": "application/pdf",
	} {
		m := mustParse(t, wire("Subject: x\nContent-Type: "+header+"\n\nnot a file\n"))
		if m.Text != "" || len(m.Attachments) != 1 || m.Attachments[0].MediaType != want {
			t.Errorf("%s: text %q, attachments %+v", header, m.Text, m.Attachments)
		}
	}
	for _, header := range []string{"pdf", ";", "text"} {
		if m := mustParse(t, wire("Subject: x\nContent-Type: "+header+"\n\nhello\n")); m.Text != "hello\n\n" {
			t.Errorf("%s: text %q", header, m.Text)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for name, raw := range map[string]string{
		"empty":           "",
		"white space":     " \r\n\r\n",
		"prose":           "Dear Sir, I enclose nothing.",
		"JSON":            `{"from":"a@b.example"}`,
		"a PDF":           "%PDF-1.4\n1 0 obj\n",
		"zeros":           "\x00\x00\x00\x00",
		"another header":  "Content-Length: 5\n\nhello",
		"a header's name": ": x\n\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, _, err := parse([]byte(raw)); !errors.Is(err, mail.ErrNotMail) {
				t.Errorf("error %v, want %v", err, mail.ErrNotMail)
			}
		})
	}
}

func TestParseIsBounded(t *testing.T) {
	t.Parallel()
	var raw strings.Builder
	raw.WriteString("Subject: x\n")
	for i := range 50 {
		raw.WriteString("Content-Type: multipart/mixed; boundary=b" + strings.Repeat("b", i) + "\n\n--b" + strings.Repeat("b", i) + "\n")
	}
	if m := mustParse(t, wire(raw.String())); len(m.Problems) == 0 {
		t.Error("50 levels were read without a word")
	}
	m := mustParse(t, wire("Subject: x\nContent-Type: multipart/mixed; boundary=b\n\n"+strings.Repeat("--b\n\nx\n", 5000)+"--b--\n"))
	if len(m.Text) > 2000 || len(m.Problems) == 0 {
		t.Errorf("5000 parts gave %d bytes of text and the problems %q", len(m.Text), m.Problems)
	}
}

// TestReadKeepsWhatIsLarge reads a mail whose attachment is kept elsewhere, also one that is within a mail within it, and one that is cut short.
func TestReadKeepsWhatIsLarge(t *testing.T) {
	t.Parallel()
	scan := append([]byte("%PDF-1.7\n"), bytes.Repeat([]byte("0123456789abcdef"), 100_000)...)
	part := "Content-Type: application/octet-stream; name=scan.pdf\nContent-Disposition: attachment\nContent-Transfer-Encoding: base64\n\n" +
		base64.StdEncoding.EncodeToString(scan) + "\n"
	mixed := "Subject: a scan\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nhere it is\n--b\n" + part + "--b--\n"
	for name, test := range map[string]struct {
		raw      string
		size     int
		problems int
	}{
		"attached":          {mixed, len(scan), 0},
		"in an envelope":    {"\ufeff\n\nFrom kim Tue Nov 17 2026\n" + mixed, len(scan), 0},
		"in a mail in it":   {"Subject: Fwd\nContent-Type: multipart/mixed; boundary=a\n\n--a\nContent-Type: message/rfc822\n\n" + mixed + "\n--a--\n", len(scan), 0},
		"cut in the middle": {mixed[:len(mixed)-400_000], 0, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m, large, err := parse(wire(test.raw))
			if err != nil || len(m.Attachments) != 1 || len(m.Problems) < test.problems || strings.TrimSpace(m.Text) != "here it is" {
				t.Fatalf("error %v, %d attachments, problems %q, text %q", err, len(m.Attachments), m.Problems, m.Text)
			}
			a := m.Attachments[0]
			if kept := large[a.Content]; a.Data != nil || a.MediaType != "application/pdf" || int(a.Size) != len(kept) || !bytes.HasPrefix(scan, kept) || test.size > 0 && len(kept) != test.size {
				t.Errorf("attachment %s of %d bytes, %d in memory, %d kept", a.MediaType, a.Size, len(a.Data), len(kept))
			}
		})
	}
}

// TestReadFails tells a mail that ends from one whose source fails, and from one whose attachment cannot be kept.
func TestReadFails(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	keep := func(r io.Reader) (string, error) { _, _ = io.Copy(io.Discard, r); return "", broken }
	half := "Subject: x\n\nThe first half"
	if _, err := mail.Read(io.MultiReader(strings.NewReader(half), iotest.ErrReader(broken)), keep); !errors.Is(err, broken) {
		t.Errorf("a source that fails: %v", err)
	}
	large := "Subject: x\nContent-Type: image/png\n\n" + strings.Repeat("x", 2<<20)
	if _, err := mail.Read(strings.NewReader(large), keep); !errors.Is(err, broken) {
		t.Errorf("an attachment that is not kept: %v", err)
	}
	if m, err := mail.Read(strings.NewReader("Subject: x\n\n"+strings.Repeat("word ", 2<<20)), keep); err != nil || len(m.Text) > 5<<20 || len(m.Problems) != 1 {
		t.Errorf("a long text: %v", err)
	}
}

func FuzzParse(f *testing.F) {
	files, err := filepath.Glob("../../../examples/mail/*.eml")
	if err != nil || len(files) == 0 {
		f.Fatalf("no mails in examples/mail: %v", err)
	}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw[:min(len(raw), 4096)])
	}
	f.Add([]byte("From: a\r\nContent-Type: message/rfc822\r\n\r\nContent-Type: message/rfc822\r\n\r\n"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		m, _, err := parse(raw)
		if err != nil {
			if !errors.Is(err, mail.ErrNotMail) {
				t.Errorf("error %v is not ErrNotMail", err)
			}
			return
		}
		for _, s := range []string{m.Text, m.HTML, m.Subject} {
			if !utf8.ValidString(s) {
				t.Errorf("not valid UTF-8: %q", s)
			}
		}
	})
}
