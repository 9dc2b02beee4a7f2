package main

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/airlock-run/airlock/bus"
)

// The demo empties what it left the last time, and nothing that is another's or in use.
func TestEmptyDataDir(t *testing.T) {
	t.Parallel()
	left := []string{"airlock.db", "airlock.db-wal", "airlock.db.lock", "airlock-jobs.db", "airlock-jobs.db.lock", "master.key", "nats/js/x", "cache/x"}
	fill := func(t *testing.T, more ...string) string {
		t.Helper()
		dir, err := os.MkdirTemp("", "demo") //nolint:usetesting // short, for the socket has a path of 108 bytes at most
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = os.RemoveAll(dir) })
		for _, name := range append(more, left...) {
			file := filepath.Join(dir, name)
			if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		return dir
	}
	names := func(t *testing.T, dir string) string {
		t.Helper()
		files, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		var all []string
		for _, file := range files {
			all = append(all, file.Name())
		}
		return strings.Join(all, " ")
	}
	t.Run("left by a demo", func(t *testing.T) {
		t.Parallel()
		dir := fill(t)
		if err := emptyDataDir(dir); err != nil || names(t, dir) != "cache" {
			t.Errorf("error %v, there are %s", err, names(t, dir))
		}
	})
	t.Run("another's", func(t *testing.T) {
		t.Parallel()
		dir := fill(t, "thesis.txt")
		before := names(t, dir)
		if err := emptyDataDir(dir); err == nil || !strings.Contains(err.Error(), "thesis.txt") || names(t, dir) != before {
			t.Errorf("error %v, there are %s", err, names(t, dir))
		}
	})
	t.Run("in use", func(t *testing.T) {
		t.Parallel()
		dir := fill(t)
		listener, err := (&net.ListenConfig{}).Listen(t.Context(), "unix", filepath.Join(dir, bus.SocketName))
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = listener.Close() }()
		before := names(t, dir)
		if err := emptyDataDir(dir); err == nil || !strings.Contains(err.Error(), "stop it") || names(t, dir) != before {
			t.Errorf("error %v, there are %s", err, names(t, dir))
		}
	})
}
