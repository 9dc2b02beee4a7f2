package mail

import (
	"context"
	"slices"
	"strings"

	"github.com/emersion/go-imap/v2"

	"github.com/airlock-run/airlock/bus"
)

// maxFlagged is how many messages one call flags.
const maxFlagged = 1000

type flagInput struct {
	Account     string   `json:"account" jsonschema:"id of the account"`
	Mailbox     string   `json:"mailbox" jsonschema:"its name, such as INBOX"`
	UIDValidity uint32   `json:"uid_validity" jsonschema:"UIDVALIDITY that the UIDs are of"`
	UIDs        []uint32 `json:"uids" jsonschema:"1 to 1000 UIDs; those that are gone are passed over"`
	Add         []string `json:"add,omitempty" jsonschema:"flags to add: \\Seen, \\Answered, \\Flagged, \\Draft, or keywords such as $Receipt"`
	Remove      []string `json:"remove,omitempty" jsonschema:"flags to take away"`
}

// flag changes flags. Doing it again changes nothing more.
func (s *Service) flag(ctx context.Context, call *bus.Call, in flagInput) (struct{}, error) {
	p := place{in.Account, in.Mailbox, in.UIDValidity}
	add, remove, err := in.check(p)
	if err != nil {
		return struct{}{}, err
	}
	account, err := s.account(ctx, call.Library, in.Account)
	if err != nil {
		return struct{}{}, err
	}
	if account.Folder != "" {
		return struct{}{}, account.onlyRead("flagged")
	}
	var set imap.UIDSet
	for _, uid := range in.UIDs {
		set.AddNum(imap.UID(uid))
	}
	return struct{}{}, s.with(ctx, account, func(c *session) error {
		if _, err := c.openMailbox(p, true); err != nil {
			return err
		}
		for _, change := range []struct {
			op    imap.StoreFlagsOp
			flags []imap.Flag
		}{{imap.StoreFlagsAdd, add}, {imap.StoreFlagsDel, remove}} {
			if len(change.flags) == 0 {
				continue
			}
			cmd := c.Store(set, &imap.StoreFlags{Op: change.op, Silent: true, Flags: change.flags}, nil)
			if err := c.items(cmd, false, ignore); err != nil {
				return err
			}
		}
		return nil
	})
}

func (in flagInput) check(p place) (add, remove []imap.Flag, err error) {
	if err := p.check(); err != nil {
		return nil, nil, err
	}
	switch {
	case in.UIDValidity == 0:
		return nil, nil, bus.Errorf(bus.InvalidArgument, "uid_validity is a number from 1 on")
	case len(in.UIDs) == 0 || len(in.UIDs) > maxFlagged || slices.Contains(in.UIDs, 0):
		return nil, nil, bus.Errorf(bus.InvalidArgument, "uids: want 1 to %d numbers from 1 on", maxFlagged)
	case len(in.Add)+len(in.Remove) == 0 || len(in.Add)+len(in.Remove) > maxFlags:
		return nil, nil, bus.Errorf(bus.InvalidArgument, "want 1 to %d flags to add or remove", maxFlags)
	}
	for to, texts := range map[*[]imap.Flag][]string{&add: in.Add, &remove: in.Remove} {
		for _, text := range texts {
			if !isFlag(text) {
				return nil, nil, bus.Errorf(bus.InvalidArgument, "%.60q is no flag that can be changed: want \\Seen, \\Answered, \\Flagged, \\Draft or a keyword", text)
			}
			*to = append(*to, imap.Flag(text))
		}
	}
	return add, remove, nil
}

// isFlag tells whether a flag may be changed: not \Deleted, as what is deleted goes for good, nor the server's own \Recent.
func isFlag(text string) bool {
	if strings.HasPrefix(text, `\`) {
		return slices.ContainsFunc([]imap.Flag{imap.FlagSeen, imap.FlagAnswered, imap.FlagFlagged, imap.FlagDraft}, func(f imap.Flag) bool {
			return strings.EqualFold(string(f), text)
		})
	}
	return text != "" && len(text) <= 60 && strings.IndexFunc(text, func(r rune) bool {
		return r <= ' ' || r > '~' || strings.ContainsRune(`(){%*"\]`, r)
	}) < 0
}
