package fence_test

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nats-io/nats-server/v2/server"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/internal/fence"
)

func TestDirectory(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "auth")
	d, err := fence.Init(path, fence.Settings{Hosts: []string{"nats.internal", "10.0.0.7", "::1"}, Replicas: 3})
	if err != nil {
		t.Fatal(err)
	}
	t.Run("a second one in its place is refused", func(t *testing.T) {
		if _, err := fence.Init(path, fence.Settings{}); !errors.Is(err, fs.ErrExist) {
			t.Errorf("error is %v", err)
		}
	})
	t.Run("the server takes the configuration", func(t *testing.T) {
		options, err := server.ProcessConfigFile(filepath.Join(path, bus.AuthConfigName))
		if err != nil || len(options.Routes) != 3 || options.Cluster.TLSConfig == nil || len(options.Nkeys) != 4 {
			t.Errorf("options: %d routes, %d keys, %v", len(options.Routes), len(options.Nkeys), err)
		}
	})
	t.Run("secrets are for one's own eyes, and in no configuration", func(t *testing.T) {
		err := filepath.WalkDir(path, func(file string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			info, err := entry.Info()
			if err != nil {
				return err
			}
			text, err := os.ReadFile(file)
			secret := bytes.Contains(text, []byte("\nSU")) || bytes.Contains(text, []byte("PRIVATE KEY"))
			if secret && (info.Mode().Perm() != 0o600 || strings.HasSuffix(file, ".conf") || strings.HasSuffix(file, ".json")) {
				t.Errorf("%s has mode %o", file, info.Mode().Perm())
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
		for _, m := range d.Members {
			text, err := os.ReadFile(d.KeyFile(m.Name))
			if err != nil || !bytes.Contains(text, []byte("\nSU")) {
				t.Errorf("%s has no key: %v", m.Name, err)
			}
		}
	})
	t.Run("the certificate is for the hosts", func(t *testing.T) {
		pair, err := tls.LoadX509KeyPair(filepath.Join(path, "server.pem"), filepath.Join(path, "server-key.pem"))
		if err != nil {
			t.Fatal(err)
		}
		roots := x509.NewCertPool()
		ca, err := os.ReadFile(d.CA())
		if err != nil || !roots.AppendCertsFromPEM(ca) {
			t.Fatalf("no authority: %v", err)
		}
		for host, want := range map[string]bool{"nats.internal": true, "10.0.0.7": true, "::1": true, "other.internal": false, "10.0.0.8": false} {
			if _, err := pair.Leaf.Verify(x509.VerifyOptions{Roots: roots, DNSName: host}); (err == nil) != want {
				t.Errorf("%s: %v", host, err)
			}
		}
	})
	t.Run("it is found again as it was", func(t *testing.T) {
		again, err := fence.Open(path)
		if err != nil || len(again.Members) != 4 || again.Members[0].Keys[0] != d.Members[0].Keys[0] {
			t.Errorf("%+v, %v", again, err)
		}
	})
	for name, c := range map[string]struct {
		member fence.Member
		says   string
	}{
		"a name with a wildcard":         {fence.Member{Name: "*", Role: fence.Client}, "want 1 to 32"},
		"a name that is taken":           {fence.Member{Name: "worker", Role: fence.Client}, "file already exists"},
		"no role":                        {fence.Member{Name: "x", Role: "admin"}, "want worker, operations"},
		"an extension with a wildcard":   {fence.Member{Name: "x", Role: fence.Pool, Extensions: []string{">"}}, "no id of an extension"},
		"an extension of many tokens":    {fence.Member{Name: "x", Role: fence.Pool, Extensions: []string{"a.*"}}, "no id of an extension"},
		"a client with extensions":       {fence.Member{Name: "x", Role: fence.Client, Extensions: []string{"a"}}, "nobody else has"},
		"an operation that serves none":  {fence.Member{Name: "x", Role: fence.Operation}, "serves methods"},
		"an operation with a wildcard":   {fence.Member{Name: "x", Role: fence.Operation, Serves: []string{"query:acme.*"}}, "acme.*"},
		"an operation in place of ours":  {fence.Member{Name: "x", Role: fence.Operation, Serves: []string{"query:credentials.get"}}, "Airlock's own"},
		"an operation without a kind":    {fence.Member{Name: "x", Role: fence.Operation, Serves: []string{"acme.ocr"}}, "does not begin with"},
		"an operation of all operations": {fence.Member{Name: "x", Role: fence.Operation, Serves: []string{"query:>"}}, "method"},
	} {
		t.Run(name+" is refused", func(t *testing.T) {
			if _, err := d.Add(c.member); err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("error is %v, want %s", err, c.says)
			}
		})
	}
	for name, settings := range map[string]fence.Settings{
		"a host with a port": {Hosts: []string{"a:4222"}}, "a host with a quote": {Hosts: []string{`a"`}}, "two servers": {Replicas: 2}, "a port": {Port: 70000},
	} {
		t.Run(name+" is refused", func(t *testing.T) {
			if _, err := fence.Init(t.TempDir(), settings); err == nil {
				t.Error("it is taken")
			}
		})
	}
	if _, err := fence.Open(t.TempDir()); err == nil || !strings.Contains(err.Error(), "airlock auth init") {
		t.Errorf("open nothing: %v", err)
	}
}
