package extensions_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/airlock-run/airlock/capabilities"
	"github.com/airlock-run/airlock/extensions"
	"github.com/airlock-run/airlock/extensions/signing"
)

// signedFolder is a folder with an extension that a key has signed, and the trust that demands it.
func signedFolder(t *testing.T) (folder string, trust *signing.Trust) {
	t.Helper()
	key, err := signing.Generate()
	if err != nil {
		t.Fatal(err)
	}
	trust, err = signing.NewTrust(capabilities.SignatureSettings{
		Keys:    []capabilities.SignatureKey{{Name: "ours", PublicKey: key.Public().String()}},
		Require: []capabilities.SignatureRule{{Extensions: []string{"*"}, Keys: []string{"ours"}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	folder = t.TempDir()
	manifest := []byte("\xef\xbb\xbf" + `{ "id":"signed", "name":"S",  "version":"1.2.0", "description": "<&>", "wasm_file":"a.wasm" }` + "\n")
	s, err := signing.Sign(key, manifest, extensions.Digest([]byte(header)), "signed 1.2.0")
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string][]byte{
		extensions.ManifestFile: manifest, extensions.SignaturesFile: signing.Format([]signing.Signature{s}), "a.wasm": []byte(header),
	} {
		if err := os.WriteFile(filepath.Join(folder, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return folder, trust
}

func TestSignaturesAreInstalled(t *testing.T) {
	t.Parallel()
	folder, trust := signedFolder(t)
	b := setup(t)
	p, err := extensions.Load(folder)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.catalogue.Install(t.Context(), p, nil); err != nil {
		t.Fatal(err)
	}
	for what, find := range map[string]func() (extensions.Installed, error){
		"current": func() (extensions.Installed, error) { return b.catalogue.Installed(t.Context(), "signed") },
		"version": func() (extensions.Installed, error) { return b.catalogue.Version(t.Context(), p.Version()) },
	} {
		installed, err := find()
		if err != nil {
			t.Fatal(err)
		}
		if by, err := installed.Trusted(trust); err != nil || len(by) != 1 || by[0] != "ours" {
			t.Errorf("%s: signed by %v, %v", what, by, err)
		}
	}
}

// What the catalogue holds is changed by someone who can write to it.
func TestTrustedRefusesWhatWasChanged(t *testing.T) {
	t.Parallel()
	folder, trust := signedFolder(t)
	p, err := extensions.Load(folder)
	if err != nil {
		t.Fatal(err)
	}
	grown, err := extensions.ParseManifest([]byte(`{"id":"signed","name":"S","version":"1.2.0","description":"<&>","wasm_file":"a.wasm","permissions":{"methods":["action:"]}}`))
	if err != nil {
		t.Fatal(err)
	}
	doubled := bytes.Replace(p.Signed.Manifest, []byte(`"id"`), []byte(`"id":"signed","id"`), 1)
	for name, c := range map[string]struct {
		change func(*extensions.Package)
		want   string
	}{
		"ok":                          {func(*extensions.Package) {}, ""},
		"refused: manifest":           {func(p *extensions.Package) { p.Manifest = grown }, "its manifest is not the one that was signed"},
		"refused: both manifests":     {func(p *extensions.Package) { p.Manifest = grown; p.Signed.Manifest = grown.Raw() }, "does not hold"},
		"refused: keys written twice": {func(p *extensions.Package) { p.Signed.Manifest = doubled }, "its manifest is not the one that was signed"},
		"refused: module":             {func(p *extensions.Package) { p.Digest = extensions.Digest(nil) }, "does not hold"},
		"refused: signatures gone":    {func(p *extensions.Package) { p.Signed = nil }, "it has none"},
		"refused: signatures empty":   {func(p *extensions.Package) { p.Signed.Signatures = nil }, "it has none"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			signed := *p.Signed
			changed := extensions.Package{Manifest: p.Manifest, Wasm: p.Wasm, Digest: p.Digest, Signed: &signed}
			c.change(&changed)
			_, err := changed.Trusted(trust)
			if (c.want == "") != (err == nil) || err != nil && (!errors.Is(err, signing.ErrNotTrusted) || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

func TestLoadRefusesSignatures(t *testing.T) {
	t.Parallel()
	for want, text := range map[string]string{
		"manifest.json.minisig: there is no signature in it":      " \n",
		"manifest.json.minisig: signature 1 is cut off":           "untrusted comment: x\n",
		"manifest.json.minisig: the file has 65537 bytes, at mos": strings.Repeat("\n", signing.MaxFile+1),
	} {
		folder, _ := signedFolder(t)
		if err := os.WriteFile(filepath.Join(folder, extensions.SignaturesFile), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := extensions.Load(folder); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

func TestSignedIsKeptAsJSON(t *testing.T) {
	t.Parallel()
	folder, _ := signedFolder(t)
	p, err := extensions.Load(folder)
	if err != nil {
		t.Fatal(err)
	}
	record, err := json.Marshal(p.Signed)
	if err != nil {
		t.Fatal(err)
	}
	var got extensions.Signed
	if err := json.Unmarshal(record, &got); err != nil || !got.Equal(p.Signed) || got.Equal(nil) {
		t.Errorf("got %+v, %v", got, err)
	}
}
