package node

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestModelKey(t *testing.T) {
	t.Parallel()
	const key = "sk-planted-0123456789"
	file := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(file, []byte(key+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	empty := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(empty, []byte("\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		config Operations
		want   string
		part   string
	}{
		"none":                        {Operations{}, "", ""},
		"of the environment":          {Operations{AIKey: key}, key, ""},
		"of a file":                   {Operations{AIKeyFile: file}, key, ""},
		"of a command":                {Operations{AIKeyCommand: "cat " + file}, key, ""},
		"of two places":               {Operations{AIKey: key, AIKeyFile: file}, "", "two places"},
		"of a file that is not there": {Operations{AIKeyFile: file + "s"}, "", "no such file"},
		"of a file without one":       {Operations{AIKeyFile: empty}, "", "there is none"},
		"of a command that fails":     {Operations{AIKeyCommand: "cat " + file + "; cat " + file + " >&2; exit 3"}, "", "exit status 3"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := modelKey(t.Context(), Config{Operations: test.config})
			if got != test.want || test.part == "" && err != nil {
				t.Errorf("got %q, %v", got, err)
			}
			if test.part != "" && (err == nil || !strings.Contains(err.Error(), test.part) || strings.Contains(err.Error(), key)) {
				t.Errorf("error is %v, want %q", err, test.part)
			}
		})
	}
}

func TestOpenModel(t *testing.T) {
	t.Parallel()
	log := slog.New(slog.DiscardHandler)
	if client, err := openModel(t.Context(), Config{}, log); err != nil || client == nil {
		t.Errorf("without a server: %v, %v", client, err)
	}
	if _, err := openModel(t.Context(), Config{Operations: Operations{AIURL: "localhost:11434", AIModel: "m"}}, log); err == nil || !strings.Contains(err.Error(), "like http://") {
		t.Errorf("a URL without a protocol: %v", err)
	}
}
