package airlock

import "time"

// Mail reads mail accounts of the library, which people add. The manifest names those it asks for in permissions.credentials.use.
type Mail struct{ job *JobContext }

// Mail returns the client of the mail operations.
func (j *JobContext) Mail() Mail { return Mail{j} }

// Mailbox is a mailbox of an account. A UID names a message for as long as UIDValidity stays the same.
type Mailbox struct {
	Name        string `json:"name"`
	Use         string `json:"use"`
	UIDValidity uint32 `json:"uid_validity"`
	UIDNext     uint32 `json:"uid_next"`
	Messages    uint32 `json:"messages"`
}

// MailMessage is a message as it is listed.
type MailMessage struct {
	UID       uint32     `json:"uid"`
	Flags     []string   `json:"flags"`
	Size      int64      `json:"size"`
	Received  *time.Time `json:"received_at"`
	MessageID string     `json:"message_id"`
	Subject   string     `json:"subject"`
	Date      *time.Time `json:"date"`
}

// MailPage is some of the messages of a mailbox, by UID. With Next it has a next page, which begins after that UID.
type MailPage struct {
	UIDValidity uint32        `json:"uid_validity"`
	UIDNext     uint32        `json:"uid_next"`
	Messages    []MailMessage `json:"messages"`
	Next        uint32        `json:"next"`
}

// FetchedMail is a message that was fetched into the library's content.
type FetchedMail struct {
	UID     uint32   `json:"uid"`
	Flags   []string `json:"flags"`
	Content string   `json:"content"`
	Size    int64    `json:"size"`
}

// Mailboxes lists the mailboxes of an account. It calls query:mail.list.
func (m Mail) Mailboxes(account string) ([]Mailbox, error) {
	var out struct {
		Mailboxes []Mailbox `json:"mailboxes"`
	}
	err := m.job.Call("query:mail.list", "", map[string]string{"account": account}, &out)
	return out.Mailboxes, err
}

// Messages lists up to limit messages (at most 500, 0 for 50) with UIDs after one. It calls query:mail.list.
func (m Mail) Messages(account, mailbox string, after uint32, limit int) (page MailPage, err error) {
	in := struct {
		Account  string `json:"account"`
		Mailbox  string `json:"mailbox"`
		AfterUID uint32 `json:"after_uid,omitempty"`
		Limit    int    `json:"limit,omitempty"`
	}{account, mailbox, after, limit}
	err = m.job.Call("query:mail.list", "", in, &page)
	return page, err
}

// Fetch fetches a message as it came into the library's content, which [VDFS.ReadContent] reads. It calls query:mail.fetch.
//
// # Errors
//
// [NotFound] when the message is gone; [FailedPrecondition] when the mailbox has another UIDVALIDITY.
func (m Mail) Fetch(account, mailbox string, uidValidity, uid uint32) (out FetchedMail, err error) {
	in := struct {
		Account     string `json:"account"`
		Mailbox     string `json:"mailbox"`
		UIDValidity uint32 `json:"uid_validity"`
		UID         uint32 `json:"uid"`
		Raw         bool   `json:"raw"`
	}{account, mailbox, uidValidity, uid, true}
	err = m.job.Call("query:mail.fetch", "", in, &out)
	return out, err
}

// Flag adds flags to messages and takes others away. It calls action:mail.flag.
func (m Mail) Flag(account, mailbox string, uidValidity uint32, uids []uint32, add, remove []string) error {
	in := struct {
		Account     string   `json:"account"`
		Mailbox     string   `json:"mailbox"`
		UIDValidity uint32   `json:"uid_validity"`
		UIDs        []uint32 `json:"uids"`
		Add         []string `json:"add,omitempty"`
		Remove      []string `json:"remove,omitempty"`
	}{account, mailbox, uidValidity, uids, add, remove}
	return m.job.Call("action:mail.flag", "", in, nil)
}
