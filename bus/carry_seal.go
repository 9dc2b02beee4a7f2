package bus

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"fmt"
)

// What goes by reference lies in a bucket that every worker can read and write. So it is sealed with AES-256-GCM under a key of its own, which travels with
// the reference, in a message that caller and service alone see: in the bucket nobody can read it, and what is put in its place is found out.

const (
	sealKeySize = 32
	// sealOverhead is how much longer what is sealed is.
	sealOverhead = 16
)

// seal seals data in a copy, and returns the key as it stands in a reference.
func seal(data []byte) (sealed []byte, key string, err error) {
	secret := make([]byte, sealKeySize)
	if _, err := rand.Read(secret); err != nil {
		return nil, "", fmt.Errorf("make key: %w", err)
	}
	aead, err := sealer(secret)
	if err != nil {
		return nil, "", err
	}
	// A key seals once, so its nonce may be any.
	sealed = aead.Seal(make([]byte, 0, len(data)+sealOverhead), make([]byte, aead.NonceSize()), data, nil) //nolint:gosec // see above
	return sealed, base64.RawURLEncoding.EncodeToString(secret), nil
}

// unseal opens in place what seal has made.
func unseal(sealed []byte, key string) ([]byte, error) {
	secret, err := base64.RawURLEncoding.Strict().DecodeString(key)
	if err != nil {
		return nil, Errorf(InvalidArgument, "header %s: its key is not base64", headerContent)
	}
	aead, err := sealer(secret)
	if err != nil {
		return nil, err
	}
	data, err := aead.Open(sealed[:0], make([]byte, aead.NonceSize()), sealed, nil)
	if err != nil {
		return nil, Errorf(PermissionDenied, "what %s refers to is not what was put there", headerContent)
	}
	return data, nil
}

// isSealKey tells whether a text is a key of seal.
func isSealKey(key string) bool {
	secret, err := base64.RawURLEncoding.Strict().DecodeString(key)
	return err == nil && len(secret) == sealKeySize
}

func sealer(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	return aead, nil
}
