package mail_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/internal/dovecot"
	"github.com/airlock-run/airlock/operations/mail"
	"github.com/airlock-run/airlock/operations/operationstest"
	"github.com/airlock-run/airlock/operations/store/storetest"
)

type page struct {
	Mailboxes   []mail.Mailbox `json:"mailboxes"`
	UIDValidity uint32         `json:"uid_validity"`
	UIDNext     uint32         `json:"uid_next"`
	Messages    []struct {
		UID       uint32   `json:"uid"`
		Subject   string   `json:"subject"`
		MessageID string   `json:"message_id"`
		Flags     []string `json:"flags"`
		Size      int64    `json:"size"`
	} `json:"messages"`
	Next uint32 `json:"next"`
}

// inbox lists the first messages.
func inbox(tb testing.TB, h *operationstest.Harness) (p page) {
	tb.Helper()
	h.OK(tb, "query:mail.list", object{"account": "work", "mailbox": "INBOX", "limit": 500}, &p)
	return p
}

func start(t *testing.T) (*operationstest.Harness, *dovecot.Server) {
	t.Helper()
	server := dovecot.Start(t)
	w := &world{tls: server.TLS(t)}
	h := operationstest.New(t, storetest.SQLite(t), w.domain)
	account(t, h, settings(server), dovecot.Password)
	return h, server
}

func TestList(t *testing.T) {
	t.Parallel()
	h, server := start(t)
	var mails [][]byte
	for i := range 120 {
		mails = append(mails, newMail(i))
	}
	server.Deliver(t, user(h), mails...)
	var all page
	h.OK(t, "query:mail.list", object{"account": "work"}, &all)
	if len(all.Mailboxes) != 1 || all.Mailboxes[0].Name != "INBOX" || all.Mailboxes[0].Messages != 120 || all.Mailboxes[0].UIDNext != 121 {
		t.Errorf("mailboxes are %+v", all.Mailboxes)
	}
	seen := map[string]bool{}
	for after, pages := uint32(0), 0; ; pages++ {
		var p page
		h.OK(t, "query:mail.list", object{"account": "work", "mailbox": "INBOX", "after_uid": after, "uid_validity": all.Mailboxes[0].UIDValidity}, &p)
		for _, m := range p.Messages {
			seen[m.Subject] = true
			if m.UID <= after || m.Size == 0 || !strings.HasSuffix(m.MessageID, "@shop.example") {
				t.Fatalf("after %d there is %+v", after, m)
			}
		}
		if after = p.Next; after == 0 {
			if pages != 2 {
				t.Errorf("%d pages, want 3", pages+1)
			}
			break
		}
	}
	if len(seen) != 120 {
		t.Errorf("%d messages, want 120", len(seen))
	}
	operationstest.Exercise(t, (&world{tls: server.TLS(t)}).domain, operationstest.Example{
		Method: "query:mail.list",
		Input: func(tb testing.TB, h *operationstest.Harness) any {
			tb.Helper()
			account(tb, h, settings(server), dovecot.Password)
			return object{"account": "work", "mailbox": "INBOX"}
		},
		Owned: true,
		Bad: map[string]any{
			"too many":        `{"account": "work", "limit": 501}`,
			"a UID of no box": `{"account": "work", "after_uid": 3}`,
			"a negative UID":  `{"account": "work", "mailbox": "INBOX", "after_uid": -1}`,
		},
	})
}

