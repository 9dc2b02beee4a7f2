package mail_test

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/operations/mail"
	"github.com/airlock-run/airlock/operations/operationstest"
	"github.com/airlock-run/airlock/operations/store/storetest"
)

// hostile is a server that answers commands, by their names, with what it likes. {tag} stands for the tag of the command.
func hostile(t *testing.T, answers map[string]string) mail.Settings {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // it ends with the test
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	usual := map[string]string{
		"CAPABILITY": "* CAPABILITY IMAP4rev1\r\n{tag} OK\r\n", "LOGIN": "{tag} OK\r\n", "NOOP": "{tag} OK\r\n",
		"EXAMINE": "* 3 EXISTS\r\n* OK [UIDVALIDITY 1] ok\r\n* OK [UIDNEXT 4] ok\r\n{tag} OK [READ-ONLY]\r\n",
		"SEARCH":  "* SEARCH 1 2 3\r\n{tag} OK\r\n", "FETCH": "* 1 FETCH (UID 1 RFC822.SIZE 5)\r\n{tag} OK\r\n",
	}
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer func() { _ = conn.Close() }()
				if _, err := fmt.Fprint(conn, "* OK hello\r\n"); err != nil {
					return
				}
				for lines := bufio.NewScanner(conn); lines.Scan(); {
					words := strings.Fields(lines.Text())
					if len(words) < 2 {
						return
					}
					verb := strings.ToUpper(words[1])
					if verb == "UID" && len(words) > 2 {
						verb = strings.ToUpper(words[2])
					}
					if _, of := answers["BODY"]; of && strings.Contains(lines.Text(), "BODY") {
						verb = "BODY"
					}
					answer, ok := answers[verb]
					if !ok {
						answer, ok = usual[verb]
					}
					if !ok || answer == "close" {
						return
					}
					answer, _, closed := strings.Cut(answer, "{close}")
					answer, rest, endless := strings.Cut(strings.ReplaceAll(answer, "{tag}", words[0]), "{for ever}")
					_, err := fmt.Fprint(conn, answer)
					for rest = strings.Repeat(rest+"x", 1<<12); endless && err == nil; {
						_, err = fmt.Fprint(conn, rest)
					}
					if closed {
						return
					}
				}
			}()
		}
	}()
	return mail.Settings{Host: "127.0.0.1", Port: listener.Addr().(*net.TCPAddr).Port, Security: mail.Plain} //nolint:forcetypeassert // it listens on TCP
}

