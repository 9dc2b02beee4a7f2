package main

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"maps"
	nethttp "net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/airlock-run/airlock/internal/telemetry/otlptest"
	"github.com/airlock-run/airlock/internal/testcache"
)

// Secrets that are used, that are refused, and that servers shout back are in no log, trace, audit, error or file.
func TestSecretsAreNowhere(t *testing.T) {
	t.Parallel()
	secrets := map[string]string{
		"API key": "hunter2/+\"apikey\"=zw", "password": "hunter2-password:of?kim&", "client secret": "hunter2 client <secret>",
		"refresh token": "hunter2-refresh-token", "next refresh token": "hunter2-refresh-token-two", "access token": "hunter2-access-token",
		"new access token": "hunter2-access-token-two", "model key": "hunter2-sk-model", "refused key": "hunter2-refused-key", "misplaced key": "hunter2-misplaced-key",
		"master key": base64.StdEncoding.EncodeToString([]byte("hunter2 hunter2 hunter2 hunter2!")),
	}
	const marker = "plain-to-be-found"
	shouting := newShouter(t, secrets)
	receiver := otlptest.Start(t)
	dir := testcache.DataDir(t)
	up := startWith(t, []string{
		"AIRLOCK_MASTER_KEY=" + secrets["master key"], "AIRLOCK_AI_KEY=" + secrets["model key"], "AIRLOCK_AI_URL=" + shouting.URL + "/v1", "AIRLOCK_AI_MODEL=m",
		"AIRLOCK_HTTP_ALLOW_PRIVATE=127.0.0.0/8", "SSL_CERT_FILE=" + shouting.certificate(t),
		"OTEL_EXPORTER_OTLP_ENDPOINT=http://" + receiver.HTTP, "OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf", "OTEL_BSP_SCHEDULE_DELAY=100",
	}, "up", "--data-dir", dir, "--log-level", "debug")
	var said bytes.Buffer // all that commands say, to whoever may not know secrets
	at := func(wanted int, args ...string) {
		t.Helper()
		stdout, stderr, code := airlock(t, append(args, "--data-dir", dir)...)
		if code != wanted {
			t.Fatalf("airlock %q: exit code %d, want %d\n%s%s", args, code, wanted, stdout, stderr)
		}
		said.WriteString(stdout + stderr)
	}
	call := func(wanted int, method string, payload any) {
		t.Helper()
		at(wanted, "call", method, string(encoded(t, payload)))
	}
	openDoor(t, "--data-dir", dir)

	// They come in by each way there is, and some where they are not taken.
	for id, name := range map[string]string{"shop": "API key", "kim": "password"} {
		file := filepath.Join(t.TempDir(), "secret")
		if err := os.WriteFile(file, []byte(secrets[name]), 0o600); err != nil {
			t.Fatal(err)
		}
		kind := []string{"credentials", "add", id, "--secret-file", file}
		if id == "kim" {
			kind = append(kind, "--type", "basic", "--username", marker)
		}
		at(0, kind...)
	}
	call(0, "action:credentials.store", object{"credential_id": "mail", "credential": object{
		"type": "oauth2", "access_token": secrets["access token"], "refresh_token": secrets["refresh token"], "client_id": "client",
		"client_secret": secrets["client secret"], "token_url": shouting.URL + "/token", "expires_at": "2020-01-01T00:00:00Z",
	}})
	call(1, "action:credentials.store", object{"credential_id": "no", "credential": object{"type": "nonsense", "key": secrets["refused key"]}})
	call(1, "action:credentials.store", object{"credential_id": "no", "credential": secrets["misplaced key"]})
	call(1, "action:credentials.store", object{"credential_id": "no", "credential": object{"type": "api_key", "key": []string{secrets["misplaced key"]}}})

	// They are used, by a person and by a guest that writes into its log whatever it gets.
	at(0, "extension", "load", testGuest(t, fmt.Sprintf(`{"methods":["query:"],"http":[{"hosts":["127.0.0.1"],"ports":[%s]}],"credentials":{"use":["*"]},"libraries":["*"]}`,
		shouting.port()), ""))
	requests := []object{}
	for _, id := range []string{"shop", "kim", "mail", "mail", "gone"} { // the mail's token is renewed, the first time in vain
		for _, path := range []string{"/shout", "/refuse", "/elsewhere"} {
			request := object{"url": shouting.URL + path, "credential": id}
			requests = append(requests, object{"method": "query:http.request", "payload": request})
			_, _, _ = airlock(t, "call", "query:http.request", string(encoded(t, request)), "--data-dir", dir)
		}
	}
	requests = append(requests, object{"method": "query:ai.complete", "payload": object{"prompt": marker}})
	at(0, "job", "submit", "test-extension:call_many", "--input", string(encoded(t, requests)), "--watch")
	call(0, "action:vdfs.create_entry", object{"name": marker, "path": "/" + marker, "entry_type": "note"})
	call(1, "query:ai.complete", object{"prompt": marker})
	if missing := shouting.missing(); len(missing) > 0 {
		t.Fatalf("never used: %v", missing)
	}
	for _, args := range [][]string{{"audit"}, {"job", "list"}, {"credentials", "list"}, {"credentials", "show", "mail"}, {"credentials", "rotate-key"}} {
		at(0, args...)
		at(0, append(args, "--json")...)
	}
	received := receiver.Until(func(got otlptest.Received) bool { return strings.Contains(got.Text, "query:ai.complete") })
	up.stop()

	found := map[string][]byte{"what commands say": said.Bytes(), "the log": []byte(up.said()), "what is traced": []byte(received.Text)}
	maps.Copy(found, filesOf(t, dir))
	for place, data := range found {
		for name, secret := range secrets {
			for form, text := range formsOf(secret) {
				if at := bytes.Index(data, []byte(text)); at >= 0 {
					t.Errorf("%s: the %s is there, %s: …%q…", place, name, form, data[max(at-100, 0):min(at+len(text)+40, len(data))])
				}
			}
		}
	}
	// It is looked for where there is something to be found: else a compressed file would seem to be clean.
	for place, text := range map[string]string{
		"what commands say": "shop", "the log": "model server refuses", "what is traced": "query:http.request",
		filepath.Join(dir, "airlock.db"): marker, filepath.Join(dir, "nats"): "[redacted by airlock]",
	} {
		if !slices.ContainsFunc(slices.Collect(maps.Keys(found)), func(p string) bool {
			return strings.HasPrefix(p, place) && bytes.Contains(found[p], []byte(text))
		}) {
			t.Errorf("%s: not even %q is there", place, text)
		}
	}
}

