package credentials_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/bus/bustest"
	"github.com/airlock-run/airlock/operations"
	"github.com/airlock-run/airlock/operations/credentials"
	"github.com/airlock-run/airlock/operations/operationstest"
	"github.com/airlock-run/airlock/operations/store"
	"github.com/airlock-run/airlock/operations/store/storetest"
)

const (
	keyText   = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
	otherText = "/wECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
)

func domain(tb testing.TB, _ *bus.Conn, db *store.DB) []operations.Operation {
	tb.Helper()
	return credentials.New(db, key(tb, keyText), credentials.Config{}).Operations()
}

func key(tb testing.TB, text string) *credentials.Key {
	tb.Helper()
	k, err := credentials.ParseKey(text)
	if err != nil {
		tb.Fatal(err)
	}
	return k
}

type object = map[string]any

func apiKey(id, secret string) object {
	return object{"credential_id": id, "credential": object{"type": "api_key", "key": secret}}
}

func TestStore(t *testing.T) {
	t.Parallel()
	with := func(credential any) object { return object{"credential_id": "a", "credential": credential} }
	operationstest.Exercise(t, domain, operationstest.Example{
		Method: "action:credentials.store",
		Input:  func(testing.TB, *operationstest.Harness) any { return apiKey(uuid.NewString(), "s") },
		Bad: map[string]any{
			"no id":                object{"credential": object{"type": "api_key", "key": "s"}},
			"an id too long":       apiKey(strings.Repeat("i", 129), "s"),
			"NUL in the id":        apiKey("a\x00", "s"),
			"no credential":        object{"credential_id": "a"},
			"credential null":      with(nil),
			"credential as text":   with("s"),
			"no type":              with(object{"key": "s"}),
			"an unknown type":      with(object{"type": "certificate"}),
			"no key":               with(object{"type": "api_key"}),
			"no password":          with(object{"type": "basic", "username": "u"}),
			"no access token":      with(object{"type": "oauth2", "refresh_token": "r"}),
			"a time as a number":   with(object{"type": "oauth2", "access_token": "a", "expires_at": 5}),
			"a time in words":      with(object{"type": "oauth2", "access_token": "a", "expires_at": "tomorrow"}),
			"scopes as text":       with(object{"type": "oauth2", "access_token": "a", "scopes": "a b"}),
			"more than is allowed": apiKey("a", strings.Repeat("s", 64<<10)),
		},
		Effects: func(tb testing.TB, h *operationstest.Harness) (n int) {
			tb.Helper()
			err := h.DB.Read(tb.Context(), func(tx *store.Tx) error {
				return tx.QueryRow(tb.Context(), `SELECT count(*) FROM credentials`).Scan(&n)
			})
			if err != nil {
				tb.Fatal(err)
			}
			return n
		},
	})
}

