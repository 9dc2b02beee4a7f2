package mail

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/emersion/go-imap/v2"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/operations/mail/message"
)

const (
	defaultPage  = 50
	maxPage      = 500
	maxMailboxes = 1000
	// window is how many UIDs are asked for at once at most: they may have gaps, and a server tells of all in between.
	window = 10_000
)

type listInput struct {
	Account     string `json:"account" jsonschema:"id of the account"`
	Mailbox     string `json:"mailbox,omitempty" jsonschema:"whose messages to list; default: none, the mailboxes are listed"`
	UIDValidity uint32 `json:"uid_validity,omitempty" jsonschema:"UIDVALIDITY that after_uid is of; default: whatever it is"`
	AfterUID    uint32 `json:"after_uid,omitempty" jsonschema:"list messages with greater UIDs, default 0"`
	Limit       int    `json:"limit,omitempty" jsonschema:"messages of a page, 1 to 500, default 50" schema:"default=50"`
}

// Mailbox is one of an account.
type Mailbox struct {
	Name        string `json:"name" jsonschema:"its name"`
	Use         string `json:"use,omitempty" jsonschema:"what it is for, such as \\Sent, where the server tells"`
	UIDValidity uint32 `json:"uid_validity,omitempty" jsonschema:"what its UIDs are valid with"`
	UIDNext     uint32 `json:"uid_next,omitempty" jsonschema:"no message has this UID yet, or a greater one"`
	Messages    uint32 `json:"messages" jsonschema:"how many there are"`
}

// listed is a message as it is listed.
type listed struct {
	UID       uint32            `json:"uid" jsonschema:"its UID"`
	Flags     []string          `json:"flags" jsonschema:"such as \\Seen"`
	Size      int64             `json:"size" jsonschema:"in bytes"`
	Received  *time.Time        `json:"received_at,omitempty" jsonschema:"when the server got it"`
	MessageID string            `json:"message_id,omitempty" jsonschema:"without angle brackets"`
	Subject   string            `json:"subject" jsonschema:"decoded"`
	Date      *time.Time        `json:"date,omitempty" jsonschema:"as its sender says"`
	From      []message.Address `json:"from,omitempty" jsonschema:"senders"`
	To        []message.Address `json:"to,omitempty" jsonschema:"receivers"`
}

type listOutput struct {
	Mailboxes   []Mailbox `json:"mailboxes,omitempty" jsonschema:"those of the account, at most 1000"`
	UIDValidity uint32    `json:"uid_validity,omitempty" jsonschema:"what the UIDs are valid with"`
	UIDNext     uint32    `json:"uid_next,omitempty" jsonschema:"no message has this UID yet, or a greater one"`
	Messages    []listed  `json:"messages,omitempty" jsonschema:"by UID"`
	// Next is where the next page begins: messages may lack in a page that has one.
	Next uint32 `json:"next,omitempty" jsonschema:"after_uid of the next page; none after the last one"`
}

func (s *Service) list(ctx context.Context, call *bus.Call, in listInput) (out listOutput, err error) {
	if in.Limit == 0 {
		in.Limit = defaultPage
	}
	p := place{Account: in.Account, Mailbox: in.Mailbox, UIDValidity: in.UIDValidity}
	switch {
	case in.Limit < 1 || in.Limit > maxPage:
		return out, bus.Errorf(bus.InvalidArgument, "limit is %d, want 1 to %d", in.Limit, maxPage)
	case in.Mailbox == "" && (in.AfterUID != 0 || in.UIDValidity != 0):
		return out, bus.Errorf(bus.InvalidArgument, "mailbox is missing, which after_uid and uid_validity are of")
	case in.Mailbox != "":
		err = p.check()
	}
	if err != nil {
		return out, err
	}
	account, err := s.account(ctx, call.Library, in.Account)
	if err != nil {
		return out, err
	}
	if account.Folder != "" {
		return s.listFolder(ctx, account, p, in)
	}
	err = s.with(ctx, account, func(c *session) error {
		if in.Mailbox == "" {
			out.Mailboxes, err = c.mailboxes()
			return err
		}
		out, err = c.messages(p, in.AfterUID, in.Limit)
		return err
	})
	return out, err
}

