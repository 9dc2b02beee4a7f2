package credentials_test

import (
	"context"
	"encoding/json"
	"log/slog"
	nethttp "net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/operations"
	"github.com/airlock-run/airlock/operations/credentials"
	"github.com/airlock-run/airlock/operations/operationstest"
	"github.com/airlock-run/airlock/operations/store"
	"github.com/airlock-run/airlock/operations/store/storetest"
)

// issuer is a server of OAuth2 that takes each refresh token once, and gives another with each access token.
type issuer struct {
	*httptest.Server
	mu      sync.Mutex
	next    int
	renewed int
	// status and code are what it fails with, if status is not 0.
	status int
	code   string
	// wait is closed when it may answer; nil for at once.
	wait, asked chan struct{}
}

const clientSecret = "client-secret-of-the-tests"

func newIssuer(tb testing.TB) *issuer {
	tb.Helper()
	i := &issuer{asked: make(chan struct{}, 100)}
	i.Server = httptest.NewTLSServer(nethttp.HandlerFunc(i.answer))
	tb.Cleanup(i.Close)
	return i
}

func (i *issuer) answer(w nethttp.ResponseWriter, r *nethttp.Request) {
	_ = r.ParseForm()
	i.asked <- struct{}{}
	if i.wait != nil {
		<-i.wait
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	refuse := func(status int, code string) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(object{"error": code, "error_description": "you sent " + r.Form.Get("refresh_token") + clientSecret})
	}
	id, secret, _ := r.BasicAuth()
	if id == "" {
		id, secret = r.Form.Get("client_id"), r.Form.Get("client_secret")
	}
	switch {
	case i.status != 0:
		refuse(i.status, i.code)
	case id != "client" || secret != clientSecret:
		refuse(nethttp.StatusUnauthorized, "invalid_client")
	case r.Form.Get("grant_type") != "refresh_token" || r.Form.Get("refresh_token") != "refresh-"+strconv.Itoa(i.next):
		refuse(nethttp.StatusBadRequest, "invalid_grant")
	default:
		i.next++
		i.renewed++
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(object{
			"access_token": "access-" + strconv.Itoa(i.next), "refresh_token": "refresh-" + strconv.Itoa(i.next), "token_type": "Bearer", "expires_in": 3600,
		})
	}
}

func (i *issuer) count() int {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.renewed
}

// domain serves vaults that reach the issuer.
func (i *issuer) domain(tb testing.TB, _ *bus.Conn, db *store.DB) []operations.Operation {
	tb.Helper()
	v := credentials.New(db, key(tb, keyText), credentials.Config{
		Transport: i.Client().Transport, Logger: slog.New(slog.NewTextHandler(tb.Output(), nil)),
	})
	tb.Cleanup(v.Close)
	return v.Operations()
}

// keep stores a credential whose access token ends at a time.
func (i *issuer) keep(tb testing.TB, h *operationstest.Harness, ends time.Time) {
	tb.Helper()
	call := h.NewPersonsCall(tb, "action:credentials.store", object{"credential_id": "mail", "credential": i.credential(ends)})
	if _, err := h.Conn.Call(tb.Context(), call); err != nil {
		tb.Fatal(err)
	}
}

// credential is one that the issuer renews.
func (i *issuer) credential(ends time.Time) object {
	return object{
		"type": "oauth2", "access_token": "access-0", "refresh_token": "refresh-" + strconv.Itoa(i.next), "expires_at": ends.UTC().Format(time.RFC3339),
		"client_id": "client", "client_secret": clientSecret, "token_url": i.URL + "/token", "scopes": []string{"mail.read"},
	}
}

func token(tb testing.TB, h *operationstest.Harness) string {
	tb.Helper()
	var got struct {
		AccessToken string `json:"access_token"`
	}
	h.OK(tb, "query:credentials.get", object{"credential_id": "mail"}, &got)
	return got.AccessToken
}

// TestRenewedOnce: whoever asks at the same time, in whichever service, one renewal is made and all get what came of it.
func TestRenewedOnce(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, newURL func(testing.TB) string) {
		i := newIssuer(t)
		h := operationstest.New(t, newURL(t), i.domain)
		h.Serve(t)
		for round := 1; round <= 3; round++ {
			i.keep(t, h, time.Now().Add(-time.Minute))
			calls := make([]*bus.Call, 24)
			for at := range calls {
				calls[at] = h.NewCall(t, "query:credentials.get", object{"credential_id": "mail"})
			}
			var wg sync.WaitGroup
			for _, call := range calls {
				wg.Go(func() {
					answer, err := h.Conn.Call(t.Context(), call)
					if err != nil || !strings.Contains(string(answer), "access-"+strconv.Itoa(round)) {
						t.Errorf("answer is %s, %v", answer, err)
					}
				})
			}
			wg.Wait()
			if n := i.count(); n != round {
				t.Fatalf("%d renewals in round %d", n, round)
			}
		}
	})
}

