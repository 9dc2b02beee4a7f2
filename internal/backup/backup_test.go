package backup_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/bus/bustest"
	"github.com/airlock-run/airlock/internal/backup"
	"github.com/airlock-run/airlock/internal/pgtest"
	"github.com/airlock-run/airlock/operations"
	"github.com/airlock-run/airlock/operations/credentials"
	"github.com/airlock-run/airlock/operations/store"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

func key(t *testing.T, first byte) *credentials.Key {
	t.Helper()
	bytes := make([]byte, 32)
	bytes[0] = first
	k, err := credentials.ParseKey(base64.StdEncoding.EncodeToString(bytes))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// keep serves the operations on credentials, and calls one as a person does.
func keep(t *testing.T, conn *bus.Conn, database, kind, operation, payload string) []byte {
	t.Helper()
	db, err := store.Open(t.Context(), database)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	service, err := operations.Serve(conn, operations.Config{Name: "credentials", Store: db}, credentials.New(db, key(t, 1), credentials.Config{}).Operations()...)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = service.Stop() }()
	answer, err := conn.Call(t.Context(), &bus.Call{
		Extension: bus.Operator, Kind: bus.Kind(kind), Operation: operation, Library: uuid.Max, Payload: []byte(payload),
	})
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

// taken is a backup of a bus, and of a database with a credential.
func taken(t *testing.T, database string) string {
	t.Helper()
	conn := bustest.New(t)
	keep(t, conn, database, "action", "credentials.store", `{"credential_id":"mail","credential":{"type":"api_key","key":"secret"}}`)
	dir := filepath.Join(t.TempDir(), "backup")
	m, err := backup.Take(t.Context(), conn, dir, backup.Config{Database: database, Version: "1"})
	if err != nil {
		t.Fatal(err)
	}
	if m.Credential == nil || m.Credential.KeyID != key(t, 1).ID() {
		t.Errorf("the backup has the credential %+v", m.Credential)
	}
	return dir
}

func empty(t *testing.T) *bus.Conn {
	t.Helper()
	conn, err := bus.Connect(bus.Config{Server: bustest.Start(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Close)
	return conn
}

func TestDatabasesAreRestored(t *testing.T) {
	t.Parallel()
	for name, database := range map[string]func(*testing.T) string{
		"sqlite":   func(t *testing.T) string { t.Helper(); return filepath.Join(t.TempDir(), "airlock.db") },
		"postgres": func(t *testing.T) string { t.Helper(); return pgtest.Database(t) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := taken(t, database(t))
			b, err := backup.Open(dir)
			if err != nil {
				t.Fatal(err)
			}
			if string(b.Database) != name {
				t.Errorf("the database is %s", b.Database)
			}
			conn, to := empty(t), database(t)
			if _, err := b.Restore(t.Context(), conn, to); err != nil {
				t.Fatal(err)
			}
			if err := conn.Setup(t.Context()); err != nil {
				t.Fatal(err)
			}
			if got := keep(t, conn, to, "query", "credentials.get", `{"credential_id":"mail"}`); !strings.Contains(string(got), "secret") {
				t.Errorf("the credential is %s", got)
			}
			if _, err := b.Restore(t.Context(), conn, to); !errors.Is(err, bus.ErrNotEmpty) {
				t.Errorf("restore once more: %v", err)
			}
			if _, err := b.Restore(t.Context(), empty(t), to); !errors.Is(err, store.ErrNotEmpty) {
				t.Errorf("restore to a database that is used: %v", err)
			}
		})
	}
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	whole := taken(t, filepath.Join(t.TempDir(), "airlock.db"))
	change := func(name string, change func(t *testing.T, path string)) func(*testing.T, string) {
		return func(t *testing.T, dir string) { t.Helper(); change(t, filepath.Join(dir, name)) }
	}
	remove := func(t *testing.T, path string) {
		t.Helper()
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
	flip := func(t *testing.T, path string) {
		t.Helper()
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		data[len(data)/2] ^= 1
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	edit := func(edit func(map[string]any)) func(*testing.T, string) {
		return change("manifest.json", func(t *testing.T, path string) {
			t.Helper()
			var m map[string]any
			data, err := os.ReadFile(path)
			if err == nil {
				err = json.Unmarshal(data, &m)
			}
			edit(m)
			if data, _ = json.Marshal(m); err == nil {
				err = os.WriteFile(path, data, 0o600)
			}
			if err != nil {
				t.Fatal(err)
			}
		})
	}
	for name, c := range map[string]struct {
		damage func(*testing.T, string)
		want   string
	}{
		"cut off":               {change("manifest.json", remove), "has no manifest.json: it is no backup, or one that was cut off"},
		"a stream missing":      {change("streams/JOBS/stream.arc.s2", remove), "damaged: streams/JOBS/stream.arc.s2 is missing"},
		"a bit of a stream":     {change("streams/RUNS/stream.arc.s2", flip), "damaged: streams/RUNS/stream.arc.s2 is not what was written"},
		"a bit of the database": {change("database.sqlite", flip), "damaged: database.sqlite is not what was written"},
		"a newer format":        {edit(func(m map[string]any) { m["format"] = 2 }), "has format 2 and this airlock reads up to 1: use a newer airlock"},
		"no format":             {edit(func(m map[string]any) { delete(m, "format") }), "manifest.json cannot be read"},
		"a file elsewhere": {edit(func(m map[string]any) {
			files, _ := m["files"].(map[string]any)
			files["../x"] = map[string]any{}
		}), `names the file "../x"`},
		"no database": {edit(func(m map[string]any) { m["database"] = "postgres" }), "does not name database.pgdump"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), "damaged")
			if err := os.CopyFS(dir, os.DirFS(whole)); err != nil {
				t.Fatal(err)
			}
			c.damage(t, dir)
			if _, err := backup.Open(dir); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("open: %v, want %s", err, c.want)
			}
		})
	}
}

func TestCheckKeyRefuses(t *testing.T) {
	t.Parallel()
	b, err := backup.Open(taken(t, filepath.Join(t.TempDir(), "airlock.db")))
	if err != nil {
		t.Fatal(err)
	}
	if err := b.CheckKey(key(t, 1)); err != nil {
		t.Errorf("the right key: %v", err)
	}
	if err := b.CheckKey(key(t, 2)); !errors.Is(err, credentials.ErrOtherKey) {
		t.Errorf("another key: %v", err)
	}
	if err := b.CheckKey(nil); err == nil || !strings.Contains(err.Error(), "--master-key-file") {
		t.Errorf("no key: %v", err)
	}
}

func TestTakeRefusesAFolderInUse(t *testing.T) {
	t.Parallel()
	dir := taken(t, filepath.Join(t.TempDir(), "airlock.db"))
	if _, err := backup.Take(t.Context(), empty(t), dir, backup.Config{}); err == nil || !strings.Contains(err.Error(), "is not empty") {
		t.Errorf("take: %v", err)
	}
}
