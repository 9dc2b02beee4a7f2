package extensions

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/airlock-run/airlock/extensions/signing"
)

// SignaturesFile is the name of the file, beside the manifest, in which an extension's signatures are.
const SignaturesFile = ManifestFile + ".minisig"

// Signed is what a signed extension is kept with beside its parts: that which was signed.
type Signed struct {
	// Manifest is its text, byte for byte.
	Manifest []byte `json:"manifest"`
	// Signatures are as they are in SignaturesFile.
	Signatures []byte `json:"signatures"`
}

// Equal reports whether two are the same, bytes and signatures. Nil is equal to nil alone.
func (s *Signed) Equal(other *Signed) bool {
	if s == nil || other == nil {
		return s == other
	}
	return bytes.Equal(s.Manifest, other.Manifest) && bytes.Equal(s.Signatures, other.Signatures)
}

// readSignatures reads the file of signatures, if there is one.
func readSignatures(root *os.Root, manifest []byte) (*Signed, error) {
	text, err := readFile(root, SignaturesFile, signing.MaxFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil //nolint:nilnil // none is no error
	}
	if err != nil {
		return nil, err
	}
	if _, err := signing.Parse(text); err != nil {
		return nil, invalidFile(SignaturesFile, "%s", err)
	}
	return &Signed{Manifest: manifest, Signatures: text}, nil
}

// Trusted makes sure that the version has the signatures that are demanded, and returns whose they are. Nothing of what the catalogue says of
// itself is believed: what was signed must be the manifest that is used and the module of that digest.
//
// # Errors
//
// signing.ErrNotTrusted.
func (i *Installed) Trusted(trust *signing.Trust) (by []string, err error) {
	return trusted(trust, i.Manifest, i.Digest, i.Signed)
}

// Trusted is [Installed.Trusted] before it is installed.
func (p *Package) Trusted(trust *signing.Trust) (by []string, err error) {
	return trusted(trust, p.Manifest, p.Digest, p.Signed)
}

func trusted(trust *signing.Trust, m *Manifest, digest string, signed *Signed) ([]string, error) {
	id := string(m.ID)
	switch {
	case trust.Idle():
		return nil, nil
	case signed == nil:
		return trust.Check(id, nil, digest, nil)
	}
	// The same text, read by the same reader, must be the same manifest.
	if parsed, err := ParseManifest(signed.Manifest); err != nil || !parsed.Equal(m) {
		return nil, fmt.Errorf("%w: %s: its manifest is not the one that was signed: the catalogue was changed, install the extension again", signing.ErrNotTrusted, id)
	}
	return trust.Check(id, signed.Manifest, digest, signed.Signatures)
}
