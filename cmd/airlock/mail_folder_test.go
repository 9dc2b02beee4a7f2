package main

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/internal/guests"
	"github.com/airlock-run/airlock/internal/testcache"
)

// folders are a folder of .eml and a Maildir below a directory that may be read.
func folders(t *testing.T) (root string, drop, deliver func(name string, mail []byte)) {
	t.Helper()
	root = t.TempDir()
	for _, dir := range []string{"drop", "box/tmp", "box/new", "box/cur"} {
		if err := os.MkdirAll(filepath.Join(root, dir), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	put := func(path string, mail []byte) {
		t.Helper()
		if err := os.WriteFile(path, mail, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	drop = func(name string, mail []byte) { t.Helper(); put(filepath.Join(root, "drop", name+".eml"), mail) }
	deliver = func(name string, mail []byte) {
		t.Helper()
		put(filepath.Join(root, "box", "tmp", name), mail)
		if err := os.Rename(filepath.Join(root, "box", "tmp", name), filepath.Join(root, "box", "new", name)); err != nil {
			t.Fatal(err)
		}
	}
	return root, drop, deliver
}

// numberedReceipt is a mail that says its order, with an amount.
func numberedReceipt(order int, amount string) []byte {
	return fmt.Appendf(nil, "From: Lamp Shop <shop@lamps.example>\r\nTo: kim@example.com\r\nSubject: Your receipt %d\r\nDate: Tue, 17 Nov 2026 08:12:44 +0100\r\n\r\n"+
		"Order number: L-%d\r\nOrder date: 2026-11-17\r\nLamp $%s\r\nOrder total: $%s\r\nPaid with Visa\r\n", order, 10_000+order, amount, amount)
}

func TestMailFolderIsToBeAllowed(t *testing.T) {
	t.Parallel()
	root, _, _ := folders(t)
	dir := testcache.DataDir(t)
	up := start(t, "up", "--data-dir", dir)
	at := func(args ...string) []string { return append(args, "--data-dir", dir) }
	add := at("mail", "add", "inbox", "--folder", filepath.Join(root, "box"))
	if _, stderr, code := airlock(t, add...); code != 1 || !strings.Contains(stderr, "--mail-folders") || !strings.Contains(stderr, "AIRLOCK_MAIL_FOLDERS") {
		t.Errorf("a folder that is not allowed: exit code %d, %s", code, stderr)
	}
	up.kill()
	start(t, "up", "--data-dir", dir, "--mail-folders", root)
	if out := must(t, add...); !strings.Contains(out, "account inbox is kept: "+filepath.Join(root, "box")) || !strings.Contains(out, "INBOX") {
		t.Errorf("mail add says %s", out)
	}
	if out := must(t, at("mail", "list")...); !strings.Contains(out, filepath.Join(root, "box")) {
		t.Errorf("mail list says %s", out)
	}
	if _, stderr, code := airlock(t, at("mail", "add", "b", "--folder", filepath.Join(root, "gone"))...); code != 1 || !strings.Contains(stderr, "is not there") {
		t.Errorf("a folder that is not there: exit code %d, %s", code, stderr)
	}
	if _, _, code := airlock(t, at("mail", "add", "b", "--folder", root, "--host", "imap.example.com")...); code != 2 {
		t.Errorf("a folder with a server: exit code %d", code)
	}
	must(t, at("mail", "remove", "inbox")...)
}

// Mails are dropped into folders while everything is killed again and again: each is processed once.
func TestFoldersToReceiptsThroughKills(t *testing.T) {
	t.Parallel()
	root, drop, deliver := folders(t)
	dir := testcache.DataDir(t)
	run := func() *process { t.Helper(); return start(t, "up", "--data-dir", dir, "--mail-folders", root) }
	up := run()
	at := func(args ...string) []string { return append(args, "--data-dir", dir) }
	in := func(args ...string) []string { return at(append(args, "--library", mine.String())...) }
	must(t, at("extension", "load", guests.Build(t, "finance"))...)
	must(t, at("library", "create", mine.String())...)
	must(t, at("library", "grant", mine.String(), "finance")...)
	drop("first", numberedReceipt(1, "41.00")) // it is there already
	must(t, in("mail", "add", "drop", "--folder", filepath.Join(root, "drop"))...)
	must(t, in("mail", "add", "box", "--folder", filepath.Join(root, "box"))...)
	orders := func() map[string]int {
		found := map[string]int{}
		stdout, _, code := airlock(t, in("entry", "export", "-", "--kind", "receipt", "--columns", "order_number")...)
		if code != 0 { // nobody serves just now
			return found
		}
		lines, err := csv.NewReader(strings.NewReader(stdout)).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range lines[1:] {
			found[line[0]]++
		}
		return found
	}
	appear := func(n int) {
		t.Helper()
		for deadline := time.Now().Add(2 * time.Minute); len(orders()) < n; <-time.After(50 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("%d receipts of %d\n%s\n%s", len(orders()), n, must(t, in("mail", "list")...), must(t, in("job", "list")...))
			}
		}
	}
	appear(1)
	for n, put := range map[int]func(string, []byte){2: drop, 3: deliver} {
		began := time.Now()
		put(strconv.Itoa(n), numberedReceipt(n, "42.00"))
		for had := len(orders()); len(orders()) == had && orders()[fmt.Sprintf("L-%d", 10_000+n)] == 0; <-time.After(20 * time.Millisecond) {
			if time.Since(began) > time.Minute {
				t.Fatalf("no receipt of mail %d appears\n%s", n, must(t, in("job", "list")...))
			}
		}
		t.Logf("mail %d is a record after %s", n, time.Since(began))
	}
	count := 3
	for range 4 {
		for range 6 {
			count++
			put := drop
			if count%2 == 0 {
				put = deliver
			}
			put(strconv.Itoa(count), numberedReceipt(count, "43.00"))
		}
		<-time.After(time.Duration(rand.IntN(2500)) * time.Millisecond)
		up.kill()
		up = run()
	}
	appear(count)
	conn := connect(t, bus.Config{Socket: filepath.Join(dir, bus.SocketName)})
	for idle := 0; idle < 3; <-time.After(time.Second) {
		status, err := conn.QueueStatus(t.Context())
		idle++
		if err != nil || status.Waiting+status.Running > 0 {
			idle = 0
		}
	}
	for order, n := range orders() {
		if n != 1 {
			t.Errorf("receipt %s is there %d times", order, n)
		}
	}
	var listed struct {
		Jobs []struct{} `json:"jobs"`
	}
	said := must(t, in("job", "list", "--extension", "finance", "--job", "process_receipt", "--limit", "500", "--json")...)
	if err := json.Unmarshal([]byte(said), &listed); err != nil {
		t.Fatal(err)
	}
	if len(listed.Jobs) != count {
		t.Errorf("%d jobs for %d mails", len(listed.Jobs), count)
	}
}
