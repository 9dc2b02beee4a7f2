package main

import (
	"encoding/base64"
	"encoding/csv"
	"encoding/json"
	"encoding/pem"
	"fmt"
	nethttp "net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/internal/guests"
	"github.com/airlock-run/airlock/internal/testcache"
)

// gmail stands in for Gmail's API and the token endpoint of its OAuth2, with the shapes that
// https://developers.google.com/workspace/gmail/api/reference/rest documents: Google itself takes part in no test. A history id is how many
// messages there were.
type gmail struct {
	*httptest.Server

	mu      sync.Mutex
	mails   []string // nil text for one that was deleted
	oldest  int      // the first history id that is still known
	token   string   // the access token that is taken
	renewed int
	busy    map[string]int // how often a path is still refused, as too many requests are
}

func newGmail(t *testing.T) *gmail {
	t.Helper()
	g := &gmail{token: "none yet", busy: map[string]int{}}
	mux := nethttp.NewServeMux()
	mux.HandleFunc("POST /token", g.tokens)
	mux.HandleFunc("GET /gmail/v1/users/me/profile", g.profile)
	mux.HandleFunc("GET /gmail/v1/users/me/messages", g.list)
	mux.HandleFunc("GET /gmail/v1/users/me/messages/{id}", g.message)
	mux.HandleFunc("GET /gmail/v1/users/me/history", g.history)
	g.Server = httptest.NewTLSServer(nethttp.HandlerFunc(func(w nethttp.ResponseWriter, r *nethttp.Request) {
		g.mu.Lock()
		defer g.mu.Unlock()
		w.Header().Set("Content-Type", "application/json; charset=UTF-8")
		switch {
		case r.URL.Path != "/token" && r.Header.Get("Authorization") != "Bearer "+g.token:
			refuse(w, 401, "authError", "Invalid Credentials")
		case g.busy[r.URL.Path] > 0:
			g.busy[r.URL.Path]--
			w.Header().Set("Retry-After", "1")
			refuse(w, []int{403, 429}[g.busy[r.URL.Path]%2], "rateLimitExceeded", "Too many concurrent requests for user")
		default:
			mux.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(g.Close)
	return g
}

func refuse(w nethttp.ResponseWriter, status int, reason, message string) {
	w.WriteHeader(status)
	answer(w, object{"error": object{"code": status, "message": message, "errors": []object{{"domain": "global", "reason": reason, "message": message}}}})
}

func answer(w nethttp.ResponseWriter, v any) { _ = json.NewEncoder(w).Encode(v) }

func (g *gmail) tokens(w nethttp.ResponseWriter, r *nethttp.Request) {
	if r.FormValue("grant_type") != "refresh_token" || r.FormValue("refresh_token") != "the-refresh-token" {
		w.WriteHeader(nethttp.StatusBadRequest)
		answer(w, object{"error": "invalid_grant"})
		return
	}
	g.renewed++
	g.token = "access-token-" + strconv.Itoa(g.renewed)
	answer(w, object{"access_token": g.token, "token_type": "Bearer", "expires_in": 3600})
}

func (g *gmail) profile(w nethttp.ResponseWriter, _ *nethttp.Request) {
	answer(w, object{"emailAddress": "kim@example.com", "historyId": strconv.Itoa(len(g.mails))})
}

// page answers with the messages from a number on, newest last, ten at a time.
func (g *gmail) page(from int, r *nethttp.Request) (ids []object, next string) {
	if token := r.FormValue("pageToken"); token != "" {
		from, _ = strconv.Atoi(strings.TrimPrefix(token, "p"))
	}
	to := min(from+10, len(g.mails))
	for n := from; n < to; n++ {
		ids = append(ids, object{"id": fmt.Sprintf("m%d", n), "threadId": "t"})
	}
	if to < len(g.mails) {
		next = "p" + strconv.Itoa(to)
	}
	return ids, next
}

func (g *gmail) list(w nethttp.ResponseWriter, r *nethttp.Request) {
	ids, next := g.page(0, r)
	answer(w, object{"messages": ids, "nextPageToken": next, "resultSizeEstimate": len(g.mails)})
}

func (g *gmail) history(w nethttp.ResponseWriter, r *nethttp.Request) {
	start, _ := strconv.Atoi(r.FormValue("startHistoryId"))
	if start < g.oldest {
		refuse(w, 404, "notFound", "Requested entity was not found.")
		return
	}
	ids, next := g.page(start, r)
	changes := []object{}
	for _, id := range ids {
		changes = append(changes, object{"id": "1", "messages": []object{id}, "messagesAdded": []object{{"message": id}}})
	}
	answer(w, object{"history": changes, "nextPageToken": next, "historyId": strconv.Itoa(len(g.mails))})
}

func (g *gmail) message(w nethttp.ResponseWriter, r *nethttp.Request) {
	n, err := strconv.Atoi(strings.TrimPrefix(r.PathValue("id"), "m"))
	if err != nil || n >= len(g.mails) || g.mails[n] == "" {
		refuse(w, 404, "notFound", "Requested entity was not found.")
		return
	}
	answer(w, object{"raw": base64.URLEncoding.EncodeToString([]byte(g.mails[n]))})
}

// deliver puts mails into the mailbox.
func (g *gmail) deliver(mails ...string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.mails = append(g.mails, mails...)
}

// forget makes the history so far unknown.
func (g *gmail) forget() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.oldest = len(g.mails) + 1
}

// gmailExtension is examples/gmail with the stand-in's host in its permissions.
func gmailExtension(t *testing.T, port string) string {
	t.Helper()
	folder := guests.Build(t, "gmail")
	path := filepath.Join(folder, "manifest.json")
	manifest := strings.Replace(read(t, path), `"hosts": ["gmail.googleapis.com"]`, `"hosts": ["127.0.0.1"], "ports": [`+port+`]`, 1)
	if err := os.WriteFile(path, []byte(manifest), 0o600); err != nil {
		t.Fatal(err)
	}
	return folder
}

// A mailbox is read through Gmail's API while the worker is killed, the API is busy, a message is deleted and the history forgotten: each
// receipt is kept once, the large one as well.
func TestGmailToReceipts(t *testing.T) {
	t.Parallel()
	server, nats := newGmail(t), startNATS(t)
	receipt := func(n, padding int) string {
		return fmt.Sprintf("From: Lamp Shop <shop@lamps.example>\r\nTo: kim@example.com\r\nSubject: Your receipt %d\r\nDate: Tue, 17 Nov 2026 08:12:44 +0100\r\n"+
			"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\n"+
			"Order number: L-%d\r\nOrder date: 2026-11-17\r\nLamp $41.00\r\nOrder total: $41.00\r\nPaid with Visa\r\n"+
			"--b\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n\r\n%s\r\n--b--\r\n",
			n, 10_000+n, strings.Repeat("AAAA", padding/4))
	}
	for n := range 25 {
		server.deliver(receipt(n, 0))
	}
	server.mails[7] = ""
	server.busy["/gmail/v1/users/me/messages/m3"], server.busy["/gmail/v1/users/me/messages"] = 2, 1
	certificate := filepath.Join(t.TempDir(), "server.pem")
	if err := os.WriteFile(certificate, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	at := func(args ...string) []string { return append(args, "--nats-url", nats.url) }
	startWith(t, []string{
		"SSL_CERT_FILE=" + certificate, "AIRLOCK_HTTP_ALLOW_PRIVATE=127.0.0.1", "AIRLOCK_MASTER_KEY=AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
	}, at("operations", "--data-dir", testcache.DataDir(t))...)
	worker := start(t, at("worker", "--data-dir", testcache.DataDir(t))...)
	in := func(args ...string) []string { return at(append(args, "--library", mine.String())...) }
	must(t, at("extension", "load", guests.Build(t, "finance"))...)
	must(t, at("extension", "load", gmailExtension(t, server.URL[strings.LastIndex(server.URL, ":")+1:]))...)
	must(t, at("library", "create", mine.String())...)
	must(t, at("library", "grant", mine.String(), "finance")...)
	must(t, at("library", "grant", mine.String(), "gmail")...)
	must(t, in("call", "action:credentials.store", string(encoded(t, object{"credential_id": "work", "credential": object{
		"type": "oauth2", "access_token": "old", "refresh_token": "the-refresh-token", "client_id": "client", "client_secret": "secret",
		"token_url": server.URL + "/token", "expires_at": "2020-01-01T00:00:00Z",
	}})))...)
	must(t, in("extension", "settings", "set", "gmail", string(encoded(t, object{"credential": "work", "base_url": server.URL})))...)

	orders := func() map[string]int {
		lines, err := csv.NewReader(strings.NewReader(must(t, in("entry", "export", "-", "--kind", "receipt", "--columns", "order_number")...))).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		found := map[string]int{}
		for _, line := range lines[1:] {
			found[line[0]]++
		}
		return found
	}
	appear := func(want int) {
		t.Helper()
		for deadline := time.Now().Add(2 * time.Minute); len(orders()) < want; <-time.After(100 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("%d receipts of %d\n%s", len(orders()), want, must(t, in("job", "list", "--limit", "40")...))
			}
		}
	}
	scan := func() { t.Helper(); must(t, in("job", "submit", "gmail:scan")...) }
	scan()
	<-time.After(400 * time.Millisecond)
	worker.kill()
	start(t, at("worker", "--data-dir", testcache.DataDir(t))...)
	appear(24)
	server.deliver(receipt(25, 0), receipt(26, 25<<20))
	scan()
	appear(26)
	server.forget()
	server.deliver(receipt(27, 0))
	scan()
	appear(27)
	conn := connect(t, bus.Config{URL: nats.url})
	for idle := 0; idle < 3; <-time.After(time.Second) { // until what was listed again is over as well
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
	if n := strings.Count(must(t, in("job", "list", "--extension", "finance", "--limit", "500", "--json")...), `"process_receipt"`); n != 27 {
		t.Errorf("%d jobs process_receipt, want one for each of 27 mails", n)
	}
	if out := must(t, in("job", "list", "--state", "dead")...); strings.Contains(out, "gmail") || strings.Contains(out, "finance") {
		t.Errorf("there are dead jobs:\n%s", out)
	}

	// The person takes the access back.
	server.mu.Lock()
	server.token = "revoked"
	server.mu.Unlock()
	if _, stderr, code := airlock(t, in("job", "submit", "gmail:scan", "--watch")...); code != 1 || !strings.Contains(stderr, "airlock credentials add work") {
		t.Errorf("revoked: exit code %d, %s", code, stderr)
	}
}
