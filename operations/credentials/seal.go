package credentials

import (
	"crypto/cipher"
	"crypto/rand"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"golang.org/x/crypto/chacha20poly1305"
)

// sealVersion is the first byte of what is sealed, followed by two boxes: the credential's key in one of the master
// key, and the credential in one of its key. A box is a nonce and what it sealed.
const sealVersion = 1

const (
	boxOverhead = chacha20poly1305.NonceSizeX + chacha20poly1305.Overhead
	keyBox      = boxOverhead + chacha20poly1305.KeySize
)

// errDamaged is returned for bytes that this key did not seal for this library and id.
var errDamaged = errors.New("sealed credential is damaged, or belongs to another library or id")

func (k *Key) seal(library uuid.UUID, id string, secret []byte) ([]byte, error) {
	key := make([]byte, chacha20poly1305.KeySize)
	if _, err := rand.Read(key); err != nil {
		return nil, fmt.Errorf("make key: %w", err)
	}
	bound := boundTo(library, id)
	sealed, err := appendBox([]byte{sealVersion}, k.bytes[:], key, bound)
	if err != nil {
		return nil, err
	}
	return appendBox(sealed, key, secret, bound)
}

func (k *Key) open(library uuid.UUID, id string, sealed []byte) ([]byte, error) {
	if len(sealed) < 1+keyBox+boxOverhead || sealed[0] != sealVersion {
		return nil, errDamaged
	}
	bound := boundTo(library, id)
	key, err := openBox(k.bytes[:], sealed[1:1+keyBox], bound)
	if err != nil {
		return nil, err
	}
	return openBox(key, sealed[1+keyBox:], bound)
}

// rewrap seals the key of what k sealed with another master key. What that key sealed stays as it is.
func (k *Key) rewrap(with *Key, library uuid.UUID, id string, sealed []byte) ([]byte, error) {
	if len(sealed) < 1+keyBox+boxOverhead || sealed[0] != sealVersion {
		return nil, errDamaged
	}
	bound := boundTo(library, id)
	key, err := openBox(k.bytes[:], sealed[1:1+keyBox], bound)
	if err != nil {
		return nil, err
	}
	again, err := appendBox([]byte{sealVersion}, with.bytes[:], key, bound)
	return append(again, sealed[1+keyBox:]...), err
}

// boundTo is the additional data of both boxes. The library has a fixed length, so no two pairs give the same.
func boundTo(library uuid.UUID, id string) []byte {
	return append(append([]byte("airlock credential\x00"), library[:]...), id...)
}

func appendBox(to, key, secret, bound []byte) ([]byte, error) {
	aead, err := newAEAD(key)
	if err != nil {
		return nil, err
	}
	nonce := make([]byte, chacha20poly1305.NonceSizeX)
	if _, err := rand.Read(nonce); err != nil {
		return nil, fmt.Errorf("make nonce: %w", err)
	}
	return aead.Seal(append(to, nonce...), nonce, secret, bound), nil
}

func openBox(key, box, bound []byte) ([]byte, error) {
	aead, err := newAEAD(key)
	if err != nil {
		return nil, err
	}
	secret, err := aead.Open(nil, box[:chacha20poly1305.NonceSizeX], box[chacha20poly1305.NonceSizeX:], bound)
	if err != nil {
		return nil, errDamaged
	}
	return secret, nil
}

func newAEAD(key []byte) (cipher.AEAD, error) {
	aead, err := chacha20poly1305.NewX(key)
	if err != nil {
		return nil, fmt.Errorf("use key: %w", err)
	}
	return aead, nil
}
