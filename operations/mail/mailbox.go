package mail

import (
	"fmt"

	"github.com/emersion/go-imap/v2"

	"github.com/airlock-run/airlock/bus"
)

// maxMailbox bounds the name of a mailbox, in bytes.
const maxMailbox = 1000

// place is a mailbox of an account, as calls name it.
type place struct {
	Account     string `json:"account" jsonschema:"id of the account"`
	Mailbox     string `json:"mailbox" jsonschema:"its name, such as INBOX"`
	UIDValidity uint32 `json:"uid_validity,omitempty" jsonschema:"UIDVALIDITY of the UIDs that are named; default: whatever it is" schema:"default=0"`
}

func (p place) check() error {
	switch {
	case p.Account == "":
		return bus.Errorf(bus.InvalidArgument, "account is missing")
	case p.Mailbox == "" || len(p.Mailbox) > maxMailbox:
		return bus.Errorf(bus.InvalidArgument, "mailbox has %d bytes, want 1 to %d", len(p.Mailbox), maxMailbox)
	}
	return nil
}

// open selects a mailbox, and checks that its UIDs are the ones that are meant.
func (c *session) openMailbox(p place, toWrite bool) (*imap.SelectData, error) {
	selected, err := c.Select(p.Mailbox, &imap.SelectOptions{ReadOnly: !toWrite}).Wait()
	if err != nil {
		if answer, ok := err.(*imap.Error); ok && answer.Type == imap.StatusResponseTypeNo && answer.Code == "" { //nolint:errorlint // as Wait returns it
			return nil, bus.Errorf(bus.NotFound, "mailbox %q cannot be opened: %s says: %s", p.Mailbox, c.account.Host, c.tellable(answer.Text))
		}
		return nil, fmt.Errorf("open mailbox: %w", err)
	}
	if p.UIDValidity != 0 && selected.UIDValidity != p.UIDValidity {
		return nil, bus.Errorf(bus.FailedPrecondition, "mailbox %q has UIDVALIDITY %d by now, not %d: its messages have other UIDs", p.Mailbox, selected.UIDValidity, p.UIDValidity)
	}
	return selected, nil
}