func TestGet(t *testing.T) {
	t.Parallel()
	operationstest.Exercise(t, domain, operationstest.Example{
		Method: "query:credentials.get", Owned: true,
		Input: func(tb testing.TB, h *operationstest.Harness) any {
			in := apiKey(uuid.NewString(), "s")
			h.OK(tb, "action:credentials.store", in, nil)
			return object{"credential_id": in["credential_id"]}
		},
		Bad: map[string]any{"an id too long": object{"credential_id": strings.Repeat("i", 129)}},
	})
	h := operationstest.New(t, storetest.SQLite(t), domain)
	for name, tt := range map[string]struct{ stored, want string }{
		"api_key": {`{"type": "api_key", "key": "k<&>é", "password": "not its"}`, `{"type":"api_key","key":"k<&>é"}`},
		"basic":   {`{"type": "basic", "username": "u", "password": "p"}`, `{"type":"basic","username":"u","password":"p"}`},
		"oauth2":  {`{"type": "oauth2", "access_token": "a"}`, `{"type":"oauth2","access_token":"a"}`},
		"o_auth2, which Spacedrive says": {
			`{"type": "o_auth2", "access_token": "a", "refresh_token": "r", "expires_at": "2026-11-22T18:00:00Z", "scopes": ["s"]}`,
			`{"type":"oauth2","access_token":"a","refresh_token":"r","expires_at":"2026-11-22T18:00:00Z","scopes":["s"]}`,
		},
	} {
		t.Run("returns what was stored: "+name, func(t *testing.T) {
			t.Parallel()
			h.OK(t, "action:credentials.store", `{"credential_id": "`+name+`", "credential": `+tt.stored+`}`, nil)
			var want, got object
			if err := json.Unmarshal([]byte(tt.want), &want); err != nil {
				t.Fatal(err)
			}
			h.OK(t, "query:credentials.get", object{"credential_id": name}, &got)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
	t.Run("the newest stored holds", func(t *testing.T) {
		t.Parallel()
		h.OK(t, "action:credentials.store", apiKey("again", "old"), nil)
		h.OK(t, "action:credentials.store", apiKey("again", "new"), nil)
		var got struct {
			Key string `json:"key"`
		}
		if h.OK(t, "query:credentials.get", object{"credential_id": "again"}, &got); got.Key != "new" {
			t.Errorf("key is %q, want the new one", got.Key)
		}
	})
	t.Run("not_found", func(t *testing.T) {
		t.Parallel()
		h.Refused(t, bus.NotFound, "query:credentials.get", object{"credential_id": "none"})
	})
}

func TestSealedRowsCannotBeMoved(t *testing.T) {
	t.Parallel()
	h := operationstest.New(t, storetest.SQLite(t), domain)
	other := uuid.New()
	h.OK(t, "action:credentials.store", apiKey("mine", "of mine"), nil)
	h.OK(t, "action:credentials.store", apiKey("yours", "of yours"), nil)
	err := h.DB.Write(t.Context(), func(tx *store.Tx) error {
		if _, err := tx.Exec(t.Context(), `UPDATE credentials SET sealed =
			(SELECT sealed FROM credentials WHERE credential_id = 'yours') WHERE credential_id = 'mine'`); err != nil {
			return err
		}
		_, err := tx.Exec(t.Context(), `INSERT INTO credentials (library_id, credential_id, key_id, sealed, created_at, updated_at)
			SELECT $1, credential_id, key_id, sealed, created_at, updated_at
			FROM credentials WHERE credential_id = 'yours'`, other.String())
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Run("to another id", func(t *testing.T) {
		h.Refused(t, bus.Internal, "query:credentials.get", object{"credential_id": "mine"})
	})
	t.Run("to another library", func(t *testing.T) {
		if _, err := h.Call(t, "query:credentials.get", other, object{"credential_id": "yours"}); bus.CodeOf(err) != bus.Internal {
			t.Errorf("error is %v, want internal", err)
		}
	})
	t.Run("and stay readable where they belong", func(t *testing.T) {
		h.OK(t, "query:credentials.get", object{"credential_id": "yours"}, nil)
	})
}

func TestWrongMasterKeySaysSo(t *testing.T) {
	t.Parallel()
	url := storetest.SQLite(t)
	h := operationstest.New(t, url, domain)
	h.OK(t, "action:credentials.store", apiKey("a", "s"), nil)
	wrong := operationstest.New(t, url, func(tb testing.TB, _ *bus.Conn, db *store.DB) []operations.Operation {
		return credentials.New(db, key(tb, otherText), credentials.Config{}).Operations()
	})
	wrong.Library = h.Library
	message := wrong.Refused(t, bus.FailedPrecondition, "query:credentials.get", object{"credential_id": "a"})
	if !strings.Contains(message, "master key "+key(t, keyText).ID()) || !strings.Contains(message, key(t, otherText).ID()) {
		t.Errorf("message %q does not name the keys", message)
	}
}

// TestSecretsStayInside looks for a secret where none must be: in the files of the database, the log, and errors.
func TestSecretsStayInside(t *testing.T) {
	t.Parallel()
	const secret = "correct-horse-battery-staple"
	var log bytes.Buffer
	path := storetest.SQLite(t)
	conn, db := bustest.New(t), storetest.Open(t, path)
	service, err := operations.Serve(conn, operations.Config{
		Name: "credentials", Store: db, Logger: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}, credentials.New(db, key(t, keyText), credentials.Config{}).Operations()...)
	if err != nil {
		t.Fatal(err)
	}
	call := func(kind bus.Kind, operation, payload string) error {
		job := uuid.New()
		if err := conn.Enqueue(t.Context(), &bus.Job{ID: job, Extension: "test", Name: "test", Library: uuid.Max}); err != nil {
			return err
		}
		_, err := conn.Call(t.Context(), &bus.Call{
			Extension: "test", Kind: kind, Operation: operation, Library: uuid.Max, Job: job, Attempt: 1, Key: job.String() + "/k/1",
			Payload: []byte(payload),
		})
		return err
	}
	stored := `{"credential_id": "a", "credential": {"type": "basic", "username": "u", "password": "` + secret + `"}}`
	if err := call(bus.Action, "credentials.store", stored); err != nil {
		t.Fatal(err)
	}
	if err := call(bus.Query, "credentials.get", `{"credential_id": "a"}`); err != nil {
		t.Fatal(err)
	}
	for _, credential := range []string{
		`{"type": "` + secret + `"}`, `{"type": "oauth2", "access_token": "a", "expires_at": "` + secret + `"}`, `"` + secret + `"`,
		`{"type": {"` + secret + `": 1}}`, `{"type": "api_key", "key": ["` + secret + `"]}`,
		`{"type": "oauth2", "access_token": "a", "scopes": "` + secret + `"}`,
		`{"type": "api_key", "key": "` + secret + ``,
	} {
		err := call(bus.Action, "credentials.store", `{"credential_id": "b", "credential": `+credential+`}`)
		if bus.CodeOf(err) != bus.InvalidArgument || strings.Contains(err.Error(), secret) {
			t.Errorf("error is %v, want invalid_argument without the secret", err)
		}
	}
	if err := db.Write(t.Context(), func(tx *store.Tx) error {
		_, err := tx.Exec(t.Context(), `UPDATE credentials SET library_id = $1`, uuid.Nil.String())
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if err := call(bus.Query, "credentials.get", `{"credential_id": "a"}`); bus.CodeOf(err) != bus.NotFound {
		t.Errorf("error is %v, want not_found", err)
	}
	if err := service.Stop(); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(log.String(), secret) {
		t.Errorf("the log has the secret: %s", &log)
	}
	files, err := filepath.Glob(path + "*")
	if err != nil || len(files) < 2 {
		t.Fatalf("files are %q, %v", files, err)
	}
	found := false
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(data, []byte(secret)) {
			t.Errorf("%s has the secret", file)
		}
		found = found || bytes.Contains(data, []byte(key(t, keyText).ID()))
	}
	if !found {
		t.Error("no file has the row of the credential")
	}
}