func TestSearch(t *testing.T) {
	t.Parallel()
	h, server := start(t)
	server.Deliver(t, user(h), newMail(1), newMail(22), newMail(222), withAttachment(100_000))
	for name, c := range map[string]struct {
		criteria object
		want     []uint32
	}{
		"all":             {object{}, []uint32{1, 2, 3, 4}},
		"by sender":       {object{"from": "shop.example"}, []uint32{1, 2, 3}},
		"by subject":      {object{"subject": "receipt 22"}, []uint32{2, 3}},
		"by text":         {object{"text": "222.00"}, []uint32{3}},
		"by size":         {object{"larger": 50_000}, []uint32{4}},
		"by smaller size": {object{"smaller": 50_000, "after_uid": 1}, []uint32{2, 3}},
		"by a flag":       {object{"seen": true}, []uint32{}},
		"without one":     {object{"seen": false, "limit": 2}, []uint32{1, 2}},
		"after the last":  {object{"after_uid": 4}, []uint32{}},
		"by day":          {object{"since": "2020-01-01", "before": "2021-01-01"}, []uint32{}},
	} {
		var got struct {
			UIDs []uint32 `json:"uids"`
			More bool     `json:"more"`
		}
		c.criteria["account"], c.criteria["mailbox"] = "work", "INBOX"
		h.OK(t, "query:mail.search", c.criteria, &got)
		if diff := cmp.Diff(c.want, got.UIDs); diff != "" || got.More != (c.criteria["limit"] != nil) {
			t.Errorf("%s: more is %v (-want +got):\n%s", name, got.More, diff)
		}
	}
	operationstest.Exercise(t, (&world{tls: server.TLS(t)}).domain, operationstest.Example{
		Method: "query:mail.search",
		Input: func(tb testing.TB, h *operationstest.Harness) any {
			tb.Helper()
			account(tb, h, settings(server), dovecot.Password)
			return object{"account": "work", "mailbox": "INBOX", "text": "receipt"}
		},
		Owned: true,
		Bad: map[string]any{
			"no day": `{"account": "work", "mailbox": "INBOX", "since": "yesterday"}`, "a negative size": `{"account": "work", "mailbox": "INBOX", "larger": -1}`,
			"too long a text": object{"account": "work", "mailbox": "INBOX", "text": strings.Repeat("x", 501)},
		},
	})
}

type fetched struct {
	Content string   `json:"content"`
	Size    int64    `json:"size"`
	Flags   []string `json:"flags"`
	Message *struct {
		Subject     string `json:"subject"`
		Text        string `json:"text"`
		Attachments []struct {
			Filename string `json:"filename"`
			Content  string `json:"content"`
			Size     int64  `json:"size"`
		} `json:"attachments"`
		Warnings []string `json:"warnings"`
	} `json:"message"`
}

func TestFetch(t *testing.T) {
	t.Parallel()
	h, server := start(t)
	server.Deliver(t, user(h), newMail(1), withAttachment(10<<20))
	box := inbox(t, h)
	at := func(uid uint32) object {
		return object{"account": "work", "mailbox": "INBOX", "uid_validity": box.UIDValidity, "uid": uid}
	}
	var small, large fetched
	h.OK(t, "query:mail.fetch", at(1), &small)
	var raw string
	h.OK(t, "query:test.read", strconv.Quote(small.Content), &raw)
	if raw != string(newMail(1)) || small.Size != int64(len(raw)) || small.Message.Subject != "Receipt 1" || small.Message.Text != "Total: 1.00\r\n" {
		t.Errorf("fetched %+v, content %q", small, raw)
	}
	h.OK(t, "query:mail.fetch", at(2), &large)
	if len(large.Message.Attachments) != 1 {
		t.Fatalf("fetched %+v", large.Message)
	}
	if a := large.Message.Attachments[0]; a.Filename != "large.pdf" || a.Size != (10<<20)/57*57 || len(large.Message.Warnings) > 0 {
		t.Errorf("attachment %+v, warnings %q", a, large.Message.Warnings)
	}
	for _, m := range inbox(t, h).Messages {
		if len(m.Flags) > 0 {
			t.Errorf("fetching has set %q", m.Flags)
		}
	}
	tooLarge := at(2)
	tooLarge["max_bytes"] = 1 << 20
	if message := h.Refused(t, bus.FailedPrecondition, "query:mail.fetch", tooLarge); !strings.Contains(message, "more than max_bytes") {
		t.Errorf("too large: %s", message)
	}
	if message := h.Refused(t, bus.NotFound, "query:mail.fetch", at(77)); !strings.Contains(message, "no message 77") {
		t.Errorf("gone: %s", message)
	}
	server.Renumber(t, user(h))
	if message := h.Refused(t, bus.FailedPrecondition, "query:mail.fetch", at(1)); !strings.Contains(message, "by now, not") {
		t.Errorf("renumbered: %s", message)
	}
}

