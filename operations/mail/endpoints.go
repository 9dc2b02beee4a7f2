package mail

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/operations"
	"github.com/airlock-run/airlock/operations/mail/folder"
	"github.com/airlock-run/airlock/operations/store"
)

// Which names an account, for airlock.api.mail.remove and test, or all of a library, for list; the nil UUID stands for all libraries.
type Which struct {
	Library uuid.UUID `json:"library"`
	Account string    `json:"account,omitempty"`
}

// Tried is what a try of an account has found.
type Tried struct {
	Mailboxes []Mailbox `json:"mailboxes"`
}

// Endpoints are what people ask: airlock.api.mail.add, list, remove, test and erase.
func (s *Service) Endpoints() []bus.Endpoint {
	return []bus.Endpoint{
		bus.APIEndpoint("mail", "add", answer(s.add)), bus.APIEndpoint("mail", "list", answer(s.told)),
		bus.APIEndpoint("mail", "remove", answer(s.remove)), bus.APIEndpoint("mail", "test", answer(s.test)),
		operations.EraseEndpoint("mail", s.db, Tables()...),
	}
}

func answer[In, Out any](serve func(ctx context.Context, in In) (Out, error)) bus.APIHandler {
	return func(ctx context.Context, request json.RawMessage) (any, error) {
		in, err := operations.Decode[In](request)
		if err != nil {
			return nil, err
		}
		return serve(ctx, in)
	}
}

// add keeps an account, in the place of one of its id. Whether it can be used, test tells.
func (s *Service) add(ctx context.Context, a Account) (*Account, error) {
	if a.Library == uuid.Nil {
		return nil, bus.Errorf(bus.InvalidArgument, "library is missing")
	}
	if a.ID == "" || len(a.ID) > 128 {
		return nil, bus.Errorf(bus.InvalidArgument, "account is an id of 1 to 128 bytes")
	}
	var err error
	if a.Folder != "" {
		a.Settings, err = s.checkedFolder(&a)
	} else {
		a.Settings, err = a.checked()
	}
	if err != nil {
		return nil, err
	}
	return &a, s.keepAccount(ctx, a)
}

func (s *Service) told(ctx context.Context, in Which) (map[string][]Account, error) {
	all, err := s.accounts(ctx, in.Library)
	if err != nil {
		return nil, err
	}
	return map[string][]Account{"accounts": append([]Account{}, all...)}, nil
}

// remove forgets an account. Its credential stays.
func (s *Service) remove(ctx context.Context, in Which) (struct{}, error) {
	return struct{}{}, s.db.Write(ctx, func(tx *store.Tx) error {
		n, err := tx.Exec(ctx, `DELETE FROM mail_accounts WHERE library_id = $1 AND account_id = $2`, in.Library.String(), in.Account)
		if err != nil {
			return fmt.Errorf("remove mail account: %w", err)
		}
		if n == 0 {
			return bus.Errorf(bus.NotFound, "the library has no mail account %q", in.Account)
		}
		for _, table := range []string{"mail_folders", "mail_files"} {
			if _, err := tx.Exec(ctx, "DELETE FROM "+table+" WHERE library_id = $1 AND account_id = $2", in.Library.String(), in.Account); err != nil {
				return fmt.Errorf("remove index of mail folder: %w", err)
			}
		}
		return nil
	})
}

// test connects as a call would, on a connection of its own.
func (s *Service) test(ctx context.Context, in Which) (*Tried, error) {
	account, err := s.account(ctx, in.Library, in.Account)
	if err != nil {
		return nil, err
	}
	if account.Folder != "" {
		return s.testFolder(ctx, account)
	}
	c, err := s.connect(ctx, account)
	if err != nil {
		return nil, err
	}
	defer func() { _ = c.Close() }()
	stop := context.AfterFunc(ctx, func() { _ = c.Close() })
	defer stop()
	if _, err := c.openMailbox(place{Account: in.Account, Mailbox: account.Mailbox}, false); err != nil {
		return nil, c.failure(ctx, err)
	}
	found, err := c.mailboxes()
	if err != nil {
		return nil, c.failure(ctx, err)
	}
	return &Tried{Mailboxes: found}, nil
}

// checkedFolder checks the settings of an account that is a folder.
func (s *Service) checkedFolder(a *Account) (Settings, error) {
	if a.Mailbox == "" {
		a.Mailbox = inbox
	}
	if a.Settings != (Settings{Folder: a.Folder, Mailbox: inbox}) {
		return a.Settings, bus.Errorf(bus.InvalidArgument, "account %s is a folder, which has no server and no mailbox but %s", a.ID, inbox)
	}
	path, err := s.config.Folders.Check(a.Folder)
	switch {
	case errors.Is(err, folder.ErrNotAllowed):
		return a.Settings, folderFailure(context.Background(), a, err)
	case err != nil:
		return a.Settings, bus.Errorf(bus.InvalidArgument, "%v", err)
	}
	return Settings{Folder: path, Mailbox: inbox}, nil
}

// testFolder opens a folder as a call would, and counts its files.
func (s *Service) testFolder(ctx context.Context, a *Account) (*Tried, error) {
	box, err := s.openFolder(ctx, a)
	if err != nil {
		return nil, err
	}
	defer func() { _ = box.Close() }()
	found, err := box.mailboxes(ctx)
	if err == nil {
		found[0].Messages, err = box.count(ctx)
	}
	if err != nil {
		return nil, folderFailure(ctx, a, err)
	}
	return &Tried{Mailboxes: found}, nil
}
