package mail

import (
	"errors"
	"fmt"
	"io"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"github.com/airlock-run/airlock/bus"
)

// taker takes one of the things that a server tells of a message, whose number in the mailbox is of now. Numbers begin at 1.
type taker func(number uint32, item imapclient.FetchItemData) error

// ignore is the taker of what nobody wants to know.
func ignore(uint32, imapclient.FetchItemData) error { return nil }

// items goes through what a server tells of messages, to its end even if take fails: the client's own goroutine waits for that. A body is only
// given to take if it was asked for.
func (c *session) items(cmd *imapclient.FetchCommand, asked bool, take taker) error {
	var failed error
	for data := cmd.Next(); data != nil; data = cmd.Next() {
		whole, err := c.itemsOf(data, asked, take)
		if failed == nil {
			failed = err
		}
		if !whole {
			return failed
		}
	}
	if err := cmd.Close(); err != nil && failed == nil {
		failed = fmt.Errorf("messages: %w", err)
	}
	return failed
}

// itemsOf is items of one message. It is not whole if the connection ended within a body: nothing of the command may be read after that, not
// even to discard it, as the client's goroutine goes on by itself then.
func (c *session) itemsOf(data *imapclient.FetchMessageData, asked bool, take taker) (whole bool, failed error) {
	for item := data.Next(); item != nil; item = data.Next() {
		literal := &literal{}
		switch section := item.(type) {
		case imapclient.FetchItemDataBodySection:
			if literal.LiteralReader = section.Literal; section.Literal != nil {
				section.Literal = literal
				item = section
			}
		case imapclient.FetchItemDataBinarySection:
			literal.LiteralReader = section.Literal
		}
		if failed == nil {
			if literal.LiteralReader != nil && !asked {
				failed = bus.Errorf(bus.Unavailable, "%s sends a message that it was not asked for", c.account.Host)
			} else {
				failed = take(data.SeqNum, item)
			}
			if failed != nil {
				_ = c.wire.Close() // rather than read what is left of it
			}
		}
		if err := literal.finish(); err != nil {
			if failed == nil {
				failed = fmt.Errorf("read message: %w", err)
			}
			return false, failed
		}
	}
	return true, failed
}

// literal reads a body and keeps how it ended, which may be read only once.
type literal struct {
	imap.LiteralReader
	n   int64
	end error
}

func (l *literal) Read(p []byte) (int, error) {
	if l.end != nil {
		return 0, l.end
	}
	n, err := l.LiteralReader.Read(p)
	l.n += int64(n)
	if errors.Is(err, io.EOF) && l.n < l.Size() {
		err = io.ErrUnexpectedEOF
	}
	l.end = err
	return n, err //nolint:wrapcheck // a reader's
}

// finish reads what is left. Its error is of a body that did not come whole.
func (l *literal) finish() error {
	if l.LiteralReader == nil {
		return nil
	}
	_, err := io.Copy(io.Discard, l)
	return err //nolint:wrapcheck // our own
}