// Whatever a server says, a call comes to an end, and says why.
func TestHostileServers(t *testing.T) {
	t.Parallel()
	body := func(text string) string {
		return "* 1 FETCH (UID 1 RFC822.SIZE 5 FLAGS () BODY[] " + text + ")\r\n{tag} OK\r\n"
	}
	list, fetch := object{"account": "work", "mailbox": "INBOX"}, object{"account": "work", "mailbox": "INBOX", "uid_validity": 1, "uid": 1}
	for name, c := range map[string]struct {
		answers map[string]string
		method  string
		payload object
		code    bus.Code
		want    string
	}{
		"a line without end":      {map[string]string{"EXAMINE": "* OK {for ever}"}, "mail.list", list, bus.Unavailable, ""},
		"answers without end":     {map[string]string{"EXAMINE": "{for ever}* 1 EXISTS\r\n"}, "mail.list", list, bus.Unavailable, ""},
		"a literal of 4 GB":       {map[string]string{"BODY": body("{4294967295}\r\n{for ever}")}, "mail.fetch", fetch, "", ""},
		"a body that ends early":  {map[string]string{"BODY": "* 1 FETCH (UID 1 BODY[] {5}\r\nab{close}"}, "mail.fetch", fetch, bus.Unavailable, ""},
		"a body nobody asked for": {map[string]string{"FETCH": body("{5}\r\nabcde")}, "mail.list", list, bus.Unavailable, "not asked for"},
		"bodies unasked":          {map[string]string{"EXAMINE": "* 1 FETCH (BODY[] {5}\r\nab{close}"}, "mail.list", list, bus.Unavailable, ""},
		"a text without end":      {map[string]string{"BODY": body(`"{for ever}`)}, "mail.fetch", fetch, bus.Unavailable, ""},
		"all UIDs there can be":   {map[string]string{"SEARCH": "* SEARCH 1 2 4294967295 0\r\n{tag} OK\r\n"}, "mail.search", list, "", ""},
		"a size that is wrong":    {map[string]string{"FETCH": "* 1 FETCH (UID 1 RFC822.SIZE 99999999999999999999)\r\n{tag} OK\r\n"}, "mail.fetch", fetch, "", ""},
		"another message":         {map[string]string{"FETCH": "* 1 FETCH (UID 7 RFC822.SIZE 5)\r\n{tag} OK\r\n"}, "mail.fetch", fetch, bus.NotFound, "no message 1"},
		"no body":                 {nil, "mail.fetch", fetch, bus.NotFound, "any more"},
		"the end of the line":     {map[string]string{"EXAMINE": "close"}, "mail.list", list, bus.Unavailable, "connection"},
		"nonsense":                {map[string]string{"EXAMINE": "\x00\xff\r\n(((\r\n"}, "mail.list", list, bus.Unavailable, ""},
		"parentheses":             {map[string]string{"FETCH": "* 1 FETCH (ENVELOPE " + strings.Repeat("(", 1<<20) + "\r\n{tag} OK\r\n"}, "mail.list", list, bus.Unavailable, ""},
		"the password":            {map[string]string{"LOGIN": "{tag} NO you said my-secret-password\r\n"}, "mail.list", list, bus.FailedPrecondition, "[redacted by airlock]"},
		"not now":                 {map[string]string{"EXAMINE": "{tag} NO [THROTTLED] slow down\r\n"}, "mail.list", list, bus.ResourceExhausted, "slow down"},
		"a terminal's commands":   {map[string]string{"EXAMINE": "{tag} NO [NOPERM] \x1b[31mred\r\n"}, "mail.list", list, bus.PermissionDenied, " [31mred"},
		"that it is out of order": {map[string]string{"LOGIN": "{tag} NO [UNAVAILABLE] later\r\n"}, "mail.list", list, bus.Unavailable, "later"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := operationstest.New(t, storetest.SQLite(t), (&world{plain: true}).domain)
			account(t, h, hostile(t, c.answers), "my-secret-password")
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			answer, err := h.Conn.Call(ctx, h.NewCall(t, "query:"+c.method, c.payload))
			if ctx.Err() != nil {
				t.Fatal("it hangs")
			}
			switch {
			case c.code == "" && bus.CodeOf(err) == bus.Internal:
				t.Errorf("error is %v", err)
			case c.code == "":
				t.Logf("answer %.200s, %v", answer, err)
			case bus.CodeOf(err) != c.code || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "my-secret"):
				t.Errorf("answer %.200s, error is %v", answer, err)
			}
		})
	}
}

// A server that stops in the middle of a message holds a call no longer than its caller waits.
func TestServerThatStops(t *testing.T) {
	t.Parallel()
	h := operationstest.New(t, storetest.SQLite(t), (&world{plain: true}).domain)
	account(t, h, hostile(t, map[string]string{"BODY": "* 1 FETCH (UID 1 RFC822.SIZE 5 BODY[] {5}\r\nab"}), "p")
	ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	_, err := h.Conn.Call(ctx, h.NewCall(t, "query:mail.fetch", object{"account": "work", "mailbox": "INBOX", "uid_validity": 1, "uid": 1}))
	if bus.CodeOf(err) != bus.DeadlineExceeded {
		t.Errorf("error is %v", err)
	}
	stopped := make(chan struct{})
	go func() { h.Stop(t); close(stopped) }()
	select {
	case <-stopped:
	case <-time.After(10 * time.Second):
		t.Error("the service still waits for the server")
	}
}