func (c *session) mailboxes() ([]Mailbox, error) {
	options := &imap.ListOptions{}
	status := &imap.StatusOptions{NumMessages: true, UIDNext: true, UIDValidity: true}
	if c.Caps().Has(imap.CapListStatus) {
		options.ReturnStatus = status
	}
	if c.Caps().Has(imap.CapSpecialUse) {
		options.ReturnSpecialUse = true
	}
	all, err := c.List("", "*", options).Collect()
	if err != nil {
		return nil, fmt.Errorf("list mailboxes: %w", err)
	}
	out := make([]Mailbox, 0, len(all))
	for _, found := range all {
		if len(out) == maxMailboxes || slices.Contains(found.Attrs, imap.MailboxAttrNoSelect) || slices.Contains(found.Attrs, imap.MailboxAttrNonExistent) {
			continue
		}
		m := Mailbox{Name: found.Mailbox, Use: useOf(found.Attrs)}
		told := found.Status
		if told == nil {
			if told, err = c.Status(found.Mailbox, status).Wait(); err != nil {
				return nil, fmt.Errorf("status of mailbox: %w", err)
			}
		}
		m.UIDValidity, m.UIDNext = told.UIDValidity, uint32(told.UIDNext)
		if told.NumMessages != nil {
			m.Messages = *told.NumMessages
		}
		out = append(out, m)
	}
	return out, nil
}

// uses are what a mailbox may be for: RFC 6154.
var uses = []imap.MailboxAttr{
	imap.MailboxAttrAll, imap.MailboxAttrArchive, imap.MailboxAttrDrafts, imap.MailboxAttrFlagged, imap.MailboxAttrJunk, imap.MailboxAttrSent, imap.MailboxAttrTrash,
}

func useOf(attrs []imap.MailboxAttr) string {
	for _, use := range uses {
		if slices.Contains(attrs, use) {
			return string(use)
		}
	}
	return ""
}

// messages lists those after a UID. Which there are is asked for first, so that a page has as many as it may, whatever the gaps.
func (c *session) messages(p place, after uint32, limit int) (out listOutput, err error) {
	selected, err := c.openMailbox(p, false)
	if err != nil {
		return out, err
	}
	out.UIDValidity, out.UIDNext = selected.UIDValidity, uint32(selected.UIDNext)
	if selected.NumMessages == 0 || after == math.MaxUint32 {
		return out, nil
	}
	uids, more, err := c.uidsAfter(after, uint32(selected.UIDNext), limit)
	if err != nil {
		return out, err
	}
	if more {
		out.Next = uids[len(uids)-1]
	}
	if len(uids) == 0 {
		return out, nil
	}
	set := imap.UIDSet{}
	for _, uid := range uids {
		set.AddNum(imap.UID(uid))
	}
	found, err := c.told(set, &imap.FetchOptions{UID: true, Flags: true, Envelope: true, InternalDate: true, RFC822Size: true})
	if err != nil {
		return out, err
	}
	for _, m := range found {
		if _, asked := slices.BinarySearch(uids, m.UID); asked { // others only had their flags changed
			out.Messages = append(out.Messages, m)
		}
	}
	slices.SortFunc(out.Messages, func(a, b listed) int { return int(int64(a.UID) - int64(b.UID)) })
	out.Messages = slices.CompactFunc(out.Messages, func(a, b listed) bool { return a.UID == b.UID })
	return out, nil
}

// uidsAfter are the first UIDs after one, and whether there are more. next is the mailbox's UIDNEXT, 0 where the server does not tell.
func (c *session) uidsAfter(after, next uint32, limit int) (uids []uint32, more bool, err error) {
	for from := uint64(after) + 1; from < math.MaxUint32 && (next == 0 || from < uint64(next)); {
		to := min(from+window-1, math.MaxUint32-1)
		var set imap.UIDSet
		if next == 0 {
			set.AddRange(imap.UID(from), 0) // to the last one, in one step
			to = math.MaxUint32
		} else {
			set.AddRange(imap.UID(from), imap.UID(to))
		}
		found, err := c.UIDSearch(&imap.SearchCriteria{UID: []imap.UIDSet{set}}, nil).Wait()
		if err != nil {
			return nil, false, fmt.Errorf("list UIDs: %w", err)
		}
		// "n:*" has the last message also when that is before n.
		uids = append(uids, within(found.All, from, to, limit+1)...)
		if len(uids) > limit {
			break
		}
		from = to + 1
	}
	slices.Sort(uids)
	uids = slices.Compact(uids)
	if len(uids) > limit {
		return uids[:limit], true, nil
	}
	return uids, false, nil
}

// within are the UIDs of a set from one to another, the first ones of more than limit. A server may answer with a range of all there can be.
func within(set imap.NumSet, from, to uint64, limit int) (uids []uint32) {
	ranges, _ := set.(imap.UIDSet)
	ranges = slices.Clone(ranges)
	slices.SortFunc(ranges, func(a, b imap.UIDRange) int { return cmp.Compare(a.Start, b.Start) })
	for _, r := range ranges {
		first, last := max(uint64(r.Start), from), min(uint64(r.Stop), to)
		for uid := first; uid <= last && r.Start != 0 && len(uids) < limit; uid++ {
			uids = append(uids, uint32(uid)) //nolint:gosec // it is within a range of such
		}
	}
	return uids
}
