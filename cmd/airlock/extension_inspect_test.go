package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/airlock-run/airlock/runner/sandbox"
)

// inspectModule runs `airlock extension inspect`.
func inspectModule(t *testing.T, args ...string) (string, error) {
	t.Helper()
	var out bytes.Buffer
	cmd := (&cli{stdout: &out, stderr: &out}).inspectCommand()
	cmd.SilenceUsage, cmd.SilenceErrors = true, true
	cmd.SetArgs(args)
	err := cmd.ExecuteContext(t.Context())
	return out.String(), err
}

func TestInspect(t *testing.T) {
	t.Parallel()
	folder := testGuest(t, mayTest, "")
	for name, path := range map[string]string{"folder": folder, "file": filepath.Join(folder, "guest.wasm")} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out, err := inspectModule(t, path)
			if err != nil {
				t.Fatal(err)
			}
			for _, want := range []string{
				"guest.wasm", "empty (x_empty", "spacedrive: spacedrive_call, spacedrive_call_many", "plugin_init", "at the start, at most", "places",
				"from a snapshot of", "it takes nothing from outside", "of CPU time",
			} {
				if !strings.Contains(out, want) {
					t.Errorf("%q is missing in\n%s", want, out)
				}
			}
		})
	}
	t.Run("json", func(t *testing.T) {
		t.Parallel()
		out, err := inspectModule(t, folder, "--json")
		var got inspected
		if err := errors.Join(err, json.Unmarshal([]byte(out), &got)); err != nil {
			t.Fatalf("%v in %s", err, out)
		}
		if got.Refused != nil || got.Facts == nil || got.Facts.Restore != sandbox.RestoreSnapshot || got.Preparation.WallMS <= 0 {
			t.Errorf("got %s", out)
		}
	})
	t.Run("no_snapshot", func(t *testing.T) {
		t.Parallel()
		out, err := inspectModule(t, testGuest(t, mayTest, `,"snapshot":false`))
		if err != nil || !strings.Contains(out, "started anew for each job: its manifest") {
			t.Errorf("%v in\n%s", err, out)
		}
	})
}

func TestInspectRefused(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "bad.wasm")
	if err := os.WriteFile(path, []byte("\x00asm\x01\x00\x00\x00"), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := inspectModule(t, path)
	if refused, ok := errors.AsType[*sandbox.StageError](err); !ok || refused.Stage != sandbox.StageValidate || out != "" {
		t.Errorf("got %v and %s", err, out)
	}
	out, err = inspectModule(t, path, "--json")
	var got inspected
	if parsed := json.Unmarshal([]byte(out), &got); err == nil || parsed != nil || got.Facts != nil || got.Refused.Stage != sandbox.StageValidate ||
		!strings.Contains(got.Refused.Reason, "missing export") {
		t.Errorf("got %v and %s", err, out)
	}
	if _, err := inspectModule(t, filepath.Join(t.TempDir(), "none.wasm")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file that is not there: %v", err)
	}
	if _, err := inspectModule(t); err == nil {
		t.Error("no argument is accepted")
	}
}
