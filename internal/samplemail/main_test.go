package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"testing"
)

// committed is the folder with the mails this program wrote.
const committed = "../../examples/mail"

func TestRunWritesTheCommittedMails(t *testing.T) {
	t.Parallel()
	out := t.TempDir()
	if err := run([]string{"-out", out}, io.Discard); err != nil {
		t.Fatal(err)
	}
	written, err := filepath.Glob(filepath.Join(out, "*.eml"))
	if err != nil {
		t.Fatal(err)
	}
	if len(written) != len(samples) {
		t.Fatalf("%d mails, want %d", len(written), len(samples))
	}
	for _, path := range written {
		got, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		want, err := os.ReadFile(filepath.Join(committed, filepath.Base(path)))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s differs from the committed one; run: go run ./internal/samplemail -out examples/mail", filepath.Base(path))
		}
	}
}

func TestRunRefuses(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, args := range map[string][]string{"unknown flag": {"-to", "x"}, "not a folder": {"-out", file}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if err := run(args, io.Discard); err == nil {
				t.Error("no error")
			}
		})
	}
}
