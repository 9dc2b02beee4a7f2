package mail

import (
	"context"
	"fmt"
	"io"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/operations/content"
	"github.com/airlock-run/airlock/operations/mail/message"
)

type fetchInput struct {
	Account     string `json:"account" jsonschema:"id of the account"`
	Mailbox     string `json:"mailbox" jsonschema:"its name, such as INBOX"`
	UIDValidity uint32 `json:"uid_validity" jsonschema:"UIDVALIDITY that the UID is of"`
	UID         uint32 `json:"uid" jsonschema:"UID of the message"`
	Raw         bool   `json:"raw,omitempty" jsonschema:"only keep the message, and do not take it apart; default false"`
	MaxBytes    int64  `json:"max_bytes,omitempty" jsonschema:"largest message to fetch, default 100 MiB"`
}

type fetchOutput struct {
	UID     uint32           `json:"uid" jsonschema:"UID of the message"`
	Flags   []string         `json:"flags" jsonschema:"such as \\Seen; fetching sets none"`
	Content string           `json:"content" jsonschema:"reference of the message as it came"`
	Size    int64            `json:"size" jsonschema:"of the message, in bytes"`
	Message *message.Message `json:"message,omitempty" jsonschema:"what it says; none of a raw one"`
}

func (s *Service) fetch(ctx context.Context, call *bus.Call, in fetchInput) (out fetchOutput, err error) {
	p := place{in.Account, in.Mailbox, in.UIDValidity}
	if in.MaxBytes == 0 {
		in.MaxBytes = content.MaxSize
	}
	switch err := p.check(); {
	case err != nil:
		return out, err
	case in.UID == 0 || in.UIDValidity == 0:
		return out, bus.Errorf(bus.InvalidArgument, "uid and uid_validity are numbers from 1 on")
	case in.MaxBytes < 1 || in.MaxBytes > content.MaxSize:
		return out, bus.Errorf(bus.InvalidArgument, "max_bytes is %d, want 1 to %d", in.MaxBytes, int64(content.MaxSize))
	}
	account, err := s.account(ctx, call.Library, in.Account)
	if err != nil {
		return out, err
	}
	keep := func(r io.Reader) (content.Reference, error) { return s.kept.Put(ctx, call.Library, r) }
	if account.Folder != "" {
		out, err = s.fetchFile(ctx, account, p, in, keep)
	} else {
		err = s.with(ctx, account, func(c *session) error {
			if _, err := c.openMailbox(p, false); err != nil {
				return err
			}
			out, err = c.fetch(in.UID, in.MaxBytes, keep)
			return err
		})
	}
	if err != nil || in.Raw {
		return out, err
	}
	out.Message, err = message.Read(ctx, s.kept.Reader(ctx, call.Library, out.Content), func(ctx context.Context, r io.Reader) (string, int64, error) {
		ref, err := s.kept.Put(ctx, call.Library, r)
		return ref.Digest, ref.Size, err
	})
	if err != nil {
		return out, fmt.Errorf("take message apart: %w", err)
	}
	return out, nil
}

// fetch streams a message to keep. How large it is is asked for first: a server that then sends more is cut off.
func (c *session) fetch(uid uint32, most int64, keep func(io.Reader) (content.Reference, error)) (out fetchOutput, err error) {
	size, err := c.sizeOf(uid)
	if err != nil {
		return out, err
	}
	if size > most {
		return out, bus.Errorf(bus.FailedPrecondition, "message %d has %d bytes, more than max_bytes, %d", uid, size, most)
	}
	out.UID, out.Flags = uid, []string{}
	cmd := c.Fetch(imap.UIDSetNum(imap.UID(uid)), &imap.FetchOptions{
		UID: true, Flags: true, BodySection: []*imap.FetchItemBodySection{{Peek: true}},
	})
	err = c.items(cmd, true, func(_ uint32, item imapclient.FetchItemData) error {
		switch item := item.(type) {
		case imapclient.FetchItemDataFlags:
			out.Flags = flagsOf(item.Flags)
		case imapclient.FetchItemDataBodySection:
			if item.Literal == nil || out.Content != "" {
				return nil
			}
			if item.Literal.Size() > most {
				return bus.Errorf(bus.FailedPrecondition, "message %d has %d bytes, more than max_bytes, %d", uid, item.Literal.Size(), most)
			}
			c.wire.allow(item.Literal.Size() + item.Literal.Size()/8) // TLS adds some
			ref, err := keep(item.Literal)
			out.Content, out.Size = ref.Digest, ref.Size
			return err
		}
		return nil
	})
	switch {
	case err != nil:
		return out, err
	case out.Content == "":
		return out, bus.Errorf(bus.NotFound, "there is no message %d in the mailbox any more", uid)
	}
	return out, nil
}

func (c *session) sizeOf(uid uint32) (int64, error) {
	found, err := c.told(imap.UIDSetNum(imap.UID(uid)), &imap.FetchOptions{UID: true, RFC822Size: true})
	if err != nil {
		return 0, err
	}
	for _, m := range found {
		if m.UID == uid {
			return m.Size, nil
		}
	}
	return 0, bus.Errorf(bus.NotFound, "there is no message %d in the mailbox", uid)
}
