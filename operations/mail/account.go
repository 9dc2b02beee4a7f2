package mail

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"golang.org/x/net/idna"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/operations/store"
)

// How a connection is protected.
const (
	TLS      = "tls"
	StartTLS = "starttls"
	// Plain has no protection: it is for servers on this machine or in a network that the operator has named.
	Plain = "plain"
)

// Settings are where the mail of an account is.
type Settings struct {
	Host     string `json:"host,omitempty"`
	Port     int    `json:"port,omitempty"`
	Security string `json:"security,omitempty"`
	// Username is who signs in with an access token; a password has its own in the credential.
	Username string `json:"username,omitempty"`
	// Mailbox is the one that is watched for new mail. Default: INBOX.
	Mailbox string `json:"mailbox,omitempty"`
	// Folder is a folder of files on the service's machine, in the place of a server: a Maildir, or one of .eml.
	Folder string `json:"folder,omitempty"`
}

// Account is a mailbox that a library may use.
type Account struct {
	ID string `json:"account"`
	Settings
	Library uuid.UUID `json:"library"`
	// State is how it stands, of one that is listed.
	State *State `json:"state,omitempty"`
}

// address is where the mail is.
func (s Settings) address() string {
	if s.Folder != "" {
		return s.Folder
	}
	return net.JoinHostPort(s.Host, strconv.Itoa(s.Port))
}

// checked fills in what was left out.
func (s Settings) checked() (Settings, error) {
	refuse := func(format string, args ...any) (Settings, error) {
		return s, bus.Errorf(bus.InvalidArgument, format, args...)
	}
	if s.Security == "" {
		s.Security = TLS
	}
	if s.Mailbox == "" {
		s.Mailbox = "INBOX"
	}
	if s.Port == 0 {
		s.Port = 143
		if s.Security == TLS {
			s.Port = 993
		}
	}
	if ip := net.ParseIP(s.Host); ip == nil {
		host, err := idna.Lookup.ToASCII(strings.TrimSuffix(s.Host, "."))
		if err != nil || host == "" || strings.ContainsAny(host, ":/@ ") {
			return refuse("host %.80q is no name of a server, want one such as imap.example.com", s.Host)
		}
		s.Host = host
	}
	switch {
	case s.Security != TLS && s.Security != StartTLS && s.Security != Plain:
		return refuse("security %.20q: want tls, starttls or plain", s.Security)
	case s.Port < 1 || s.Port > 65535:
		return refuse("port is %d, want 1 to 65535", s.Port)
	case len(s.Mailbox) > maxMailbox:
		return refuse("mailbox has %d bytes, at most %d are possible", len(s.Mailbox), maxMailbox)
	}
	return s, nil
}

// account finds the account of a library that a call names.
func (s *Service) account(ctx context.Context, library uuid.UUID, id string) (*Account, error) {
	var text string
	err := s.db.Read(ctx, func(tx *store.Tx) error {
		return tx.QueryRow(ctx, `SELECT settings FROM mail_accounts WHERE library_id = $1 AND account_id = $2`, library.String(), id).Scan(&text)
	})
	if errors.Is(err, sql.ErrNoRows) {
		return nil, bus.Errorf(bus.NotFound, "the library has no mail account %q; `airlock mail add` adds one", id)
	}
	if err != nil {
		return nil, fmt.Errorf("read mail account: %w", err)
	}
	a := &Account{ID: id, Library: library}
	if err := json.Unmarshal([]byte(text), &a.Settings); err != nil {
		return nil, fmt.Errorf("read mail account: %w", err)
	}
	return a, nil
}

// accounts are those of a library, or all for the nil UUID, by library and id.
func (s *Service) accounts(ctx context.Context, library uuid.UUID) (all []Account, err error) {
	err = s.db.Read(ctx, func(tx *store.Tx) error {
		all = nil
		return tx.Query(ctx, func(scan func(...any) error) error {
			var of, id, text, state string
			if err := scan(&of, &id, &text, &state); err != nil {
				return err
			}
			a := Account{ID: id}
			if a.Library, err = uuid.Parse(of); err != nil {
				return fmt.Errorf("read library of mail account %s: %w", id, err)
			}
			if err := json.Unmarshal([]byte(text), &a.Settings); err != nil {
				return fmt.Errorf("read mail account %s: %w", id, err)
			}
			if err := json.Unmarshal([]byte(state), &a.State); err != nil {
				return fmt.Errorf("read state of mail account %s: %w", id, err)
			}
			all = append(all, a)
			return nil
		}, `SELECT library_id, account_id, settings, state FROM mail_accounts WHERE $1 = '' OR library_id = $1 ORDER BY library_id, account_id`, textOf(library))
	})
	if err != nil {
		return nil, fmt.Errorf("list mail accounts: %w", err)
	}
	return all, nil
}

func textOf(library uuid.UUID) string {
	if library == uuid.Nil {
		return ""
	}
	return library.String()
}

func (s *Service) keepAccount(ctx context.Context, a Account) error {
	text, err := json.Marshal(a.Settings)
	if err != nil {
		return fmt.Errorf("encode mail account: %w", err)
	}
	return s.db.Write(ctx, func(tx *store.Tx) error {
		now := store.Micros(time.Now())
		_, err := tx.Exec(ctx, `INSERT INTO mail_accounts (library_id, account_id, settings, created_at, updated_at) VALUES ($1, $2, $3, $4, $4)
			ON CONFLICT (library_id, account_id) DO UPDATE SET settings = excluded.settings, state = '{}', updated_at = excluded.updated_at`,
			a.Library.String(), a.ID, string(text), now)
		if err != nil {
			return fmt.Errorf("keep mail account: %w", err)
		}
		return nil
	})
}
