package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"

	"golang.org/x/term"

	"github.com/airlock-run/airlock/capabilities"
	"github.com/airlock-run/airlock/extensions/signing"
)

// passphraseVariable holds a passphrase where no person is there to type it.
const passphraseVariable = "AIRLOCK_PASSPHRASE" //nolint:gosec // its name

// passphrase reads the passphrase of a key: from the environment, or from the terminal, a new one twice.
func (c *cli) passphrase(path string, isNew bool) (string, error) {
	if passphrase := os.Getenv(passphraseVariable); passphrase != "" {
		return passphrase, nil
	}
	file, ok := c.stdin.(*os.File)
	if !ok || !term.IsTerminal(int(file.Fd())) {
		return "", fmt.Errorf("%s needs a passphrase: set %s, or run this on a terminal", path, passphraseVariable)
	}
	ask := func(prompt string) (string, error) {
		_, _ = fmt.Fprint(c.stderr, prompt)
		typed, err := term.ReadPassword(int(file.Fd()))
		_, _ = fmt.Fprintln(c.stderr)
		if err != nil {
			return "", fmt.Errorf("read passphrase: %w", err)
		}
		return string(typed), nil
	}
	typed, err := ask("passphrase of " + path + ": ")
	switch {
	case err != nil:
		return "", err
	case typed == "":
		return "", errors.New("the passphrase is empty")
	case !isNew:
		return typed, nil
	}
	again, err := ask("once more: ")
	if err == nil && again != typed {
		err = errors.New("the two are not the same")
	}
	return typed, err
}

// trustIn demands a signature of each key. A key is a file, or the line in it.
func trustIn(extension string, keys []string) (*signing.Trust, []signing.PublicKey, error) {
	var settings capabilities.SignatureSettings
	var public []signing.PublicKey
	for i, text := range keys {
		if file, err := os.ReadFile(text); err == nil { //nolint:gosec // the person at the keyboard names it
			text = string(file)
		} else if !errors.Is(err, fs.ErrNotExist) {
			return nil, nil, fmt.Errorf("read public key: %w", err)
		}
		key, err := signing.ParsePublic(text)
		if err != nil {
			return nil, nil, usageError{fmt.Errorf("--key %s: %w, or a file that has it", printable(keys[i]), err)}
		}
		public = append(public, key)
		name := key.ID() + " (--key " + strconv.Itoa(i+1) + ")"
		settings.Keys = append(settings.Keys, capabilities.SignatureKey{Name: name, PublicKey: key.String()})
		settings.Require = append(settings.Require, capabilities.SignatureRule{Extensions: []string{extension}, Keys: []string{name}})
	}
	trust, err := signing.NewTrust(settings)
	return trust, public, err
}