func TestFetchAsAllOperations(t *testing.T) {
	t.Parallel()
	server := dovecot.Start(t)
	operationstest.Exercise(t, (&world{tls: server.TLS(t)}).domain, operationstest.Example{
		Method: "query:mail.fetch",
		Input: func(tb testing.TB, h *operationstest.Harness) any {
			tb.Helper()
			server.Deliver(tb, user(h), newMail(1))
			account(tb, h, settings(server), dovecot.Password)
			return object{"account": "work", "mailbox": "INBOX", "uid_validity": inbox(tb, h).UIDValidity, "uid": 1}
		},
		Owned: true,
		Bad: map[string]any{
			"no UID": `{"account": "work", "mailbox": "INBOX", "uid_validity": 1, "uid": 0}`, "no mailbox": `{"account": "work", "mailbox": "", "uid_validity": 1, "uid": 1}`,
			"too large a bound": `{"account": "work", "mailbox": "INBOX", "uid_validity": 1, "uid": 1, "max_bytes": 1000000000}`,
		},
	})
}

func TestFlag(t *testing.T) {
	t.Parallel()
	h, server := start(t)
	operationstest.Exercise(t, (&world{tls: server.TLS(t)}).domain, operationstest.Example{
		Method: "action:mail.flag",
		Input: func(tb testing.TB, h *operationstest.Harness) any {
			tb.Helper()
			account(tb, h, settings(server), dovecot.Password)
			server.Deliver(tb, user(h), newMail(1))
			p := inbox(tb, h)
			return object{"account": "work", "mailbox": "INBOX", "uid_validity": p.UIDValidity, "uids": []uint32{p.Messages[len(p.Messages)-1].UID, 100_000}, "add": []string{`\Seen`}}
		},
		Effects: func(tb testing.TB, h *operationstest.Harness) int { tb.Helper(); return server.Seen(tb, user(h)) },
		Bad: map[string]any{
			"no UIDs":       `{"account": "work", "mailbox": "INBOX", "uid_validity": 1, "uids": [], "add": ["\\Seen"]}`,
			"no flags":      `{"account": "work", "mailbox": "INBOX", "uid_validity": 1, "uids": [1]}`,
			"what deletes":  `{"account": "work", "mailbox": "INBOX", "uid_validity": 1, "uids": [1], "add": ["\\Deleted"]}`,
			"a line break":  `{"account": "work", "mailbox": "INBOX", "uid_validity": 1, "uids": [1], "add": ["a\r\nb"]}`,
			"a parenthesis": `{"account": "work", "mailbox": "INBOX", "uid_validity": 1, "uids": [1], "remove": ["a) b"]}`,
		},
	})
	server.Deliver(t, user(h), newMail(1))
	p := inbox(t, h)
	all := object{"account": "work", "mailbox": "INBOX", "uid_validity": p.UIDValidity, "uids": []uint32{1, 2}, "add": []string{"$Receipt"}, "remove": []string{`\Seen`}}
	h.OK(t, "action:mail.flag", all, nil)
	if diff := cmp.Diff([]string{"$Receipt"}, inbox(t, h).Messages[0].Flags); diff != "" {
		t.Errorf("flags (-want +got):\n%s", diff)
	}
}

