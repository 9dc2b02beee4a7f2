package mail

import (
	"context"
	"crypto/tls"
	"log/slog"
	"net"

	"github.com/google/uuid"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/operations"
	"github.com/airlock-run/airlock/operations/content"
	"github.com/airlock-run/airlock/operations/credentials"
	"github.com/airlock-run/airlock/operations/mail/folder"
	"github.com/airlock-run/airlock/operations/store"
)

// Vault has the credentials that open accounts.
type Vault interface {
	// Use returns a credential of a library; its errors are for guests.
	Use(ctx context.Context, library uuid.UUID, id string) (credentials.Credential, error)
}

// Config says how servers are reached. Dialer is required.
type Config struct {
	// Dialer makes the connections. It is one of package outside, which checks where they lead.
	Dialer *net.Dialer
	// TLS is what certificates are checked with. Default: what the system trusts, from TLS 1.2 on.
	TLS *tls.Config
	// AllowPlain lets accounts have no TLS.
	AllowPlain bool
	// Folders are where accounts that are a folder may be. Default: nowhere.
	Folders folder.Roots
	// Logger defaults to one that discards.
	Logger *slog.Logger
}

// Service reads mailboxes. It is safe for concurrent use. Close it with Close.
type Service struct {
	db     *store.DB
	vault  Vault
	kept   *content.Store
	config Config
	idle   *pool
}

// New makes a Service that keeps what it fetches in kept.
func New(db *store.DB, vault Vault, kept *content.Store, config Config) *Service {
	if config.TLS == nil {
		config.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	if config.Logger == nil {
		config.Logger = slog.New(slog.DiscardHandler)
	}
	return &Service{db: db, vault: vault, kept: kept, config: config, idle: newPool()}
}

// Close ends the connections that nobody uses.
func (s *Service) Close() { s.idle.close() }

// Tables are those that have rows of libraries.
func Tables() []string { return []string{"mail_accounts", "mail_folders", "mail_files"} }

// Operations returns the operations of this domain.
func (s *Service) Operations() []operations.Operation {
	fails := func(more ...operations.Option) []operations.Option {
		return append(more,
			operations.Fails(bus.NotFound, "the library has no such account, or the account no such mailbox or message"),
			operations.Fails(bus.FailedPrecondition, "the mailbox has another UIDVALIDITY, the server refuses the credential, or its certificate is not good; the folder of an account may not be read, or does not do what is asked"),
			operations.Fails(bus.PermissionDenied, "the server has no public address, or does not allow it; the operator does not allow the folder"),
			operations.Fails(bus.ResourceExhausted, "the server wants to be asked less often"),
			operations.Fails(bus.Unavailable, "the server does not answer as one of IMAP does"))
	}
	return []operations.Operation{
		operations.Query("mail.list", s.list, fails(
			operations.Describe("returns the mailboxes of an account, or the messages of one from a UID on"),
			operations.Sample(`{"account": "work", "mailbox": "INBOX", "after_uid": 0, "limit": 50}`))...),
		operations.Query("mail.search", s.search, fails(
			operations.Describe("returns the UIDs of messages that a server finds"),
			operations.Sample(`{"account": "work", "mailbox": "INBOX", "from": "shop.example", "since": "2026-01-01"}`))...),
		operations.Query("mail.fetch", s.fetch, fails(
			operations.Describe("keeps a message as content of the library and returns what it says, its attachments as content, too"),
			operations.Sample(`{"account": "work", "mailbox": "INBOX", "uid_validity": 1, "uid": 42}`))...),
		operations.RepeatableAction("mail.flag", s.flag, fails(
			operations.Describe("adds flags to messages and takes them away"),
			operations.Sample(`{"account": "work", "mailbox": "INBOX", "uid_validity": 1, "uids": [42], "add": ["\\Seen"]}`))...),
	}
}
