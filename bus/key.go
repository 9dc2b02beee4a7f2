package bus

import (
	"bytes"
	"fmt"
	"os"

	"github.com/nats-io/nkeys"
)

// inboxPrefix begins the inboxes of who connects with a key: its public key follows, so that a server can keep each user's replies from all
// others.
const inboxPrefix = "_INBOX_"

// NewUserKey makes the key of a NATS user: a seed, which is the user's secret, and the public key by which a server knows it.
func NewUserKey() (seed []byte, public string, err error) {
	pair, err := nkeys.CreateUser()
	if err != nil {
		return nil, "", fmt.Errorf("make key: %w", err)
	}
	defer pair.Wipe()
	if public, err = pair.PublicKey(); err != nil {
		return nil, "", fmt.Errorf("make key: %w", err)
	}
	if seed, err = pair.Seed(); err != nil {
		return nil, "", fmt.Errorf("make key: %w", err)
	}
	return bytes.Clone(seed), public, nil // Wipe overwrites what Seed returned
}

// UserInbox is where the replies to who connects with a key arrive. Nobody else may listen there.
func UserInbox(public string) string { return inboxPrefix + public }

// publicKey reads the public key of the seed in a file.
func publicKey(path string) (string, error) {
	text, err := os.ReadFile(path) //nolint:gosec // the operator names it
	if err != nil {
		return "", fmt.Errorf("read key: %w", err)
	}
	pair, err := nkeys.ParseDecoratedNKey(text)
	clear(text)
	if err != nil {
		return "", fmt.Errorf("key file %s has no seed of a NATS user in it (a line that begins with SU): `airlock auth` makes one", path)
	}
	defer pair.Wipe()
	public, err := pair.PublicKey()
	if err != nil || !nkeys.IsValidPublicUserKey(public) {
		return "", fmt.Errorf("key file %s has the seed of something else than a NATS user in it: `airlock auth` makes one", path)
	}
	return public, nil
}
