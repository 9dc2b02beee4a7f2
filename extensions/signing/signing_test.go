package signing_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/airlock-run/airlock/capabilities"
	"github.com/airlock-run/airlock/extensions"
	"github.com/airlock-run/airlock/extensions/signing"
)

var (
	manifest = []byte(`{"id": "finance", "version": "1.0.0"}`)
	digest   = extensions.Digest([]byte("module"))
)

func generate(tb testing.TB) signing.PrivateKey {
	tb.Helper()
	key, err := signing.Generate()
	if err != nil {
		tb.Fatal(err)
	}
	return key
}

func sign(tb testing.TB, key signing.PrivateKey, manifest []byte, digest string) signing.Signature {
	tb.Helper()
	s, err := signing.Sign(key, manifest, digest, "finance 1.0.0")
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

// demand is a trust in two keys, of which finance needs the first.
func demand(tb testing.TB, ours, theirs signing.PrivateKey) *signing.Trust {
	tb.Helper()
	trust, err := signing.NewTrust(capabilities.SignatureSettings{
		Keys: []capabilities.SignatureKey{
			{Name: "ours", PublicKey: ours.Public().String()}, {Name: "theirs", PublicKey: theirs.Public().String()},
		},
		Require: []capabilities.SignatureRule{{Extensions: []string{"finance"}, Keys: []string{"ours"}}},
	})
	if err != nil {
		tb.Fatal(err)
	}
	return trust
}

func TestCheck(t *testing.T) {
	t.Parallel()
	ours, theirs, stranger := generate(t), generate(t), generate(t)
	trust := demand(t, ours, theirs)
	good, second := sign(t, ours, manifest, digest), sign(t, theirs, manifest, digest)
	strange := sign(t, stranger, manifest, digest)
	other := sign(t, ours, []byte(`{"id": "mail", "version": "1.0.0"}`), digest)
	older := sign(t, ours, manifest, extensions.Digest([]byte("older module")))
	file := func(s ...signing.Signature) []byte { return signing.Format(s) }
	for name, c := range map[string]struct {
		extension  string
		manifest   []byte
		digest     string
		signatures []byte
		by         []string
		refused    string
	}{
		"ok":                               {signatures: file(good), by: []string{"ours"}},
		"ok: two":                          {signatures: file(second, good), by: []string{"ours", "theirs"}},
		"ok: one twice":                    {signatures: file(good, good), by: []string{"ours"}},
		"ok: beside a stranger's":          {signatures: file(strange, good), by: []string{"ours"}},
		"ok: nothing demanded":             {extension: "mail", by: nil},
		"ok: not demanded, known":          {extension: "mail", signatures: file(second), by: []string{"theirs"}},
		"refused: none":                    {refused: "demands a signature of ours, and it has none"},
		"refused: a stranger's":            {signatures: file(strange), refused: "of keys the policy does not know: " + stranger.Public().ID()},
		"refused: one not named":           {signatures: file(second), refused: "it has that of theirs only"},
		"refused: one good, one bad":       {signatures: file(second, other), refused: "signature 2, of key " + ours.Public().ID()},
		"refused: bad, nothing demanded":   {extension: "mail", signatures: file(other), refused: "does not hold"},
		"refused: another extension's":     {signatures: file(other), refused: "does not hold for this manifest and module"},
		"refused: an older module's":       {signatures: file(older), refused: "does not hold for this manifest and module"},
		"refused: module swapped":          {digest: extensions.Digest(nil), signatures: file(good), refused: "does not hold"},
		"refused: space in the manifest":   {manifest: []byte(`{"id":"finance", "version": "1.0.0"}`), signatures: file(good), refused: "does not hold"},
		"refused: order in the manifest":   {manifest: []byte(`{"version": "1.0.0", "id": "finance"}`), signatures: file(good), refused: "does not hold"},
		"refused: a BOM":                   {manifest: append([]byte("\xef\xbb\xbf"), manifest...), signatures: file(good), refused: "does not hold"},
		"refused: a line break at the end": {manifest: append(bytes.Clone(manifest), '\n'), signatures: file(good), refused: "does not hold"},
		"refused: cut off":                 {signatures: file(good)[:200], refused: "signature 1 is cut off"},
		"refused: huge":                    {signatures: bytes.Repeat(file(good), 300), refused: "at most 65536 are allowed"},
		"refused: many":                    {signatures: bytes.Repeat(file(good), 33), refused: "there are 33 signatures"},
		"refused: binary":                  {signatures: bytes.Repeat([]byte{0, 255, '\n'}, 4), refused: "signature 1 cannot be read"},
		"refused: an empty file":           {signatures: []byte{}, refused: "there is no signature in it"},
		"refused: carriage returns":        {signatures: bytes.ReplaceAll(file(good), []byte("\n"), []byte("\r\n")), refused: "not written as signers write one"},
		"refused: a comment changed":       {signatures: bytes.Replace(file(good), []byte("finance 1.0.0"), []byte("finance 9.0.0"), 1), refused: "does not hold"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if c.extension == "" {
				c.extension = "finance"
			}
			if c.manifest == nil {
				c.manifest = manifest
			}
			if c.digest == "" {
				c.digest = digest
			}
			by, err := trust.Check(c.extension, c.manifest, c.digest, c.signatures)
			if (c.refused == "") != (err == nil) || err != nil && (!errors.Is(err, signing.ErrNotTrusted) || !strings.Contains(err.Error(), c.refused)) {
				t.Fatalf("got %v, want %q", err, c.refused)
			}
			if diff := cmp.Diff(c.by, by); err == nil && diff != "" {
				t.Errorf("signed by (-want +got):\n%s", diff)
			}
		})
	}
}

