package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/airlock-run/airlock/internal/dovecot"
	"github.com/airlock-run/airlock/internal/guests"
	"github.com/airlock-run/airlock/internal/testcache"
)

// mailbox is an Airlock that reaches a Dovecot by flags.
func mailbox(t *testing.T) (dir string, server *dovecot.Server, at func(args ...string) []string) {
	t.Helper()
	server, dir = dovecot.Start(t), testcache.DataDir(t)
	startWith(t, []string{"SSL_CERT_FILE=" + server.Certificate, "AIRLOCK_HTTP_ALLOW_PRIVATE=127.0.0.1"}, "up", "--data-dir", dir)
	return dir, server, func(args ...string) []string { return append(args, "--data-dir", dir) }
}

func secretFile(t *testing.T, secret string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(path, []byte(secret+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestMailAccounts(t *testing.T) {
	t.Parallel()
	_, server, at := mailbox(t)
	server.Deliver(t, "kim", []byte("Subject: a\r\n\r\nhello\r\n"))
	port := []string{"--host", "127.0.0.1", "--port", strconv.Itoa(server.Port), "--username", "kim"}
	add := func(password string, more ...string) []string {
		return at(append(append([]string{"mail", "add", "work", "--secret-file", secretFile(t, password)}, port...), more...)...)
	}
	if out := must(t, at("mail", "list")...); !strings.Contains(out, "airlock mail add ID") {
		t.Errorf("without an account: %s", out)
	}
	if _, stderr, code := airlock(t, add("wrong")...); code != 1 || !strings.Contains(stderr, "account work is kept, but it cannot be used yet") ||
		!strings.Contains(stderr, "refuses credential work") {
		t.Errorf("a wrong password: exit code %d, %s", code, stderr)
	}
	if out := must(t, add(dovecot.Password)...); !strings.Contains(out, "account work is kept: 127.0.0.1, mailbox INBOX") || !strings.Contains(out, "INBOX") {
		t.Errorf("mail add says %s", out)
	}
	for name, out := range map[string]string{"list": must(t, at("mail", "list")...), "test": must(t, at("mail", "test", "work")...)} {
		if !strings.Contains(out, "INBOX") {
			t.Errorf("mail %s says %s", name, out)
		}
	}
	if _, stderr, code := airlock(t, at("mail", "add", "other", "--secret-file", secretFile(t, "x"))...); code != 2 || !strings.Contains(stderr, "--host is missing") {
		t.Errorf("without a host: exit code %d, %s", code, stderr)
	}
	must(t, at("mail", "remove", "work")...)
	if _, stderr, code := airlock(t, at("mail", "test", "work")...); code != 1 || !strings.Contains(stderr, "no mail account") {
		t.Errorf("removed: exit code %d, %s", code, stderr)
	}
}

// A mailbox is connected, and receipts appear: those that are there, and each one that comes.
func TestMailboxToReceipts(t *testing.T) {
	t.Parallel()
	_, server, at := mailbox(t)
	files, err := filepath.Glob(filepath.Join(guests.Root(t), "examples", "mail", "*.eml"))
	if err != nil || len(files) < 2 {
		t.Fatalf("examples: %v, %v", files, err)
	}
	var mails [][]byte
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		mails = append(mails, data)
	}
	receipt := func(n int) []byte {
		return fmt.Appendf(nil, "From: Lamp Shop <shop@lamps.example>\r\nTo: kim@example.com\r\nSubject: Your receipt %d\r\nDate: Tue, 17 Nov 2026 08:12:44 +0100\r\n\r\n"+
			"Order number: L-%d\r\nOrder date: 2026-11-17\r\nLamp $4%d.00\r\nOrder total: $4%d.00\r\nPaid with Visa\r\n", n, 1000+n, n, n)
	}
	server.Deliver(t, "kim", append(mails, receipt(1))...)
	must(t, at("extension", "load", guests.Build(t, "finance"))...)
	must(t, at("library", "create", mine.String())...)
	must(t, at("library", "grant", mine.String(), "finance")...)
	in := func(args ...string) []string { return at(append(args, "--library", mine.String())...) }
	must(t, in("mail", "add", "work", "--host", "127.0.0.1", "--port", strconv.Itoa(server.Port), "--username", "kim", "--secret-file", secretFile(t, dovecot.Password))...)
	appears := func(text string) string {
		t.Helper()
		for deadline := time.Now().Add(2 * time.Minute); ; <-time.After(50 * time.Millisecond) {
			out := must(t, in("entry", "list", "--json")...)
			if strings.Contains(out, text) {
				return out
			}
			if time.Now().After(deadline) {
				t.Fatalf("no entry %q appears:\n%s\n%s", text, out, must(t, in("job", "list")...))
			}
		}
	}
	appears("41.00")
	start := time.Now()
	server.Deliver(t, "kim", receipt(2))
	appears("42.00")
	t.Logf("new mail is a record after %s", time.Since(start))
	var page struct{ Entries []entry }
	decode(t, must(t, in("entry", "list", "--kind", "receipt", "--where", "order_number=L-1002", "--json")...), &page)
	if len(page.Entries) != 1 {
		t.Fatalf("%d receipts of the order L-1002", len(page.Entries))
	}
	if got := must(t, in("entry", "show", page.Entries[0].Path, "--content")...); got != string(receipt(2)) {
		t.Errorf("the entry's content is %q", got)
	}
	if out := must(t, in("mail", "list")...); !strings.Contains(out, "watched") {
		t.Errorf("mail list says %s", out)
	}
}

// What docs/email.md says is done, from its first command to its last.
func TestEmailGuide(t *testing.T) {
	t.Parallel()
	_, server, at := mailbox(t)
	mail, err := os.ReadFile(filepath.Join(guests.Root(t), "examples", "mail", "receipt-html.eml"))
	if err != nil {
		t.Fatal(err)
	}
	server.Deliver(t, "kim", mail)
	out, ran := t.TempDir(), 0
	for _, block := range blocks(read(t, filepath.Join(guests.Root(t), "docs", "email.md")), "sh") {
		for line := range strings.Lines(block) {
			command, ok := strings.CutPrefix(strings.TrimSpace(line), "bin/airlock ")
			if !ok {
				t.Fatalf("the guide has %q", line)
			}
			if command == "up" {
				continue
			}
			if strings.Contains(command, ".build/guests/finance") {
				command = strings.ReplaceAll(command, ".build/guests/finance", guests.Build(t, "finance"))
			}
			command = strings.ReplaceAll(command, "--host imap.example.com", fmt.Sprintf("--host 127.0.0.1 --port %d --secret-file %s", server.Port, secretFile(t, dovecot.Password)))
			command = strings.ReplaceAll(command, "export receipts", "export "+out+"/receipts")
			if strings.HasPrefix(command, "mail list") {
				wait(t, at)
			}
			must(t, at(words(command)...)...)
			ran++
		}
	}
	if ran < 9 {
		t.Errorf("the guide has %d commands", ran)
	}
	if got, want := read(t, filepath.Join(out, "receipts.csv")), "date,vendor,amount,currency,tax,category\n2026-11-14,Larkspur Cloud,77.76,GBP,12.96,software\n"; got != want {
		t.Errorf("receipts.csv is\n%s\nwant\n%s", got, want)
	}
}

// wait waits for the first receipt.
func wait(t *testing.T, at func(args ...string) []string) {
	t.Helper()
	for deadline := time.Now().Add(2 * time.Minute); !strings.Contains(must(t, at("job", "list")...), "receipt: "); <-time.After(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("no receipt appears")
		}
	}
}

func TestEntryExport(t *testing.T) {
	t.Parallel()
	dir := testcache.DataDir(t)
	start(t, "up", "--data-dir", dir)
	at := func(args ...string) []string { return append(args, "--data-dir", dir) }
	for i, metadata := range []string{
		`{"vendor":"=cmd|' /C calc'!A0","amount":"12.50","total":12.50,"currency":"EUR","date":"2026-01-31","category":"dining"}`,
		`{"vendor":"Café, \"Mond\"","amount":"0.10","total":0.10,"currency":"EUR","date":"2026-02-01","category":"dining"}`,
		`{"vendor":"Kiosk","amount":"-3","currency":"EUR","date":"2026-02-02","category":"office","duplicate_of":"x"}`,
		`{"vendor":"Tokyo","amount":"1200","total":1200,"currency":"JPY","date":"2026-03-01","category":"travel","items":[{"a":1}]}`,
	} {
		must(t, at("call", "action:vdfs.create_entry", fmt.Sprintf(`{"name":"n","path":"/r/%d","entry_type":"receipt","metadata":%s}`, i, metadata))...)
	}
	must(t, at("call", "action:vdfs.create_entry", `{"name":"n","path":"/note","entry_type":"note"}`)...)
	stdout, stderr, code := airlock(t, at("entry", "export", "-", "--kind", "receipt", "--columns", "path,vendor,amount,gone", "--sum", "amount", "--by", "currency")...)
	want := "path,vendor,amount,gone\n/r/0,'=cmd|' /C calc'!A0,12.50,\n/r/1,\"Café, \"\"Mond\"\"\",0.10,\n/r/2,Kiosk,-3,\n/r/3,Tokyo,1200,\n"
	if code != 0 || stdout != want || stderr != "sum of amount: 12.60 EUR\nsum of amount: 1200 JPY\n" {
		t.Errorf("exit code %d\n%s\n%s", code, stdout, stderr)
	}
	for filter, want := range map[string]string{
		"--since 2026-02-01 --until 2026-02-28": "/r/1 /r/2", "--where category=dining --where total>=1": "/r/0", "--where vendor^=Ki": "/r/2",
		`--where currency="JPY"`: "/r/3", "--where total<1": "/r/1",
	} {
		out := must(t, at(append([]string{"entry", "export", "-", "--kind", "receipt", "--columns", "path"}, strings.Fields(filter)...)...)...)
		if got := strings.Join(strings.Fields(out)[1:], " "); got != want {
			t.Errorf("%s: %s, want %s", filter, got, want)
		}
	}
	for _, bad := range []string{"--where =x", "--where category", "--since yesterday", "--format xls", "--where a!b"} {
		if _, stderr, code := airlock(t, at(append([]string{"entry", "export", "-"}, strings.Fields(bad)...)...)...); code != 2 {
			t.Errorf("%s: exit code %d, %s", bad, code, stderr)
		}
	}
}
