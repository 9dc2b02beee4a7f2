package credentials_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/airlock-run/airlock/operations/credentials"
)

func TestParseKey(t *testing.T) {
	t.Parallel()
	t.Run("ok with a line break", func(t *testing.T) {
		t.Parallel()
		if got, want := key(t, keyText+"\n").ID(), key(t, keyText).ID(); got != want {
			t.Errorf("id is %s, want %s", got, want)
		}
	})
	t.Run("keys have ids of their own", func(t *testing.T) {
		t.Parallel()
		if key(t, keyText).ID() == key(t, otherText).ID() {
			t.Error("two keys have one id")
		}
	})
	t.Run("prints no bytes", func(t *testing.T) {
		t.Parallel()
		k := key(t, keyText)
		for _, format := range []string{"%v", "%+v", "%#v", "%s"} {
			if got := fmt.Sprintf(format, k); got != "master key "+k.ID() {
				t.Errorf("%s prints %q", format, got)
			}
		}
	})
	for name, text := range map[string]string{"nothing": "", "too short": "AAEC", "no base64": strings.Repeat("!", 44)} {
		t.Run("refuses "+name, func(t *testing.T) {
			t.Parallel()
			if _, err := credentials.ParseKey(text); err == nil {
				t.Error("no error")
			}
		})
	}
}

func TestLoadKey(t *testing.T) {
	t.Parallel()
	t.Run("makes a key once, for this user only", func(t *testing.T) {
		t.Parallel()
		path := filepath.Join(t.TempDir(), "data", "master.key")
		ids := make([]string, 16)
		var wg sync.WaitGroup
		for i := range ids {
			wg.Go(func() {
				k, err := credentials.LoadKey(path)
				if err != nil {
					t.Error(err)
					return
				}
				ids[i] = k.ID()
			})
		}
		wg.Wait()
		for _, id := range ids {
			if id != ids[0] {
				t.Errorf("keys %s and %s", ids[0], id)
			}
		}
		files, err := os.ReadDir(filepath.Dir(path))
		if err != nil || len(files) != 1 {
			t.Errorf("directory has %v, %v; want the key alone", files, err)
		}
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("mode is %v, %v; want 0600", info.Mode(), err)
		}
	})
	t.Run("refuses a file that others may read", func(t *testing.T) {
		t.Parallel()
		path := filepath.Join(t.TempDir(), "master.key")
		if err := os.WriteFile(path, []byte(keyText), 0o640); err != nil {
			t.Fatal(err)
		}
		if _, err := credentials.LoadKey(path); err == nil || !strings.Contains(err.Error(), "chmod 600") {
			t.Errorf("error is %v, want one that says chmod", err)
		}
	})
	t.Run("refuses a file that is no key, and keeps it", func(t *testing.T) {
		t.Parallel()
		path := filepath.Join(t.TempDir(), "master.key")
		if err := os.WriteFile(path, []byte("secret words"), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := credentials.LoadKey(path); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("error is %v, want one without the content", err)
		}
		if text, err := os.ReadFile(path); err != nil || string(text) != "secret words" {
			t.Errorf("file has %q, %v", text, err)
		}
	})
}
