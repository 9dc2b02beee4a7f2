package signing

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"aead.dev/minisign"
)

// ErrEncrypted is returned for a private key that needs a passphrase when none was given.
var ErrEncrypted = errors.New("the private key is encrypted: it needs its passphrase")

// PublicKey verifies signatures.
type PublicKey struct{ public minisign.PublicKey }

// PrivateKey makes signatures.
type PrivateKey struct{ private minisign.PrivateKey }

// Generate makes a key.
func Generate() (PrivateKey, error) {
	_, private, err := minisign.GenerateKey(nil)
	if err != nil {
		return PrivateKey{}, fmt.Errorf("generate key: %w", err)
	}
	return PrivateKey{private}, nil
}

// Public is the key that verifies what this one signs.
func (k PrivateKey) Public() PublicKey {
	public, _ := k.private.Public().(minisign.PublicKey)
	return PublicKey{public}
}

// Write writes the key to a new file that only its owner may read. A passphrase encrypts it; without one it is as it is.
//
// # Errors
//
// fs.ErrExist: a key is never written over.
func (k PrivateKey) Write(path, passphrase string) (err error) {
	text, err := k.private.MarshalText()
	if passphrase != "" {
		text, err = minisign.EncryptKey(passphrase, k.private)
	}
	if err != nil {
		return fmt.Errorf("encode private key: %w", err)
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600) //nolint:gosec // the person at the keyboard names it
	if err != nil {
		return fmt.Errorf("write private key: %w", err)
	}
	_, err = file.Write(append(text, '\n'))
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		return fmt.Errorf("write private key: %w", err)
	}
	return nil
}

// ReadPrivate reads the text of a private key, with its passphrase if it has one.
//
// # Errors
//
// ErrEncrypted; that it is no key; that the passphrase is another.
func ReadPrivate(text []byte, passphrase string) (PrivateKey, error) {
	text = []byte(strings.TrimSpace(string(text)))
	var k PrivateKey
	var err error
	switch {
	case !minisign.IsEncrypted(text):
		err = k.private.UnmarshalText(text)
	case passphrase == "":
		return PrivateKey{}, ErrEncrypted
	default:
		k.private, err = minisign.DecryptKey(passphrase, text)
	}
	if err != nil {
		return PrivateKey{}, fmt.Errorf("read private key: %w", err)
	}
	return k, nil
}

// ParsePublic reads a public key: the line that begins "RW", or the file it is in.
func ParsePublic(text string) (PublicKey, error) {
	var k PublicKey
	text = strings.TrimSpace(text)
	if strings.Count(text, "\n") > 1 {
		return k, errors.New(`want a public key, one line that begins "RW"`)
	}
	if err := k.public.UnmarshalText([]byte(text)); err != nil {
		return k, fmt.Errorf(`want a public key, one line that begins "RW": %w`, err)
	}
	return k, nil
}

// ID names the key for people. Another key may have the same.
func (k PublicKey) ID() string { return keyID(k.public.ID()) }

// String is the line that begins "RW".
func (k PublicKey) String() string { return k.public.String() }

// Text is a public key file.
func (k PublicKey) Text() string {
	return "untrusted comment: minisign public key " + k.ID() + "\n" + k.String() + "\n"
}

// claimed tells whether a signature claims to be of the key.
func (k PublicKey) claimed(s Signature) bool { return s.signature.KeyID == k.public.ID() }

// Verify tells whether a signature is of the key, over a statement.
func (k PublicKey) Verify(statement []byte, s Signature) bool {
	return minisign.Verify(k.public, statement, s.text)
}

func keyID(id uint64) string { return fmt.Sprintf("%016X", id) }
