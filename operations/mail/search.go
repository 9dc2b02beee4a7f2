package mail

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/emersion/go-imap/v2"

	"github.com/airlock-run/airlock/bus"
)

const (
	defaultFound = 1000
	maxFound     = 10_000
	maxSearched  = 500
)

type searchInput struct {
	place
	AfterUID uint32 `json:"after_uid,omitempty" jsonschema:"find messages with greater UIDs, default 0"`
	From     string `json:"from,omitempty" jsonschema:"text in the sender"`
	To       string `json:"to,omitempty" jsonschema:"text in a receiver"`
	Subject  string `json:"subject,omitempty" jsonschema:"text in the subject"`
	Text     string `json:"text,omitempty" jsonschema:"text in header or body, as the server searches"`
	Since    string `json:"since,omitempty" jsonschema:"received on this day or later, 2026-01-31"`
	Before   string `json:"before,omitempty" jsonschema:"received before this day"`
	Seen     *bool  `json:"seen,omitempty" jsonschema:"has the flag \\Seen, or has not"`
	Flagged  *bool  `json:"flagged,omitempty" jsonschema:"has the flag \\Flagged, or has not"`
	Larger   int64  `json:"larger,omitempty" jsonschema:"more bytes than this"`
	Smaller  int64  `json:"smaller,omitempty" jsonschema:"fewer bytes than this"`
	Limit    int    `json:"limit,omitempty" jsonschema:"UIDs to return, 1 to 10000, default 1000" schema:"default=1000"`
}

type searchOutput struct {
	UIDValidity uint32   `json:"uid_validity" jsonschema:"what the UIDs are valid with"`
	UIDs        []uint32 `json:"uids" jsonschema:"in their order"`
	More        bool     `json:"more,omitempty" jsonschema:"whether there are more than limit; ask again with after_uid"`
}

func (s *Service) search(ctx context.Context, call *bus.Call, in searchInput) (out searchOutput, err error) {
	if in.Limit == 0 {
		in.Limit = defaultFound
	}
	criteria, err := in.criteria()
	if err != nil {
		return out, err
	}
	account, err := s.account(ctx, call.Library, in.Account)
	if err != nil {
		return out, err
	}
	if account.Folder != "" {
		return out, account.onlyRead("searched")
	}
	err = s.with(ctx, account, func(c *session) error {
		selected, err := c.openMailbox(in.place, false)
		if err != nil {
			return err
		}
		out.UIDValidity, out.UIDs = selected.UIDValidity, []uint32{}
		if selected.NumMessages == 0 {
			return nil
		}
		found, err := c.UIDSearch(criteria, nil).Wait()
		if err != nil {
			return fmt.Errorf("search: %w", err)
		}
		uids := within(found.All, uint64(in.AfterUID)+1, math.MaxUint32, in.Limit+1)
		slices.Sort(uids)
		uids = slices.Compact(uids)
		if out.More = len(uids) > in.Limit; out.More {
			uids = uids[:in.Limit]
		}
		out.UIDs = append(out.UIDs, uids...)
		return nil
	})
	return out, err
}

func (in searchInput) criteria() (*imap.SearchCriteria, error) {
	if err := in.check(); err != nil {
		return nil, err
	}
	switch {
	case in.Limit < 1 || in.Limit > maxFound:
		return nil, bus.Errorf(bus.InvalidArgument, "limit is %d, want 1 to %d", in.Limit, maxFound)
	case in.Larger < 0 || in.Smaller < 0 || in.Larger > math.MaxUint32 || in.Smaller > math.MaxUint32:
		return nil, bus.Errorf(bus.InvalidArgument, "larger and smaller are sizes in bytes, 0 to %d", uint32(math.MaxUint32))
	case in.AfterUID == math.MaxUint32:
		return nil, bus.Errorf(bus.InvalidArgument, "after_uid is the greatest there can be")
	}
	c := &imap.SearchCriteria{Larger: in.Larger, Smaller: in.Smaller}
	for name, text := range map[string]string{"From": in.From, "To": in.To, "Subject": in.Subject, "": in.Text} {
		switch {
		case len(text) > maxSearched:
			return nil, bus.Errorf(bus.InvalidArgument, "a text to search for has %d bytes, at most %d are possible", len(text), maxSearched)
		case text == "":
		case name == "":
			c.Text = append(c.Text, text)
		default:
			c.Header = append(c.Header, imap.SearchCriteriaHeaderField{Key: name, Value: text})
		}
	}
	for name, day := range map[string]struct {
		text string
		to   *time.Time
	}{"since": {in.Since, &c.Since}, "before": {in.Before, &c.Before}} {
		if day.text == "" {
			continue
		}
		var err error
		if *day.to, err = time.Parse(time.DateOnly, day.text); err != nil {
			return nil, bus.Errorf(bus.InvalidArgument, "%s: %.40q is no day, want one such as 2026-01-31", name, day.text)
		}
	}
	flag := func(want *bool, name imap.Flag) {
		switch {
		case want == nil:
		case *want:
			c.Flag = append(c.Flag, name)
		default:
			c.NotFlag = append(c.NotFlag, name)
		}
	}
	flag(in.Seen, imap.FlagSeen)
	flag(in.Flagged, imap.FlagFlagged)
	if in.AfterUID > 0 {
		var after imap.UIDSet
		after.AddRange(imap.UID(in.AfterUID+1), 0)
		c.UID = []imap.UIDSet{after}
	}
	return c, nil
}
