package mail

import (
	"strings"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"github.com/airlock-run/airlock/operations/mail/message"
)

const (
	maxFlags     = 100
	maxAddresses = 100
	// recent is a flag of the connection rather than of the message, and of IMAP4rev1 alone.
	recent imap.Flag = `\Recent`
)

// told is what a server tells of messages, without their bodies.
func (c *session) told(set imap.NumSet, options *imap.FetchOptions) (all []listed, err error) {
	of := uint32(0)
	err = c.items(c.Fetch(set, options), false, func(number uint32, item imapclient.FetchItemData) error {
		if number != of {
			all, of = append(all, listed{Flags: []string{}}), number
		}
		all[len(all)-1].take(item)
		return nil
	})
	return all, err
}

func (m *listed) take(item imapclient.FetchItemData) {
	switch item := item.(type) {
	case imapclient.FetchItemDataUID:
		m.UID = uint32(item.UID)
	case imapclient.FetchItemDataFlags:
		m.Flags = flagsOf(item.Flags)
	case imapclient.FetchItemDataRFC822Size:
		m.Size = item.Size
	case imapclient.FetchItemDataInternalDate:
		m.Received = timeOf(item.Time)
	case imapclient.FetchItemDataEnvelope:
		if e := item.Envelope; e != nil {
			m.Subject, m.MessageID, m.Date = oneLine(e.Subject), oneLine(strings.Trim(e.MessageID, "<>")), timeOf(e.Date)
			m.From, m.To = addressesOf(e.From), addressesOf(e.To)
		}
	}
}

// timeOf is a time that JSON can hold.
func timeOf(t time.Time) *time.Time {
	if t.IsZero() || t.Year() < 1970 || t.Year() > 9999 {
		return nil
	}
	t = t.UTC()
	return &t
}

func flagsOf(flags []imap.Flag) []string {
	out := make([]string, 0, min(len(flags), maxFlags))
	for _, flag := range flags[:min(len(flags), maxFlags)] {
		if flag == recent {
			continue
		}
		out = append(out, oneLine(string(flag)))
	}
	return out
}

func addressesOf(list []imap.Address) []message.Address {
	var out []message.Address
	for _, a := range list[:min(len(list), maxAddresses)] {
		if a.IsGroupStart() || a.IsGroupEnd() {
			continue
		}
		out = append(out, message.Address{Name: oneLine(a.Name), Address: oneLine(a.Addr())})
	}
	return out
}
