package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	nethttp "net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"golang.org/x/oauth2"

	"github.com/airlock-run/airlock/internal/testcache"
)

func TestCredentials(t *testing.T) {
	t.Parallel()
	const secret = "correct-horse-battery-staple"
	dir := testcache.DataDir(t)
	up := start(t, "up", "--data-dir", dir, "--log-level", "debug")
	cmd := func(args ...string) []string { return append(args, "--data-dir", dir) }
	file := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(file, []byte(secret+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	must(t, cmd("credentials", "add", "shop", "--secret-file", file)...)
	must(t, cmd("credentials", "add", "mail", "--type", "basic", "--username", "kim", "--secret-file", file)...)
	for name, out := range map[string]string{
		"list": must(t, cmd("credentials", "list")...), "show": must(t, cmd("credentials", "show", "mail")...),
		"list --json": must(t, cmd("credentials", "list", "--json")...),
	} {
		if !strings.Contains(out, "mail") || !strings.Contains(out, "basic") || strings.Contains(out, secret) {
			t.Errorf("%s says:\n%s", name, out)
		}
	}
	if out := must(t, cmd("call", "query:credentials.get", `{"credential_id":"shop"}`)...); !strings.Contains(out, `"key": "`+secret+`"`) {
		t.Errorf("the key that is kept is another: %s", out)
	}
	must(t, cmd("credentials", "remove", "shop")...)
	if _, stderr, code := airlock(t, cmd("credentials", "remove", "shop")...); code != 1 || !strings.Contains(stderr, "has no credential") {
		t.Errorf("removed twice: exit code %d, %s", code, stderr)
	}
	if _, stderr, code := airlock(t, cmd("credentials", "add", "shop")...); code != 2 || !strings.Contains(stderr, "--secret-file -") {
		t.Errorf("without a terminal: exit code %d, %s", code, stderr)
	}
	up.stop()

	// The master key is changed: with the previous one beside it everything can be used, and afterwards without.
	key := filepath.Join(dir, "master.key")
	if err := os.Rename(key, key+".previous"); err != nil {
		t.Fatal(err)
	}
	again := start(t, "up", "--data-dir", dir)
	get := cmd("call", "query:credentials.get", `{"credential_id":"mail"}`)
	must(t, get...)
	if out := must(t, cmd("credentials", "rotate-key")...); !strings.Contains(out, "sealed 1 credentials anew") || !strings.Contains(out, "can go") {
		t.Errorf("rotate-key says:\n%s", out)
	}
	again.stop()
	if err := os.Remove(key + ".previous"); err != nil {
		t.Fatal(err)
	}
	last := start(t, "up", "--data-dir", dir)
	if out := must(t, get...); !strings.Contains(out, secret) {
		t.Errorf("after the change the credential is %s", out)
	}
	last.stop()

	for _, p := range []*process{up, again, last} {
		if strings.Contains(p.said(), secret) {
			t.Error("the log has the secret")
		}
	}
	err := filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		if data, err := os.ReadFile(path); err == nil && bytes.Contains(data, []byte(secret)) {
			t.Errorf("%s has the secret", path)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// provider signs everybody in, and gives tokens for a code if the verifier fits the challenge it came with.
func provider(t *testing.T, refuse string) *httptest.Server {
	t.Helper()
	var challenge atomic.Value
	server := httptest.NewTLSServer(nethttp.HandlerFunc(func(w nethttp.ResponseWriter, r *nethttp.Request) {
		_ = r.ParseForm()
		if r.URL.Path == "/auth" {
			back := url.Values{"state": {r.Form.Get("state")}, "code": {"the-code"}}
			if refuse != "" {
				back = url.Values{"state": {r.Form.Get("state")}, "error": {refuse}}
			}
			challenge.Store(r.Form.Get("code_challenge"))
			nethttp.Redirect(w, r, r.Form.Get("redirect_uri")+"?"+back.Encode(), nethttp.StatusFound)
			return
		}
		sum := sha256.Sum256([]byte(r.Form.Get("code_verifier")))
		w.Header().Set("Content-Type", "application/json")
		if r.Form.Get("code") != "the-code" || base64.RawURLEncoding.EncodeToString(sum[:]) != challenge.Load() {
			w.WriteHeader(nethttp.StatusBadRequest)
			_ = json.NewEncoder(w).Encode(map[string]string{"error": "invalid_grant"})
			return
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"access_token": "a", "refresh_token": "r", "token_type": "Bearer", "expires_in": 60})
	}))
	t.Cleanup(server.Close)
	return server
}

func TestSignIn(t *testing.T) {
	t.Parallel()
	try := func(t *testing.T, server *httptest.Server, browser func(address string) error) (*oauth2.Token, error) {
		t.Helper()
		config := &oauth2.Config{ClientID: "c", Endpoint: oauth2.Endpoint{AuthURL: server.URL + "/auth", TokenURL: server.URL + "/token"}}
		return signIn(t.Context(), config, server.Client(), browser)
	}
	visit := func(t *testing.T, server *httptest.Server, address string) int {
		t.Helper()
		request, err := nethttp.NewRequestWithContext(t.Context(), nethttp.MethodGet, address, nil)
		if err != nil {
			t.Fatal(err)
		}
		response, err := server.Client().Do(request)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		return response.StatusCode
	}
	t.Run("ok", func(t *testing.T) {
		t.Parallel()
		server := provider(t, "")
		token, err := try(t, server, func(address string) error { visit(t, server, address); return nil })
		if err != nil || token.AccessToken != "a" || token.RefreshToken != "r" {
			t.Errorf("got %v", err)
		}
	})
	t.Run("the person refuses", func(t *testing.T) {
		t.Parallel()
		server := provider(t, "access_denied")
		if _, err := try(t, server, func(address string) error { visit(t, server, address); return nil }); err == nil || !strings.Contains(err.Error(), "access_denied") {
			t.Errorf("error is %v", err)
		}
	})
	t.Run("an answer of another state counts for nothing", func(t *testing.T) {
		t.Parallel()
		server := provider(t, "")
		_, err := try(t, server, func(address string) error {
			at, err := url.Parse(address)
			if err != nil {
				return err
			}
			if status := visit(t, server, at.Query().Get("redirect_uri")+"?code=stolen&state=guessed"); status != nethttp.StatusBadRequest {
				t.Errorf("status is %d", status)
			}
			visit(t, server, address)
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	})
}
