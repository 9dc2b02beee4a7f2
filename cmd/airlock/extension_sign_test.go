package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/airlock-run/airlock/client"
	"github.com/airlock-run/airlock/extensions"
	"github.com/airlock-run/airlock/internal/testcache"
)

func TestSign(t *testing.T) {
	t.Parallel()
	folder, keys := testGuest(t, mayTest, ""), t.TempDir()
	ours, theirs := filepath.Join(keys, "ours"), filepath.Join(keys, "theirs")
	var made struct {
		PublicKey string `json:"public_key"`
	}
	if err := json.Unmarshal([]byte(must(t, "extension", "keygen", ours, "--json")), &made); err != nil {
		t.Fatal(err)
	}
	must(t, "extension", "keygen", theirs)
	fails := func(want string, args ...string) {
		t.Helper()
		if _, stderr, code := airlock(t, args...); code == 0 || !strings.Contains(stderr, want) {
			t.Errorf("%v: exit code %d, %q, want %q", args, code, stderr, want)
		}
	}
	fails("never written over", "extension", "keygen", ours)
	fails("AIRLOCK_PASSPHRASE", "extension", "keygen", filepath.Join(keys, "x"), "--encrypt")
	fails("it has none", "extension", "verify", folder, "--key", ours+".pub")

	must(t, "extension", "sign", folder, "--key", ours)
	if out := must(t, "extension", "sign", folder, "--key", theirs); !strings.Contains(out, "signatures 2 in ") {
		t.Errorf("a second key's signature says:\n%s", out)
	}
	must(t, "extension", "sign", folder, "--key", theirs) // takes the place of the one before
	out := must(t, "extension", "verify", folder, "--key", made.PublicKey)
	if !strings.Contains(out, "test-extension 1.0.0 is as it was signed") || strings.Count(out, "signed     by") != 1 || strings.Count(out, "not verified") != 1 {
		t.Errorf("verify says:\n%s", out)
	}
	must(t, "extension", "verify", folder, "--key", ours+".pub", "--key", theirs+".pub")
	fails(`want a public key, one line that begins "RW"`, "extension", "verify", folder, "--key", "nonsense")

	manifest := filepath.Join(folder, extensions.ManifestFile)
	text, err := os.ReadFile(manifest)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(manifest, append(text, ' '), 0o600); err != nil {
		t.Fatal(err)
	}
	fails("does not hold for this manifest and module", "extension", "verify", folder, "--key", ours+".pub")
}

// What was signed arrives in the catalogue, and no older version takes its place unless that is asked for.
func TestLoadSignedAndDowngrade(t *testing.T) {
	t.Parallel()
	dir := testcache.DataDir(t)
	start(t, "up", "--data-dir", dir)
	key := filepath.Join(t.TempDir(), "key")
	must(t, "extension", "keygen", key)
	folder := testGuest(t, mayTest, "")
	must(t, "extension", "sign", folder, "--key", key)
	load := []string{"extension", "load", folder, "--data-dir", dir}
	if out := must(t, load...); !strings.Contains(out, "signed     by key ") {
		t.Errorf("load says:\n%s", out)
	}
	manifest := filepath.Join(folder, extensions.ManifestFile)
	text, err := os.ReadFile(manifest)
	if err != nil {
		t.Fatal(err)
	}
	older := strings.Replace(string(text), `"1.0.0"`, `"0.9.0"`, 1)
	if err := os.WriteFile(manifest, []byte(older), 0o600); err != nil {
		t.Fatal(err)
	}
	must(t, "extension", "unload", "test-extension", "--data-dir", dir)
	if _, stderr, code := airlock(t, load...); code != 1 || !strings.Contains(stderr, "test-extension 1.0.0 was, this is 0.9.0") || !strings.Contains(stderr, "--allow-downgrade") {
		t.Errorf("an older version: exit code %d, %q", code, stderr)
	}
	if out := must(t, append(load, "--allow-downgrade")...); !strings.Contains(out, "test-extension 0.9.0 is installed") {
		t.Errorf("load says:\n%s", out)
	}
}

