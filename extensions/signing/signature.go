package signing

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"aead.dev/minisign"
)

const (
	// MaxFile bounds a file of signatures, in bytes.
	MaxFile = 64 << 10
	// maxSignatures bounds how many there are in one.
	maxSignatures = 32
	// linesOfOne is how many lines a signature has.
	linesOfOne = 4
)

// Statement is what a signature of an extension is made over. digest is the module's, "sha256:…".
func Statement(manifest []byte, digest string) []byte {
	return fmt.Appendf(nil, "airlock extension v1\n%s\n%s", digest, manifest)
}

// Signature is one signature as it was written. Nothing of it is true before it is verified.
type Signature struct {
	signature minisign.Signature
	text      []byte
}

// Parse reads a file of signatures. It takes only what signers write, byte for byte: there is one way to write a signature.
//
// # Errors
//
// That there is none, that there are too many or that one of them, which it counts, is none.
func Parse(text []byte) ([]Signature, error) {
	switch {
	case len(text) > MaxFile:
		return nil, fmt.Errorf("the signatures have %d bytes, at most %d are allowed", len(text), MaxFile)
	case len(bytes.TrimSpace(text)) == 0:
		return nil, errors.New("there is no signature in it; sign the extension, or remove the file")
	}
	lines := bytes.SplitAfter(text, []byte("\n"))
	if len(lines[len(lines)-1]) == 0 {
		lines = lines[:len(lines)-1]
	}
	if n := len(lines); n%linesOfOne != 0 || !bytes.HasSuffix(text, []byte("\n")) {
		return nil, fmt.Errorf("signature %d is cut off: each has %d lines", (n-1)/linesOfOne+1, linesOfOne)
	}
	if n := len(lines) / linesOfOne; n > maxSignatures {
		return nil, fmt.Errorf("there are %d signatures, at most %d are allowed", n, maxSignatures)
	}
	var all []Signature
	for len(lines) > 0 {
		s := Signature{text: bytes.Join(lines[:linesOfOne], nil)}
		if err := s.signature.UnmarshalText(s.text); err != nil {
			return nil, fmt.Errorf("signature %d cannot be read: %w", len(all)+1, err)
		}
		if written, err := s.signature.MarshalText(); err != nil || !bytes.Equal(written, s.text) {
			return nil, fmt.Errorf("signature %d is not written as signers write one", len(all)+1)
		}
		all, lines = append(all, s), lines[linesOfOne:]
	}
	return all, nil
}

// KeyID names the key that a signature claims to be of, for people.
func (s Signature) KeyID() string { return keyID(s.signature.KeyID) }

// Comment is what the signer says; the signature covers it.
func (s Signature) Comment() string { return s.signature.TrustedComment }

// Sign signs an extension. The comment is for people, and is signed with it; it must fit on a line.
func Sign(key PrivateKey, manifest []byte, digest, comment string) (Signature, error) {
	if strings.ContainsAny(comment, "\r\n") {
		return Signature{}, fmt.Errorf("the comment %q has several lines", comment)
	}
	text := minisign.SignWithComments(key.private, Statement(manifest, digest), comment, "signature from private key: "+keyID(key.private.ID()))
	signatures, err := Parse(text)
	if err != nil {
		return Signature{}, fmt.Errorf("sign: %w", err)
	}
	return signatures[0], nil
}

// Format writes signatures as Parse reads them.
func Format(signatures []Signature) []byte {
	var text []byte
	for _, s := range signatures {
		text = append(text, s.text...)
	}
	return text
}

// Replace puts a signature in the place of those that claim the same key, or at the end.
func Replace(signatures []Signature, by Signature) []Signature {
	kept := make([]Signature, 0, len(signatures)+1)
	for _, s := range signatures {
		if s.signature.KeyID != by.signature.KeyID {
			kept = append(kept, s)
		}
	}
	return append(kept, by)
}
