package mail_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/operations/mail"
	"github.com/airlock-run/airlock/operations/operationstest"
	"github.com/airlock-run/airlock/operations/store"
	"github.com/airlock-run/airlock/operations/store/storetest"
)

// local is a library with an account "work" that is a folder, on a store.
func local(t *testing.T, url string) (h *operationstest.Harness, w *world, dir string) {
	t.Helper()
	root := t.TempDir()
	w = &world{folders: []string{root}}
	h = operationstest.New(t, url, w.domain)
	dir = filepath.Join(root, "kim")
	makeDirs(t, dir)
	addFolder(t, h, dir)
	return h, w, dir
}

func addFolder(tb testing.TB, h *operationstest.Harness, dir string) {
	tb.Helper()
	api(tb, h, "add", mail.Account{ID: "work", Library: h.Library, Settings: mail.Settings{Folder: dir}}, nil)
}

func makeDirs(tb testing.TB, dirs ...string) {
	tb.Helper()
	for _, dir := range dirs {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			tb.Fatal(err)
		}
	}
}

func maildir(tb testing.TB, dir string) {
	tb.Helper()
	makeDirs(tb, filepath.Join(dir, "tmp"), filepath.Join(dir, "new"), filepath.Join(dir, "cur"))
}

// deliver puts a mail into a Maildir, as it has to be done.
func deliver(tb testing.TB, dir string, n int) (name string) {
	tb.Helper()
	name = fmt.Sprintf("17.M%dP1.host", n)
	put(tb, filepath.Join(dir, "tmp", name), newMail(n))
	move(tb, filepath.Join(dir, "tmp", name), filepath.Join(dir, "new", name))
	return name
}

func put(tb testing.TB, path string, data []byte) {
	tb.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		tb.Fatal(err)
	}
}

func move(tb testing.TB, from, to string) {
	tb.Helper()
	if err := os.Rename(from, to); err != nil {
		tb.Fatal(err)
	}
}

// lists waits until the inbox lists these subjects by UID.
func lists(t *testing.T, h *operationstest.Harness, want string) page {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); ; <-time.After(20 * time.Millisecond) {
		p, lines := inbox(t, h), []string{}
		for _, m := range p.Messages {
			lines = append(lines, fmt.Sprintf("%d %s%v\n", m.UID, m.Subject, m.Flags))
		}
		got := strings.Join(lines, "")
		if got == want {
			return p
		}
		if time.Now().After(deadline) {
			t.Fatalf("the inbox lists\n%s\nwant\n%s", got, want)
		}
	}
}

