package node

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/airlock-run/airlock/operations/credentials"
)

// keyCommandTime is how long the command that prints the master key may take.
const keyCommandTime = 30 * time.Second

// masterKeys are the key that seals credentials, and those that still open what they sealed.
func masterKeys(ctx context.Context, config Config) (key *credentials.Key, previous []*credentials.Key, err error) {
	file := filepath.Join(config.DataDir, masterKeyName)
	switch {
	case config.MasterKey != "" && config.MasterKeyCommand != "":
		return nil, nil, errors.New("master key: there is one in AIRLOCK_MASTER_KEY and a command that prints one: take one of them away")
	case config.MasterKey != "":
		key, err = credentials.ParseKey(config.MasterKey)
	case config.MasterKeyCommand != "":
		key, err = commandKey(ctx, config.MasterKeyCommand)
	default:
		key, err = credentials.LoadKey(file)
	}
	if err != nil {
		return nil, nil, err
	}
	if config.MasterKeyPrevious != "" {
		old, err := credentials.ParseKey(config.MasterKeyPrevious)
		if err != nil {
			return nil, nil, fmt.Errorf("read AIRLOCK_MASTER_KEY_PREVIOUS: %w", err)
		}
		previous = append(previous, old)
	}
	if _, err := os.Stat(file + ".previous"); !errors.Is(err, fs.ErrNotExist) {
		old, err := credentials.LoadKey(file + ".previous")
		if err != nil {
			return nil, nil, err
		}
		previous = append(previous, old)
	}
	return key, previous, nil
}

// commandKey is the key that a command of the shell prints. No error has a part of what it printed.
func commandKey(ctx context.Context, command string) (*credentials.Key, error) {
	ctx, cancel := context.WithTimeout(ctx, keyCommandTime)
	defer cancel()
	shell := exec.CommandContext(ctx, "/bin/sh", "-c", command) //nolint:gosec // the operator chose it
	shell.Stderr = os.Stderr
	text, err := shell.Output()
	if err != nil {
		return nil, fmt.Errorf("run the command that prints the master key: %w", err)
	}
	key, err := credentials.ParseKey(string(text))
	if err != nil {
		return nil, fmt.Errorf("read what the command printed: %w", err)
	}
	return key, nil
}