// Nothing is installed, replaced or approved that no worker would run.
func TestLoadChecksWhatThePolicyDemands(t *testing.T) {
	t.Parallel()
	dir, keys := testcache.DataDir(t), t.TempDir()
	start(t, "up", "--data-dir", dir)
	cmd := func(args ...string) []string { return append(args, "--data-dir", dir) }
	key := filepath.Join(keys, "ours")
	public := strings.Fields(must(t, "extension", "keygen", key))[0]
	folder := testGuest(t, mayTest, "")
	must(t, cmd("extension", "load", folder)...)

	policy := filepath.Join(keys, "policy.yaml")
	text := "rules: [{name: all, extensions: [\"*\"], allow: [\"query:\", \"action:\"]}]\nsignatures:\n  keys: [{name: ours, public_key: " + public +
		"}]\n  require: [{extensions: [\"*\"], keys: [ours]}]\n"
	if err := os.WriteFile(policy, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	must(t, cmd("policy", "set", policy)...)
	change := func(from, to string) {
		t.Helper()
		manifest := filepath.Join(folder, extensions.ManifestFile)
		text, err := os.ReadFile(manifest)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(manifest, []byte(strings.Replace(string(text), from, to, 1)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	change(`"1.0.0"`, `"1.1.0"`)
	for _, verb := range []string{"load", "reload"} {
		_, stderr, code := airlock(t, cmd("extension", verb, folder)...)
		if code != 1 || !strings.Contains(stderr, "the policy demands a signature of ours, and it has none; sign it with `airlock extension sign`") ||
			!strings.Contains(stderr, "nothing was changed") {
			t.Errorf("%s of what nobody signed: exit code %d, %s", verb, code, stderr)
		}
	}
	if out := must(t, cmd("extension", "show", "test-extension")...); !strings.Contains(out, "test-extension 1.0.0") {
		t.Errorf("it was replaced all the same:\n%s", out)
	}
	must(t, "extension", "sign", folder, "--key", key)
	must(t, cmd("extension", "reload", folder)...)
	records := must(t, cmd("audit", "--acts", "--json", "--extension", "test-extension")...)
	if strings.Count(records, `"code":"`) != 2 {
		t.Errorf("of what was refused the audit has:\n%s", records)
	}
}

// Loading shows what is asked, and what of it policy and libraries grant.
func TestLoadShowsWhatWillBeGranted(t *testing.T) {
	t.Parallel()
	dir := testcache.DataDir(t)
	start(t, "up", "--data-dir", dir)
	cmd := func(args ...string) []string { return append(args, "--data-dir", dir) }
	const asks = `{"methods":["query:test.ping","vdfs.","query:credentials.get"],"credentials":{"read":["mail"]}}`
	folder := testGuest(t, asks, "")
	wants := func(out string, all ...string) {
		t.Helper()
		for _, want := range all {
			if !strings.Contains(out, want) {
				t.Errorf("it does not show %q:\n%s", want, out)
			}
		}
	}
	wants(must(t, cmd("extension", "load", folder)...), "asks       credential to read mail", "all, by what-manifests-ask", "nothing: no rule allows it",
		"no library has granted it anything: `airlock library grant LIBRARY test-extension`")
	must(t, cmd("library", "create", "--name", "Household")...)
	must(t, cmd("library", "grant", client.DefaultLibrary.String(), "test-extension", "--methods", "query:test.,query:vdfs.")...)
	for _, verb := range []string{"show", "inspect"} {
		named := "test-extension"
		if verb == "inspect" {
			named = folder
		}
		wants(must(t, cmd("extension", verb, named)...), "asks       credential to read mail", "Household: all", "Household: part", "nothing: no rule allows it")
	}
	var loaded struct {
		Granted []struct {
			Asks, Policy string
			Libraries    []struct{ Name, Grants string }
		}
	}
	if err := json.Unmarshal([]byte(must(t, cmd("extension", "load", folder, "--json")...)), &loaded); err != nil || len(loaded.Granted) != 3 ||
		loaded.Granted[1].Libraries[0].Grants != "part" || loaded.Granted[2].Policy != "nothing" {
		t.Errorf("as JSON: %+v (%v)", loaded, err)
	}
}
