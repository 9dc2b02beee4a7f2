package main

import (
	"encoding/csv"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/internal/dovecot"
	"github.com/airlock-run/airlock/internal/guests"
	"github.com/airlock-run/airlock/internal/testcache"
)

// A mailbox is gone through while workers and services are killed, messages go and come, and the server numbers them anew: each receipt is
// kept once. AIRLOCK_PROOF says of how many messages.
func TestMailboxThroughKills(t *testing.T) {
	t.Parallel()
	count := 120
	if text := os.Getenv("AIRLOCK_PROOF"); text != "" {
		count, _ = strconv.Atoi(text)
	}
	server, nats := dovecot.Start(t), startNATS(t)
	at := func(args ...string) []string { return append(args, "--nats-url", nats.url) }
	key := "AIRLOCK_MASTER_KEY=AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
	env := []string{"SSL_CERT_FILE=" + server.Certificate, "AIRLOCK_HTTP_ALLOW_PRIVATE=127.0.0.1", key}
	data := testcache.DataDir(t)
	operations := startWith(t, env, at("operations", "--data-dir", data)...)
	worker := start(t, at("worker", "--data-dir", testcache.DataDir(t))...)

	mails := func(from, to int) (all [][]byte) {
		for n := from; n < to; n++ {
			if n%5 == 0 {
				all = append(all, fmt.Appendf(nil, "From: News <news@lamps.example>\r\nTo: kim@example.com\r\nSubject: News %d\r\n\r\nlamps of the week\r\n", n))
				continue
			}
			all = append(all, fmt.Appendf(nil, "From: Lamp Shop <shop@lamps.example>\r\nTo: kim@example.com\r\nSubject: Your receipt %d\r\nDate: Tue, 17 Nov 2026 08:12:44 +0100\r\n\r\n"+
				"Order number: L-%d\r\nOrder date: 2026-11-17\r\nLamp $41.00\r\nOrder total: $41.00\r\nPaid with Visa\r\n", n, 10_000+n))
		}
		return all
	}
	server.Deliver(t, "kim", mails(0, count/2)...)
	must(t, at("extension", "load", guests.Build(t, "finance"))...)
	must(t, at("library", "create", mine.String())...)
	must(t, at("library", "grant", mine.String(), "finance")...)
	in := func(args ...string) []string { return at(append(args, "--library", mine.String())...) }
	must(t, in("mail", "add", "work", "--host", "127.0.0.1", "--port", strconv.Itoa(server.Port), "--username", "kim", "--secret-file", secretFile(t, dovecot.Password))...)

	orders := func() map[string]int {
		stdout, _, code := airlock(t, in("entry", "export", "-", "--kind", "receipt", "--columns", "order_number")...)
		found := map[string]int{}
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
	for round := range 4 {
		<-time.After(time.Duration(200+rand.IntN(800)) * time.Millisecond)
		switch round {
		case 0:
			worker.kill()
			worker = start(t, at("worker", "--data-dir", testcache.DataDir(t))...)
		case 1:
			server.Deliver(t, "kim", mails(count/2, count)...)
			server.Expunge(t, "kim", "lamps of the week")
		case 2:
			operations.kill()
			operations = startWith(t, env, at("operations", "--data-dir", data)...)
		case 3:
			server.Renumber(t, "kim")
			worker.kill()
			worker = start(t, at("worker", "--data-dir", testcache.DataDir(t))...)
			server.Deliver(t, "kim", mails(count, count+1)...)
		}
	}
	want := count - (count+4)/5
	for deadline := time.Now().Add(time.Duration(2+count/100) * time.Minute); len(orders()) < want; <-time.After(250 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d receipts of %d\n%s\n%s", len(orders()), want, must(t, in("mail", "list")...), must(t, at("job", "list", "--limit", "20")...))
		}
	}
	conn := connect(t, bus.Config{URL: nats.url})
	for idle := 0; idle < 5; <-time.After(time.Second) { // until what the new numbers have started is over as well
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
	if out := must(t, at("job", "list", "--state", "dead")...); strings.Contains(out, "finance") {
		t.Errorf("there are dead jobs:\n%s", out)
	}
}