// A signature that claims the id of a trusted key is not of that key, whatever it calls itself.
func TestCheckIgnoresWhatASignatureSaysOfItself(t *testing.T) {
	t.Parallel()
	ours, theirs, stranger := generate(t), generate(t), generate(t)
	trust := demand(t, ours, theirs)
	named := bytes.Replace(signing.Format([]signing.Signature{sign(t, stranger, manifest, digest)}),
		[]byte("signature from private key: "+stranger.Public().ID()), []byte("signature from private key: ours"), 1)
	if _, err := trust.Check("finance", manifest, digest, named); !errors.Is(err, signing.ErrNotTrusted) {
		t.Errorf("the name ours: got %v", err)
	}
	honest, lying := decode(t, sign(t, ours, manifest, digest)), decode(t, sign(t, stranger, manifest, digest))
	copy(lying.raw[2:10], honest.raw[2:10])
	if _, err := trust.Check("finance", manifest, digest, lying.encode()); err == nil || !strings.Contains(err.Error(), "does not hold") {
		t.Errorf("the key's id: got %v", err)
	}
}

func TestNoRuleIsIdle(t *testing.T) {
	t.Parallel()
	trust, err := signing.NewTrust(capabilities.SignatureSettings{})
	if err != nil || !trust.Idle() || !(*signing.Trust)(nil).Idle() {
		t.Errorf("got %+v, %v", trust, err)
	}
	if by, err := trust.Check("finance", manifest, digest, []byte("nonsense")); err != nil || by != nil {
		t.Errorf("got %v, %v", by, err)
	}
}

func TestNewTrustRefuses(t *testing.T) {
	t.Parallel()
	key := capabilities.SignatureKey{Name: "ours", PublicKey: generate(t).Public().String()}
	for want, settings := range map[string]capabilities.SignatureSettings{
		`signatures.keys[0], "ours": want a public key`: {Keys: []capabilities.SignatureKey{{Name: "ours", PublicKey: "RWQ"}}},
		`signatures.keys[1]: the name "ours"`:           {Keys: []capabilities.SignatureKey{key, key}},
		`signatures.require[0]: want extensions`:        {Keys: []capabilities.SignatureKey{key}, Require: []capabilities.SignatureRule{{Keys: []string{"ours"}}}},
		`there is no key "theirs"`:                      {Keys: []capabilities.SignatureKey{key}, Require: []capabilities.SignatureRule{{Extensions: []string{"*"}, Keys: []string{"theirs"}}}},
	} {
		if _, err := signing.NewTrust(settings); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

func TestKeysOnDisk(t *testing.T) {
	t.Parallel()
	key, path := generate(t), filepath.Join(t.TempDir(), "key")
	if err := key.Write(path, ""); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("its mode is %v (%v)", info.Mode(), err)
	}
	if err := key.Write(path, ""); !errors.Is(err, os.ErrExist) {
		t.Errorf("written over: %v", err)
	}
	read := func(path, passphrase string) (signing.PrivateKey, error) {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return signing.ReadPrivate(text, passphrase)
	}
	if got, err := read(path, ""); err != nil || got.Public().String() != key.Public().String() {
		t.Errorf("got %s, %v", got.Public(), err)
	}
	if public, err := signing.ParsePublic(key.Public().Text()); err != nil || public.String() != key.Public().String() {
		t.Errorf("got %s, %v", public, err)
	}
	encrypted := filepath.Join(t.TempDir(), "key")
	if err := key.Write(encrypted, "open sesame"); err != nil {
		t.Fatal(err)
	}
	if _, err := read(encrypted, ""); !errors.Is(err, signing.ErrEncrypted) {
		t.Errorf("without a passphrase: %v", err)
	}
	if got, err := read(encrypted, "open sesame"); err != nil || got.Public().String() != key.Public().String() {
		t.Errorf("got %s, %v", got.Public(), err)
	}
}

func TestReplace(t *testing.T) {
	t.Parallel()
	ours, theirs := generate(t), generate(t)
	before := []signing.Signature{sign(t, ours, []byte("{}"), digest), sign(t, theirs, manifest, digest)}
	after := signing.Replace(before, sign(t, ours, manifest, digest))
	if by, err := demand(t, ours, theirs).Check("finance", manifest, digest, signing.Format(after)); err != nil || len(by) != 2 {
		t.Errorf("got %v, %v", by, err)
	}
}

func FuzzParse(f *testing.F) {
	key := generate(f)
	one := signing.Format([]signing.Signature{sign(f, key, manifest, digest)})
	for _, seed := range [][]byte{one, append(bytes.Clone(one), one...), one[:100], nil, []byte("\n\n\n\n"), bytes.Repeat([]byte("a\n"), 8)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		all, err := signing.Parse(text)
		if err != nil {
			return
		}
		if !bytes.Equal(signing.Format(all), text) {
			t.Errorf("%q is read as %q", text, signing.Format(all))
		}
		for _, s := range all {
			if key.Public().Verify(signing.Statement(manifest, extensions.Digest(nil)), s) {
				t.Errorf("a signature was found: %q", text)
			}
		}
	})
}
