package mail_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"strings"
	"testing"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/internal/dovecot"
	"github.com/airlock-run/airlock/internal/pgtest"
	"github.com/airlock-run/airlock/operations"
	"github.com/airlock-run/airlock/operations/content"
	"github.com/airlock-run/airlock/operations/credentials"
	"github.com/airlock-run/airlock/operations/mail"
	"github.com/airlock-run/airlock/operations/operationstest"
	"github.com/airlock-run/airlock/operations/outside"
	"github.com/airlock-run/airlock/operations/store"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

type object = map[string]any

// world is an IMAP server, and mail operations that reach it.
type world struct {
	tls *tls.Config
	// plain lets accounts have no TLS.
	plain bool
	// folders are where accounts may be folders.
	folders []string
}

// domain serves mail, credentials and, to look at what was fetched, content.
func (w *world) domain(tb testing.TB, conn *bus.Conn, db *store.DB) []operations.Operation {
	tb.Helper()
	service, vault, kept := w.service(tb, conn, db)
	api, err := conn.Serve(bus.ServiceConfig{Name: "mail-api", Endpoints: service.Endpoints()})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = api.Stop() })
	read := operations.Query("test.read", func(ctx context.Context, call *bus.Call, digest string) (string, error) {
		data, _, err := kept.Read(ctx, call.Library, digest, 0, 1<<20)
		return string(data), err
	})
	return append(append(service.Operations(), vault.Operations()...), read)
}

// service is one that reads mail.
func (w *world) service(tb testing.TB, conn *bus.Conn, db *store.DB) (*mail.Service, *credentials.Vault, *content.Store) {
	tb.Helper()
	key, err := credentials.ParseKey("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")
	if err != nil {
		tb.Fatal(err)
	}
	vault := credentials.New(db, key, credentials.Config{})
	tb.Cleanup(vault.Close)
	kept, err := content.New(db, content.Bus(conn), content.Config{})
	if err != nil {
		tb.Fatal(err)
	}
	service := mail.New(db, vault, kept, mail.Config{
		Dialer: outside.NewDialer(outside.Config{AllowPrivate: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}}),
		TLS:    w.tls, AllowPlain: w.plain, Folders: w.folders, Logger: slog.New(slog.NewTextHandler(tb.Output(), nil)),
	})
	tb.Cleanup(service.Close)
	return service, vault, kept
}

// user is who the mail of a harness is for.
func user(h *operationstest.Harness) string { return h.Library.String() }

// account adds an account "work" to the harness's library, at a server.
func account(tb testing.TB, h *operationstest.Harness, settings mail.Settings, password string) {
	tb.Helper()
	h.OK(tb, "action:credentials.store", object{"credential_id": "work", "credential": object{"type": "basic", "username": user(h), "password": password}}, nil)
	api(tb, h, "add", mail.Account{ID: "work", Library: h.Library, Settings: settings}, nil)
}

func api(tb testing.TB, h *operationstest.Harness, verb string, in, out any) {
	tb.Helper()
	if err := h.Conn.API(tb.Context(), "mail", verb, in, out); err != nil {
		tb.Fatalf("mail %s: %v", verb, err)
	}
}

// newMail is one that can be told apart.
func newMail(n int) []byte {
	return fmt.Appendf(nil, "Message-ID: <%d@shop.example>\r\nFrom: Shop <shop@shop.example>\r\nTo: kim@example.com\r\nSubject: Receipt %d\r\n"+
		"Date: Wed, 4 Mar 2026 10:05:06 +0100\r\n\r\nTotal: %d.00\r\n", n, n, n)
}

// withAttachment is a mail with a file of so many bytes.
func withAttachment(size int) []byte {
	line := strings.Repeat("QUFB", 19) + "\r\n" // 57 bytes
	return []byte("Subject: large\r\nContent-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\n\r\nsee the file\r\n--a\r\nContent-Type: application/pdf; name=\"../large.pdf\"\r\n" +
		"Content-Disposition: attachment\r\nContent-Transfer-Encoding: base64\r\n\r\n" + strings.Repeat(line, size/57) + "--a--\r\n")
}

// settings reach a Dovecot by TLS.
func settings(server *dovecot.Server) mail.Settings {
	return mail.Settings{Host: "127.0.0.1", Port: server.Port}
}
