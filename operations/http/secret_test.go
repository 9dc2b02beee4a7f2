package http_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"io"
	"log/slog"
	nethttp "net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/airlock-run/airlock/bus"
)

// lines is a log that may be read while it is written.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// planted is a secret with characters that are written otherwise in URLs and in JSON.
const planted = `correct horse/battery"staple+%`

// TestCredentials: a credential arrives at the server, and comes back in no form that an echo takes.
func TestCredentials(t *testing.T) {
	t.Parallel()
	arrived := make(chan string, 1)
	w := newWorld(t, func(w nethttp.ResponseWriter, r *nethttp.Request) {
		sent := r.Header.Get("Authorization") + r.Header.Get("X-Api-Key")
		arrived <- sent
		_, secret, _ := strings.Cut(sent, " ")
		if pair, err := base64.StdEncoding.DecodeString(secret); err == nil {
			_, secret, _ = strings.Cut(string(pair), ":")
		}
		if r.Header.Get("X-Api-Key") != "" {
			secret = sent
		}
		w.Header().Set("X-Echo", sent)
		w.Header().Set("Location", "/?"+url.QueryEscape(secret))
		quoted, _ := json.Marshal(secret)
		_, _ = io.WriteString(w, sent+" "+secret+" "+string(quoted)+" "+url.QueryEscape(secret)+" "+base64.StdEncoding.EncodeToString([]byte(secret)))
	})
	h := w.harness(t)
	keep(t, h, "key", object{"type": "api_key", "key": planted})
	keep(t, h, "user", object{"type": "basic", "username": "kim", "password": planted})
	keep(t, h, "token", object{"type": "oauth2", "access_token": planted})
	for _, tt := range []struct {
		name, want string
		in         object
	}{
		{"an API key as a bearer token", "Bearer " + planted, object{"credential": "key"}},
		{"an API key in a header", planted, object{"credential": "key", "credential_header": "x-api-key"}},
		{"a password", "Basic " + base64.StdEncoding.EncodeToString([]byte("kim:"+planted)), object{"credential": "user"}},
		{"an access token", "Bearer " + planted, object{"credential": "token"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.in["url"] = w.url(shop, "/")
			answer, err := h.Call(t, "query:http.request", h.Library, tt.in)
			if err != nil {
				t.Fatal(err)
			}
			if got := <-arrived; got != tt.want {
				t.Errorf("the server got %q, want %q", got, tt.want)
			}
			var out struct{ Body []byte }
			if err := json.Unmarshal(answer, &out); err != nil {
				t.Fatal(err)
			}
			quoted, _ := json.Marshal(planted)
			for _, form := range []string{
				planted, string(quoted[1 : len(quoted)-1]), url.QueryEscape(planted), base64.StdEncoding.EncodeToString([]byte(planted)),
				base64.StdEncoding.EncodeToString([]byte("kim:" + planted)),
			} {
				if strings.Contains(string(out.Body), form) || strings.Contains(string(answer), form) {
					t.Errorf("%q came back in %s", form, out.Body)
				}
			}
		})
	}
	for _, tt := range []struct {
		name string
		code bus.Code
		in   object
	}{
		{"one that there is not", bus.NotFound, object{"credential": "none", "url": w.url(shop, "/")}},
		{"http", bus.InvalidArgument, object{"credential": "key", "url": "http://" + shop + ":80/"}},
		{"a header of a password", bus.InvalidArgument, object{"credential": "user", "credential_header": "X", "url": w.url(shop, "/")}},
		{"a header that is not a guest's", bus.InvalidArgument, object{"credential": "key", "credential_header": "Host", "url": w.url(shop, "/")}},
	} {
		t.Run(string(tt.code)+" for "+tt.name, func(t *testing.T) { refused(t, h, tt.code, "query:http.request", tt.in) })
	}
}

// TestSecretsStayOutOfErrorsAndLog: also when a server answers nonsense with the secret in it.
func TestSecretsStayOutOfErrorsAndLog(t *testing.T) {
	t.Parallel()
	const secret = "correct-horse-battery-staple"
	w := startWorld(t, func(w nethttp.ResponseWriter, r *nethttp.Request) {
		token := r.Header.Get("Authorization")
		switch r.URL.Path {
		case "/redirect":
			w.Header().Set("Location", "https://"+forbidden+"/?"+strings.TrimPrefix(token, "Bearer "))
			w.WriteHeader(nethttp.StatusFound)
		case "/nonsense":
			c, _, err := nethttp.NewResponseController(w).Hijack()
			if err != nil {
				panic(err)
			}
			_, _ = io.WriteString(c, token+"\r\n\r\n")
			_ = c.Close()
		}
	}, false)
	var log lines
	w.log = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	h := w.harness(t)
	keep(t, h, "key", object{"type": "api_key", "key": secret})
	for path, code := range map[string]bus.Code{"/redirect": bus.PermissionDenied, "/nonsense": bus.Unavailable} {
		e := refused(t, h, code, "query:http.request", object{"url": w.url(shop, path), "credential": "key"})
		if strings.Contains(e.Message, secret) {
			t.Errorf("the error of %s has the secret: %+v", path, e)
		}
	}
	if text := log.String(); strings.Contains(text, secret) || !strings.Contains(text, "request got no answer") {
		t.Errorf("the log has the secret, or nothing:\n%s", text)
	}
}
