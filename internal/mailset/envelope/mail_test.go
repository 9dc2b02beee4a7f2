package envelope_test

import (
	"bytes"
	"io"
	"mime"
	"mime/multipart"
	"net/mail"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/encoding/japanese"

	"github.com/airlock-run/airlock/internal/mailset/envelope"
)

func TestMailIsReadAsItWasMeant(t *testing.T) {
	t.Parallel()
	raw, err := envelope.Mail{
		From: envelope.Address{Name: "Bücher & Mehr", Mailbox: "post@buecher.example"}, To: envelope.Address{Mailbox: "ich@post.example"},
		Subject: strings.Repeat("Ihre Bestellung bei Bücher & Mehr ", 4), Sent: time.Unix(1_700_000_000, 0).UTC(), ID: "1@buecher.example",
		Body: envelope.Group("mixed", "b1",
			envelope.Text("text/plain", "iso-8859-1", envelope.QuotedPrintable, "Grüße\n"),
			envelope.File("application/pdf", "Rechnung März.pdf", []byte("%PDF-"))),
	}.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	if err != nil || strings.TrimSpace(subject) != strings.TrimSpace(strings.Repeat("Ihre Bestellung bei Bücher & Mehr ", 4)) {
		t.Errorf("subject is %q, %v", subject, err)
	}
	_, parameters, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	parts := multipart.NewReader(m.Body, parameters["boundary"])
	text, err := parts.NextPart()
	if err != nil {
		t.Fatal(err)
	}
	if body, err := io.ReadAll(text); err != nil || string(body) != "Gr\xfc\xdfe\r\n" {
		t.Errorf("text is %q, %v", body, err)
	}
	attached, err := parts.NextPart()
	if err != nil || attached.FileName() != "Rechnung März.pdf" {
		t.Errorf("attached is %q, %v", attached.FileName(), err)
	}
}

func TestJapaneseIsSevenBits(t *testing.T) {
	t.Parallel()
	word, err := envelope.Word("iso-2022-jp", envelope.Base64, "ご注文の確認メールをお送りいたします")
	if err != nil {
		t.Fatal(err)
	}
	decoder := mime.WordDecoder{CharsetReader: func(_ string, in io.Reader) (io.Reader, error) {
		return japanese.ISO2022JP.NewDecoder().Reader(in), nil
	}}
	if got, err := decoder.DecodeHeader(word); err != nil || got != "ご注文の確認メールをお送りいたします" {
		t.Errorf("read %q, %v", got, err)
	}
}

func TestMailRefusesWhatItsCharsetHasNot(t *testing.T) {
	t.Parallel()
	for name, part := range map[string]envelope.Part{
		"euro in latin 1": envelope.Text("text/plain", "iso-8859-1", envelope.Base64, "5 €"),
		"unknown charset": envelope.Text("text/plain", "koi8-r", envelope.Base64, "5"),
		"in a group":      envelope.Group("mixed", "b", envelope.Text("text/plain", "iso-8859-1", envelope.Base64, "5 €")),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := (envelope.Mail{Subject: "x", Body: part}).Bytes(); err == nil {
				t.Error("no error")
			}
		})
	}
}
