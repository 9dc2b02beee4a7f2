package airlocktest

import (
	"encoding/json"
	"sync"

	airlock "github.com/airlock-run/airlock/sdk/go"
)

// Mailbox is one that jobs read as INBOX of the account "work". Its first message has UID 1.
type Mailbox struct {
	host *Host

	mu       sync.Mutex
	validity uint32
	messages map[uint32][]byte
	next     uint32
}

// Mailbox makes the host have a mailbox, with messages.
func (h *Host) Mailbox(messages ...[]byte) *Mailbox {
	m := &Mailbox{host: h, validity: 1, messages: map[uint32][]byte{}, next: 1}
	m.Deliver(messages...)
	h.Handle("query:mail.list", m.list)
	h.Handle("query:mail.fetch", m.fetch)
	return m
}

// Deliver adds messages.
func (m *Mailbox) Deliver(messages ...[]byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, message := range messages {
		m.messages[m.next] = message
		m.next++
	}
}

// Expunge removes a message.
func (m *Mailbox) Expunge(uid uint32) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.messages, uid)
}

// Renumber gives the messages other UIDs, and the mailbox another UIDVALIDITY.
func (m *Mailbox) Renumber() {
	m.mu.Lock()
	defer m.mu.Unlock()
	renumbered, next := map[uint32][]byte{}, uint32(1)
	for uid := uint32(1); uid < m.next; uid++ {
		if message, ok := m.messages[uid]; ok {
			renumbered[next] = message
			next++
		}
	}
	m.validity, m.messages, m.next = m.validity+1, renumbered, next
}

type mailCall struct {
	Account     string `json:"account"`
	Mailbox     string `json:"mailbox"`
	UIDValidity uint32 `json:"uid_validity"`
	UID         uint32 `json:"uid"`
	AfterUID    uint32 `json:"after_uid"`
	Limit       int    `json:"limit"`
}

// asked reads a call, which must be about the mailbox.
func (m *Mailbox) asked(input json.RawMessage) (in mailCall, err error) {
	if err := decode(input, &in); err != nil {
		return in, err
	}
	switch {
	case in.Account != "work":
		return in, refusef(airlock.NotFound, "the library has no mail account %q", in.Account)
	case in.Mailbox != "INBOX":
		return in, refusef(airlock.NotFound, "there is no mailbox %q", in.Mailbox)
	case in.UIDValidity != 0 && in.UIDValidity != m.validity:
		return in, refusef(airlock.FailedPrecondition, "mailbox %q has UIDVALIDITY %d by now, not %d", in.Mailbox, m.validity, in.UIDValidity)
	}
	return in, nil
}

func (m *Mailbox) list(input json.RawMessage) (any, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	in, err := m.asked(input)
	if err != nil {
		return nil, err
	}
	if in.Limit == 0 {
		in.Limit = 50
	}
	page := airlock.MailPage{UIDValidity: m.validity, UIDNext: m.next}
	for uid := in.AfterUID + 1; uid < m.next; uid++ {
		message, ok := m.messages[uid]
		if !ok {
			continue
		}
		if len(page.Messages) == in.Limit {
			page.Next = page.Messages[in.Limit-1].UID
			break
		}
		page.Messages = append(page.Messages, airlock.MailMessage{UID: uid, Size: int64(len(message))})
	}
	return page, nil
}

func (m *Mailbox) fetch(input json.RawMessage) (any, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	in, err := m.asked(input)
	if err != nil {
		return nil, err
	}
	message, ok := m.messages[in.UID]
	if !ok {
		return nil, refusef(airlock.NotFound, "there is no message %d in the mailbox", in.UID)
	}
	return airlock.FetchedMail{UID: in.UID, Content: m.host.Content(message), Size: int64(len(message))}, nil
}