func TestRenewal(t *testing.T) {
	t.Parallel()
	soon, later := time.Now().Add(time.Minute), time.Now().Add(time.Hour)
	t.Run("none while the access token is good for long", func(t *testing.T) {
		t.Parallel()
		i := newIssuer(t)
		h := operationstest.New(t, storetest.SQLite(t), i.domain)
		i.keep(t, h, later)
		if got := token(t, h); got != "access-0" || i.count() != 0 {
			t.Errorf("token is %s after %d renewals", got, i.count())
		}
	})
	t.Run("before the end, and again with the new refresh token", func(t *testing.T) {
		t.Parallel()
		i := newIssuer(t)
		h := operationstest.New(t, storetest.SQLite(t), i.domain)
		i.keep(t, h, soon)
		if first, again := token(t, h), token(t, h); first != "access-1" || again != "access-1" {
			t.Errorf("tokens are %s, %s", first, again)
		}
	})
	t.Run("a guest does not get what renews it", func(t *testing.T) {
		t.Parallel()
		i := newIssuer(t)
		h := operationstest.New(t, storetest.SQLite(t), i.domain)
		i.keep(t, h, later)
		var got object
		h.OK(t, "query:credentials.get", object{"credential_id": "mail"}, &got)
		for _, field := range []string{"refresh_token", "client_id", "client_secret", "token_url"} {
			if got[field] != nil {
				t.Errorf("it gets %s", field)
			}
		}
	})
	t.Run("permission_denied for a guest that says where", func(t *testing.T) {
		t.Parallel()
		i := newIssuer(t)
		h := operationstest.New(t, storetest.SQLite(t), i.domain)
		message := h.Refused(t, bus.PermissionDenied, "action:credentials.store", object{"credential_id": "mail", "credential": i.credential(soon)})
		if !strings.Contains(message, "airlock credentials add mail") {
			t.Errorf("message is %q", message)
		}
		h.Refused(t, bus.NotFound, "query:credentials.get", object{"credential_id": "mail"})
	})
	t.Run("the token that is still good, while the server fails", func(t *testing.T) {
		t.Parallel()
		i := newIssuer(t)
		i.status = 503
		h := operationstest.New(t, storetest.SQLite(t), i.domain)
		i.keep(t, h, soon)
		if got := token(t, h); got != "access-0" {
			t.Errorf("token is %s", got)
		}
	})
	t.Run("kept although its caller stopped waiting", func(t *testing.T) {
		t.Parallel()
		i := newIssuer(t)
		i.wait = make(chan struct{})
		h := operationstest.New(t, storetest.SQLite(t), i.domain)
		i.keep(t, h, time.Now().Add(-time.Minute))
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		defer cancel()
		if _, err := h.Conn.Call(ctx, h.NewCall(t, "query:credentials.get", object{"credential_id": "mail"})); bus.CodeOf(err) != bus.DeadlineExceeded {
			t.Errorf("error is %v", err)
		}
		close(i.wait)
		if got := token(t, h); got != "access-1" || i.count() != 1 {
			t.Errorf("token is %s after %d renewals", got, i.count())
		}
	})
	t.Run("what was stored meanwhile stays", func(t *testing.T) {
		t.Parallel()
		i := newIssuer(t)
		i.wait = make(chan struct{})
		h := operationstest.New(t, storetest.SQLite(t), i.domain)
		i.keep(t, h, time.Now().Add(-time.Minute))
		call, done := h.NewCall(t, "query:credentials.get", object{"credential_id": "mail"}), make(chan error, 1)
		go func() {
			answer, err := h.Conn.Call(context.Background(), call)
			if err == nil && !strings.Contains(string(answer), "of-a-person") {
				t.Errorf("answer is %s", answer)
			}
			done <- err
		}()
		<-i.asked
		h.OK(t, "action:credentials.store", object{"credential_id": "mail", "credential": object{"type": "oauth2", "access_token": "of-a-person"}}, nil)
		close(i.wait)
		if err := <-done; err != nil {
			t.Error(err)
		}
		if got := token(t, h); got != "of-a-person" {
			t.Errorf("token is %s", got)
		}
	})
	for name, tt := range map[string]struct {
		status int
		code   string
		want   bus.Code
		says   string
	}{
		"a refresh token that was revoked": {400, "invalid_grant", bus.FailedPrecondition, "airlock credentials add mail"},
		"a client that is not known":       {401, "invalid_client", bus.FailedPrecondition, "client_secret"},
		"an error in odd words":            {400, "SECRET " + clientSecret, bus.FailedPrecondition, "token_url"},
		"a server that fails":              {500, "server_error", bus.Unavailable, "later"},
		"too many requests":                {429, "slow_down", bus.Unavailable, "later"},
		"a redirect":                       {302, "", bus.FailedPrecondition, "token_url"},
	} {
		t.Run(string(tt.want)+" for "+name, func(t *testing.T) {
			t.Parallel()
			i := newIssuer(t)
			i.status, i.code = tt.status, tt.code
			h := operationstest.New(t, storetest.SQLite(t), i.domain)
			i.keep(t, h, time.Now().Add(-time.Minute))
			message := h.Refused(t, tt.want, "query:credentials.get", object{"credential_id": "mail"})
			if !strings.Contains(message, tt.says) || strings.Contains(message, clientSecret) || strings.Contains(message, "refresh-0") {
				t.Errorf("message is %q", message)
			}
			i.mu.Lock()
			i.status = 0
			i.mu.Unlock()
			if got := token(t, h); got != "access-1" { // nothing is in the way of the next
				t.Errorf("token is %s", got)
			}
		})
	}
}

