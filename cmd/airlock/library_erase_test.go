package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/bus/bustest"
	"github.com/airlock-run/airlock/internal/guests"
	"github.com/airlock-run/airlock/internal/testcache"
	"github.com/airlock-run/airlock/operations/mail"
	"github.com/airlock-run/airlock/operations/store"
)

// However often erasing a library is cut off, and Airlock with it, the same command ends it, and nothing of the library is left.
func TestEraseIsKilled(t *testing.T) {
	t.Parallel()
	dir := testcache.DataDir(t)
	airlockd := start(t, "up", "--data-dir", dir, "--mail-folders", dir)
	library, other := uuid.New(), uuid.New()
	must(t, "extension", "load", guests.Build(t, "greeter"), "--data-dir", dir)
	for _, l := range []uuid.UUID{library, other} {
		fill(t, dir, l)
	}
	finished := false
	for round := 0; !finished; round++ {
		if round > 200 {
			t.Fatal("it comes to no end")
		}
		cmd := exec.CommandContext(t.Context(), os.Args[0], "library", "erase", library.String(), "--yes", "--data-dir", dir)
		cmd.Env = append(os.Environ(), actAsAirlock+"=1")
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 1)
		go func() { ended <- cmd.Wait() }()
		select {
		case err := <-ended:
			if err == nil {
				finished = true
			}
		case <-time.After(time.Duration(20+10*round) * time.Millisecond):
			_ = cmd.Process.Kill()
			finished = <-ended == nil // as it ended before it was killed
			if round%4 == 3 {
				airlockd.kill()
				airlockd = start(t, "up", "--data-dir", dir, "--mail-folders", dir)
			}
		}
		if _, _, code := airlock(t, "library", "show", library.String(), "--data-dir", dir); code == 1 {
			finished = true // killed between its last step and its last word
		}
	}
	if left := leftOf(t, dir, library); len(left) > 0 {
		t.Errorf("left of the library: %v", left)
	}
	if left := leftOf(t, dir, other); len(left) < 6 {
		t.Errorf("left of another library is only %v", left)
	}
}

// fill makes a library with some of all there is.
func fill(t *testing.T, dir string, library uuid.UUID) {
	t.Helper()
	at := func(args ...string) { must(t, append(args, "--data-dir", dir)...) }
	in := func(args ...string) { at(append(args, "--library", library.String())...) }
	at("library", "create", library.String())
	at("library", "grant", library.String(), "greeter")
	in("call", "action:credentials.store", `{"credential_id":"a","credential":{"type":"api_key","key":"k"}}`)
	in("extension", "settings", "set", "greeter", `{}`)
	in("call", "action:notify.send", `{"title":"a"}`)
	in("schedule", "add", library.String(), "--job", "greeter:greet", "--cron", "0 7 * * *")
	conn := connect(t, bus.Config{Socket: filepath.Join(dir, bus.SocketName)})
	account := mail.Account{ID: "a", Library: library, Settings: mail.Settings{Host: "127.0.0.1", Port: 1}}
	if err := conn.API(t.Context(), "mail", "add", account, nil); err != nil {
		t.Fatal(err)
	}
	in("mail", "add", "files", "--folder", dir) // which numbers them from then on
	due := time.Now().Add(time.Hour)
	var jobs []*bus.Job
	for range 20 {
		jobs = append(jobs, &bus.Job{Extension: "greeter", Name: "greet", Library: library, Due: &due}, &bus.Job{Extension: "greeter", Name: "greet", Library: library})
	}
	jobs[0].Input = []byte(`"` + strings.Repeat("x", 1<<20) + `"`)
	if _, err := conn.EnqueueMany(t.Context(), jobs); err != nil {
		t.Fatal(err)
	}
	act := func(name string, payload, out any) {
		t.Helper()
		if err := operate(t.Context(), conn, name, library, payload, out); err != nil {
			t.Fatal(err)
		}
	}
	act("action:vdfs.write_content", map[string]any{"data": make([]byte, 100_000), "more": true}, &struct{}{})
	for i := range 5 {
		var e struct{ ID string }
		act("action:vdfs.create_entry", map[string]any{"name": "a", "path": fmt.Sprintf("/%d", i), "entry_type": "note"}, &e)
		act("action:vdfs.write_sidecar", map[string]any{"entry_id": e.ID, "filename": "a.txt", "data": []byte("words")}, &struct{}{})
		act("action:vdfs.write_sidecar", map[string]any{"entry_id": e.ID, "filename": "large", "data": make([]byte, 100_000+i)}, &struct{}{})
		if _, err := conn.PutContent(t.Context(), library, []byte(strings.Repeat(strconv.Itoa(i), 200_000))); err != nil {
			t.Fatal(err)
		}
		if err := conn.Publish(t.Context(), &bus.Event{ID: uuid.NewString(), Source: "test", Type: "x.happened", Library: library}); err != nil {
			t.Fatal(err)
		}
	}
}

// leftOf is what there is of a library, in the database and on the bus.
func leftOf(t *testing.T, dir string, library uuid.UUID) []string {
	t.Helper()
	var left []string
	db, err := store.Open(t.Context(), filepath.Join(dir, "airlock.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	var tables []string
	err = db.Read(t.Context(), func(tx *store.Tx) error {
		tables = nil
		return tx.Query(t.Context(), func(scan func(...any) error) error {
			var name string
			err := scan(&name)
			tables = append(tables, name)
			return err
		}, `SELECT m.name FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table' AND c.name = 'library_id'`)
	})
	if err != nil || len(tables) < 5 {
		t.Fatalf("tables with data of libraries: %v, %v", tables, err)
	}
	for _, table := range tables {
		var n int
		err := db.Read(t.Context(), func(tx *store.Tx) error {
			return tx.QueryRow(t.Context(), `SELECT count(*) FROM "`+table+`" WHERE library_id = $1`, library.String()).Scan(&n)
		})
		if err != nil {
			t.Fatal(err)
		}
		if n > 0 {
			left = append(left, fmt.Sprintf("%d rows in %s", n, table))
		}
	}
	// What was done in a library stays in the audit, and that there was one in the buckets' marks of what was deleted.
	kept := []string{"airlock.audit.", "$KV.airlock-libraries.", "$KV.airlock-schedules."}
	for _, subject := range bustest.Subjects(t, filepath.Join(dir, bus.SocketName)) {
		if strings.Contains(subject, library.String()) && !slices.ContainsFunc(kept, func(prefix string) bool { return strings.HasPrefix(subject, prefix) }) {
			left = append(left, subject)
		}
	}
	return left
}