func TestMaildir(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, newURL func(testing.TB) string) {
		h, w, dir := local(t, newURL(t))
		maildir(t, dir)
		name := deliver(t, dir, 1)
		events := newHeard()
		stop := watch(t, w, h, events)
		watch(t, w, h, events) // the other one has nothing to do
		began := events.next(t)
		if began.Account != "work" || began.Mailbox != "INBOX" || began.UIDNext != 2 || began.UIDValidity == 0 {
			t.Errorf("told of %+v", began)
		}
		start := time.Now()
		deliver(t, dir, 2)
		if got := events.next(t); got.UIDNext != 3 || got.UIDValidity != began.UIDValidity {
			t.Errorf("told of %+v", got)
		}
		t.Logf("new mail is told of after %s", time.Since(start))
		lists(t, h, "1 Receipt 1[]\n2 Receipt 2[]\n")
		fetch := object{"account": "work", "mailbox": "INBOX", "uid_validity": began.UIDValidity, "uid": 1}
		var got struct {
			Content string   `json:"content"`
			Flags   []string `json:"flags"`
			Message struct {
				Text string `json:"text"`
			} `json:"message"`
		}
		// It keeps its UID wherever it is moved, also before that was seen.
		move(t, filepath.Join(dir, "new", name), filepath.Join(dir, "cur", name+":2,S"))
		h.OK(t, "query:mail.fetch", fetch, &got)
		if got.Message.Text != "Total: 1.00\r\n" && got.Message.Text != "Total: 1.00\n" || fmt.Sprint(got.Flags) != `[\Seen]` {
			t.Errorf("the mail is %+v", got)
		}
		lists(t, h, "1 Receipt 1[\\Seen]\n2 Receipt 2[]\n")
		move(t, filepath.Join(dir, "cur", name+":2,S"), filepath.Join(dir, "cur", name+",U=7:2,FRS"))
		lists(t, h, "1 Receipt 1[\\Flagged \\Answered \\Seen]\n2 Receipt 2[]\n")
		var text string
		h.OK(t, "query:test.read", strconv.Quote(got.Content), &text)
		if text != string(newMail(1)) {
			t.Errorf("its bytes are %q", text)
		}
		if err := os.Remove(filepath.Join(dir, "cur", name+",U=7:2,FRS")); err != nil {
			t.Fatal(err)
		}
		lists(t, h, "2 Receipt 2[]\n")
		h.Refused(t, bus.NotFound, "query:mail.fetch", fetch)
		// Another watcher goes on with the same numbers.
		stop()
		deliver(t, dir, 3)
		if got := events.next(t); got.UIDNext != 4 || got.UIDValidity != began.UIDValidity {
			t.Errorf("told of %+v by another watcher", got)
		}
		// An index that is lost is made anew, with other numbers.
		err := h.DB.Write(t.Context(), func(tx *store.Tx) error {
			_, err := tx.Exec(t.Context(), "DELETE FROM mail_folders")
			if err == nil {
				_, err = tx.Exec(t.Context(), "DELETE FROM mail_files")
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		h.Refused(t, bus.FailedPrecondition, "query:mail.fetch", object{"account": "work", "mailbox": "INBOX", "uid_validity": began.UIDValidity, "uid": 2})
		lists(t, h, "1 Receipt 2[]\n2 Receipt 3[]\n")
	})
}

func TestFolderOfFiles(t *testing.T) {
	t.Parallel()
	h, w, dir := local(t, storetest.SQLite(t))
	put(t, filepath.Join(dir, "a\nb.EML"), newMail(1))
	events := newHeard()
	watch(t, w, h, events)
	if got := events.next(t); got.UIDNext != 2 {
		t.Errorf("told of %+v", got)
	}
	start := time.Now()
	put(t, filepath.Join(dir, "quick.eml"), newMail(9))
	if got := events.next(t); got.UIDNext != 3 {
		t.Errorf("told of %+v", got)
	}
	if took := time.Since(start); took > 4*time.Second || took < time.Second {
		t.Errorf("a file that stands still is told of after %s", took)
	}
	if err := os.Remove(filepath.Join(dir, "quick.eml")); err != nil {
		t.Fatal(err)
	}
	lists(t, h, "1 Receipt 1[]\n")
	// One that is written slowly is taken once it is whole.
	half := newMail(2)[:40]
	slow, err := os.Create(filepath.Join(dir, "slow.eml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range [][]byte{half[:10], half[10:20], half[20:], newMail(2)[40:]} {
		if _, err := slow.Write(part); err != nil {
			t.Fatal(err)
		}
		select {
		case got := <-events.newest:
			t.Fatalf("told of %+v while it is written", got)
		case <-time.After(time.Second):
		}
	}
	if err := slow.Close(); err != nil {
		t.Fatal(err)
	}
	if got := events.next(t); got.UIDNext != 4 {
		t.Errorf("told of %+v", got)
	}
	p := lists(t, h, "1 Receipt 1[]\n3 Receipt 2[]\n")
	if p.Messages[1].Size != int64(len(newMail(2))) {
		t.Errorf("its size is %d", p.Messages[1].Size)
	}
	// One that is written anew is another mail.
	put(t, filepath.Join(dir, "slow.eml"), newMail(30))
	lists(t, h, "1 Receipt 1[]\n4 Receipt 30[]\n")
	h.Refused(t, bus.NotFound, "query:mail.fetch", object{"account": "work", "mailbox": "INBOX", "uid_validity": p.UIDValidity, "uid": 3})
	if said := h.Refused(t, bus.FailedPrecondition, "query:mail.fetch", object{"account": "work", "mailbox": "INBOX", "uid_validity": p.UIDValidity, "uid": 4, "max_bytes": 5}); !strings.Contains(said, "max_bytes") {
		t.Errorf("too large: %s", said)
	}
	h.Refused(t, bus.FailedPrecondition, "query:mail.search", object{"account": "work", "mailbox": "INBOX"})
	h.Refused(t, bus.FailedPrecondition, "action:mail.flag", object{"account": "work", "mailbox": "INBOX", "uid_validity": p.UIDValidity, "uids": []int{1}, "add": []string{`\Seen`}})
	h.Refused(t, bus.NotFound, "query:mail.list", object{"account": "work", "mailbox": "Sent"})
}

func TestFolderIsRefused(t *testing.T) {
	t.Parallel()
	h, w, dir := local(t, storetest.SQLite(t))
	for folder, want := range map[string]string{
		"/etc": "--mail-folders", filepath.Join(dir, "..", "..", ".."): "--mail-folders", w.folders[0] + "x": "--mail-folders", "kim": "no absolute path",
	} {
		err := h.Conn.API(t.Context(), "mail", "add", mail.Account{ID: "b", Library: h.Library, Settings: mail.Settings{Folder: folder}}, nil)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", folder, err)
		}
	}
	if err := os.Symlink("/etc", filepath.Join(w.folders[0], "out")); err != nil {
		t.Fatal(err)
	}
	addFolder(t, h, filepath.Join(w.folders[0], "out")) // the name is good; what it is, is seen when it is opened
	h.Refused(t, bus.Unavailable, "query:mail.list", object{"account": "work", "mailbox": "INBOX"})
	err := h.Conn.API(t.Context(), "mail", "test", mail.Which{Library: h.Library, Account: "work"}, nil)
	if err == nil || !strings.Contains(err.Error(), "escapes") {
		t.Errorf("a link that leads out: %v", err)
	}
	err = h.Conn.API(t.Context(), "mail", "add", mail.Account{ID: "b", Library: h.Library, Settings: mail.Settings{Folder: dir, Host: "imap.example.com"}}, nil)
	if bus.AsError(err).Code != bus.InvalidArgument {
		t.Errorf("a folder with a server: %v", err)
	}
}

// A folder that is not there, or that is not mounted, says so, and is found again with the same numbers.
func TestFolderGoesAway(t *testing.T) {
	t.Parallel()
	h, w, dir := local(t, storetest.SQLite(t))
	maildir(t, dir)
	deliver(t, dir, 1)
	events := newHeard()
	stop := watch(t, w, h, events)
	began := events.next(t)
	move(t, dir, dir+".away")
	stands := func(want string) {
		t.Helper()
		for deadline := time.Now().Add(30 * time.Second); ; <-time.After(20 * time.Millisecond) {
			var all struct{ Accounts []mail.Account }
			api(t, h, "list", mail.Which{Library: h.Library}, &all)
			if strings.Contains(all.Accounts[0].State.Error, want) {
				return
			}
			if time.Now().After(deadline) {
				t.Fatalf("it stands so: %+v", all.Accounts[0].State)
			}
		}
	}
	stands("is not there")
	makeDirs(t, dir) // as a mount point is
	stop()
	addFolder(t, h, dir) // has it tried at once
	watch(t, w, h, events)
	stands("is no Maildir any more")
	if err := os.Remove(dir); err != nil {
		t.Fatal(err)
	}
	move(t, dir+".away", dir)
	deliver(t, dir, 2)
	addFolder(t, h, dir)
	if got := events.next(t); got.UIDNext != 3 || got.UIDValidity != began.UIDValidity {
		t.Errorf("told of %+v, before of %+v", got, began)
	}
}