func TestListAndDelete(t *testing.T) {
	t.Parallel()
	operationstest.Exercise(t, domain, operationstest.Example{
		Method: "action:credentials.delete",
		Input: func(tb testing.TB, h *operationstest.Harness) any {
			in := apiKey(uuid.NewString(), "s")
			h.OK(tb, "action:credentials.store", in, nil)
			return object{"credential_id": in["credential_id"]}
		},
		Bad: map[string]any{"an id too long": object{"credential_id": strings.Repeat("i", 129)}},
		Effects: func(tb testing.TB, h *operationstest.Harness) (n int) {
			tb.Helper()
			err := h.DB.Read(tb.Context(), func(tx *store.Tx) error {
				return tx.QueryRow(tb.Context(), `SELECT -count(*) FROM credentials`).Scan(&n)
			})
			if err != nil {
				tb.Fatal(err)
			}
			return n
		},
	})
	h := operationstest.New(t, storetest.SQLite(t), domain)
	for _, id := range []string{"c", "a", "b"} {
		h.OK(t, "action:credentials.store", apiKey(id, "planted-secret"), nil)
	}
	type page struct {
		Credentials []struct {
			ID   string `json:"credential_id"`
			Type string `json:"type"`
		} `json:"credentials"`
		Next string `json:"next"`
	}
	t.Run("pages in the order of ids", func(t *testing.T) {
		t.Parallel()
		var first, second page
		h.OK(t, "query:credentials.list", object{"limit": 2}, &first)
		h.OK(t, "query:credentials.list", object{"limit": 2, "after": first.Next}, &second)
		if len(first.Credentials) != 2 || first.Next != "b" || len(second.Credentials) != 1 || second.Credentials[0].ID != "c" || second.Next != "" {
			t.Errorf("pages are %+v, %+v", first, second)
		}
		if first.Credentials[0].Type != "api_key" {
			t.Errorf("type is %q", first.Credentials[0].Type)
		}
	})
	t.Run("without secrets", func(t *testing.T) {
		t.Parallel()
		answer, err := h.Call(t, "query:credentials.list", h.Library, object{})
		if err != nil || strings.Contains(string(answer), "planted-secret") {
			t.Errorf("answer is %s, %v", answer, err)
		}
	})
	t.Run("none of another library", func(t *testing.T) {
		t.Parallel()
		if answer, err := h.Call(t, "query:credentials.list", uuid.New(), object{}); err != nil || string(answer) != `{"credentials":[]}` {
			t.Errorf("answer is %s, %v", answer, err)
		}
	})
	t.Run("invalid_argument for a limit that is none", func(t *testing.T) {
		t.Parallel()
		h.Refused(t, bus.InvalidArgument, "query:credentials.list", object{"limit": 1001})
	})
}

func TestRewrap(t *testing.T) {
	t.Parallel()
	url := storetest.SQLite(t)
	h := operationstest.New(t, url, domain)
	for n := range 5 {
		h.OK(t, "action:credentials.store", apiKey(strconv.Itoa(n), "secret"), nil)
	}
	before, after := key(t, keyText), key(t, otherText)
	both := credentials.New(h.DB, after, credentials.Config{Previous: []*credentials.Key{before}})
	t.Run("both keys open while it lasts", func(t *testing.T) {
		if got, err := both.Use(t.Context(), h.Library, "0"); err != nil || got.Key != "secret" {
			t.Errorf("got %v, %v", got.Type, err)
		}
	})
	t.Run("a key that is not there leaves what it sealed", func(t *testing.T) {
		alone := credentials.New(h.DB, after, credentials.Config{})
		if got, err := alone.Rewrap(t.Context()); err != nil || got.Rewrapped != 0 || got.Left != 5 {
			t.Errorf("got %+v, %v", got, err)
		}
	})
	t.Run("all are of the new key, and again there is nothing to do", func(t *testing.T) {
		if got, err := both.Rewrap(t.Context()); err != nil || got.Rewrapped != 5 || got.Left != 0 || got.KeyID != after.ID() {
			t.Errorf("got %+v, %v", got, err)
		}
		if got, err := both.Rewrap(t.Context()); err != nil || got.Rewrapped != 0 || got.Left != 0 {
			t.Errorf("again got %+v, %v", got, err)
		}
	})
	t.Run("the new key alone opens all", func(t *testing.T) {
		alone := credentials.New(h.DB, after, credentials.Config{})
		for n := range 5 {
			if got, err := alone.Use(t.Context(), h.Library, strconv.Itoa(n)); err != nil || got.Key != "secret" {
				t.Errorf("got %v, %v", got.Type, err)
			}
		}
	})
	t.Run("the old one opens none", func(t *testing.T) {
		h.Refused(t, bus.FailedPrecondition, "query:credentials.get", object{"credential_id": "0"})
	})
}