type object = map[string]any

func encoded(t *testing.T, value any) []byte {
	t.Helper()
	data, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// formsOf are the ways in which a secret may be written down. Base64 is looked for at each of the three offsets it may have in a longer text.
func formsOf(secret string) map[string]string {
	quoted, _ := json.Marshal(secret)
	forms := map[string]string{
		"as it is": secret, "in JSON": string(quoted[1 : len(quoted)-1]), "in a URL": url.QueryEscape(secret), "in a path": url.PathEscape(secret),
		"in hex": hex.EncodeToString([]byte(secret)), "quoted": strings.Trim(fmt.Sprintf("%q", secret), `"`),
		"quoted twice": strings.Trim(fmt.Sprintf("%q", strings.Trim(fmt.Sprintf("%q", secret), `"`)), `"`),
	}
	for offset := range 3 {
		text := base64.RawStdEncoding.EncodeToString(append(make([]byte, offset), secret...))
		first, last := (offset*8+5)/6, (len(secret)+offset)*8/6 // the characters that are of the secret alone
		forms[fmt.Sprintf("in base64 at %d", offset)] = text[first:last]
	}
	return forms
}

// filesOf are all files of a data directory, but those of the cache.
func filesOf(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	err := filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		files[path], err = os.ReadFile(path)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// shouter is a server that answers with whatever it is asked with, secrets as well, and with more of them.
type shouter struct {
	*httptest.Server
	secrets map[string]string

	mu      sync.Mutex
	unused  map[string]bool
	renewed int
}

func newShouter(t *testing.T, secrets map[string]string) *shouter {
	t.Helper()
	s := &shouter{secrets: secrets, unused: map[string]bool{
		"API key": true, "password": true, "client secret": true, "refresh token": true, "new access token": true, "model key": true,
	}}
	s.Server = httptest.NewTLSServer(nethttp.HandlerFunc(s.answer))
	t.Cleanup(s.Close)
	return s
}

func (s *shouter) answer(w nethttp.ResponseWriter, r *nethttp.Request) {
	_ = r.ParseForm()
	user, password, _ := r.BasicAuth()
	told := strings.Join([]string{r.Header.Get("Authorization"), user, password, r.Form.Encode()}, " ")
	plain, err := url.QueryUnescape(told)
	if err != nil {
		plain = told
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for name := range s.unused {
		if strings.Contains(told, s.secrets[name]) || strings.Contains(plain, s.secrets[name]) {
			delete(s.unused, name)
		}
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Echo", url.PathEscape(strings.TrimPrefix(strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "), "Basic ")))
	write := func(status int, answer any) {
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(answer)
	}
	switch {
	case r.URL.Path == "/token" && s.renewed == 0:
		s.renewed++
		write(nethttp.StatusBadRequest, object{"error": "temporarily_unavailable", "error_description": "you sent " + plain, "secret": s.secrets["client secret"]})
	case r.URL.Path == "/token":
		write(nethttp.StatusOK, object{
			"access_token": s.secrets["new access token"], "refresh_token": s.secrets["next refresh token"], "token_type": "Bearer", "expires_in": 3600,
		})
	case r.URL.Path == "/elsewhere":
		w.Header().Set("Location", "/shout?key="+url.QueryEscape(strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")))
		w.WriteHeader(nethttp.StatusFound)
	case r.URL.Path == "/shout":
		write(nethttp.StatusOK, object{"you": told, "plain": plain, "url": r.URL.String()})
	case strings.HasPrefix(r.URL.Path, "/v1/"):
		write(nethttp.StatusUnauthorized, object{"error": object{"message": "wrong key: " + told, "type": "invalid_request_error", "code": told}})
	default:
		write(nethttp.StatusForbidden, object{"error": "not you, " + told})
	}
}

// missing are the secrets that nobody has sent.
func (s *shouter) missing() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Sorted(maps.Keys(s.unused))
}

func (s *shouter) port() string {
	return s.Listener.Addr().String()[strings.LastIndex(s.Listener.Addr().String(), ":")+1:]
}

// certificate is a file with the server's.
func (s *shouter) certificate(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "server.pem")
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