func TestAccounts(t *testing.T) {
	t.Parallel()
	server := dovecot.Start(t)
	open := &world{tls: server.TLS(t), plain: true}
	for name, c := range map[string]struct {
		world    *world
		settings mail.Settings
		password string
		code     bus.Code
		want     string
	}{
		"TLS":                     {open, settings(server), dovecot.Password, "", ""},
		"STARTTLS":                {open, mail.Settings{Host: "127.0.0.1", Port: server.PlainPort, Security: mail.StartTLS}, dovecot.Password, "", ""},
		"a wrong password":        {open, settings(server), "wrong-password", bus.FailedPrecondition, "refuses credential work"},
		"no TLS":                  {&world{tls: server.TLS(t)}, mail.Settings{Host: "127.0.0.1", Port: server.PlainPort, Security: mail.Plain}, "x", bus.FailedPrecondition, "AIRLOCK_MAIL_ALLOW_PLAIN"},
		"no such mailbox":         {open, mail.Settings{Host: "127.0.0.1", Port: server.Port, Mailbox: "Receipts"}, dovecot.Password, bus.NotFound, "Mailbox doesn't exist: Receipts"},
		"another certificate":     {&world{}, settings(server), dovecot.Password, bus.FailedPrecondition, "certificate of 127.0.0.1"},
		"another name":            {open, mail.Settings{Host: "127.0.0.1.", Port: server.Port}, dovecot.Password, "", ""},
		"nobody there":            {open, mail.Settings{Host: "127.0.0.1", Port: 1}, dovecot.Password, bus.Unavailable, "cannot be reached"},
		"a private address":       {open, mail.Settings{Host: "127.0.0.2", Port: server.Port}, dovecot.Password, bus.PermissionDenied, "no public address"},
		"TLS where there is none": {open, mail.Settings{Host: "127.0.0.1", Port: server.PlainPort}, dovecot.Password, bus.Unavailable, "tls: first record"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := operationstest.New(t, storetest.SQLite(t), c.world.domain)
			account(t, h, c.settings, c.password)
			var tried mail.Tried
			err := h.Conn.API(t.Context(), "mail", "test", mail.Which{Library: h.Library, Account: "work"}, &tried)
			if c.code == "" {
				if err != nil || len(tried.Mailboxes) != 1 {
					t.Errorf("found %+v, %v", tried, err)
				}
				return
			}
			if bus.CodeOf(err) != c.code || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "wrong-password") {
				t.Errorf("error is %v", err)
			}
		})
	}
}

func TestAccountsAreKept(t *testing.T) {
	t.Parallel()
	h := operationstest.New(t, storetest.SQLite(t), (&world{}).domain)
	for name, c := range map[string]struct {
		settings mail.Settings
		want     string
	}{
		"no host": {mail.Settings{}, "is no name"}, "a URL": {mail.Settings{Host: "imaps://a.example"}, "is no name"},
		"a port": {mail.Settings{Host: "a.example", Port: 70000}, "70000"}, "no security": {mail.Settings{Host: "a.example", Security: "ssl"}, "want tls"},
	} {
		err := h.Conn.API(t.Context(), "mail", "add", mail.Account{ID: "work", Library: h.Library, Settings: c.settings}, nil)
		if bus.CodeOf(err) != bus.InvalidArgument || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error is %v", name, err)
		}
	}
	api(t, h, "add", mail.Account{ID: "b", Library: h.Library, Settings: mail.Settings{Host: "IMAP.Example.com"}}, nil)
	api(t, h, "add", mail.Account{ID: "a", Library: h.Library, Settings: mail.Settings{Host: "a.example", Security: mail.StartTLS}}, nil)
	var all struct{ Accounts []mail.Account }
	api(t, h, "list", mail.Which{Library: h.Library}, &all)
	want := []mail.Account{
		{ID: "a", Library: h.Library, Settings: mail.Settings{Host: "a.example", Port: 143, Security: mail.StartTLS, Mailbox: "INBOX"}, State: &mail.State{}},
		{ID: "b", Library: h.Library, Settings: mail.Settings{Host: "imap.example.com", Port: 993, Security: mail.TLS, Mailbox: "INBOX"}, State: &mail.State{}},
	}
	if diff := cmp.Diff(want, all.Accounts); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	api(t, h, "remove", mail.Which{Library: h.Library, Account: "a"}, nil)
	if err := h.Conn.API(t.Context(), "mail", "remove", mail.Which{Library: h.Library, Account: "a"}, nil); bus.CodeOf(err) != bus.NotFound {
		t.Errorf("removed twice: %v", err)
	}
}
