package node

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/internal/backup"
	"github.com/airlock-run/airlock/operations/credentials"
)

const (
	masterKeyName = "master.key"
	// restoringName is a file in a data directory that is not restored in full.
	restoringName = "restore-unfinished"
)

// checkRestored keeps a process from starting with a data directory that is not restored in full.
func checkRestored(dir string) error {
	if _, err := os.Stat(filepath.Join(dir, restoringName)); err == nil {
		return fmt.Errorf("%s is being restored, or a restore was cut off: wait until `airlock restore` has ended; if none runs, remove the directory and restore anew", dir)
	}
	return nil
}

// Restore restores a backup: to the cluster of the configuration, or without one to its data directory, in which `airlock up` then goes on. The
// master key is that of keyFile, of the configuration, or of the data directory, in which it is kept.
//
// # Errors
//
// That the backup is damaged, that the key is missing or another, or that there is something already where it would be restored: nothing is
// changed then.
func Restore(ctx context.Context, dir, keyFile string, config Config, logger *slog.Logger) (*backup.Backup, bus.Mended, error) {
	b, err := backup.Open(dir)
	if err != nil {
		return nil, bus.Mended{}, err
	}
	if err := checkRestored(config.DataDir); err != nil {
		return nil, bus.Mended{}, err
	}
	key, err := restoredKey(ctx, config, keyFile)
	if err == nil {
		err = b.CheckKey(key)
	}
	if err != nil {
		return nil, bus.Mended{}, err
	}
	restore := restoreCluster
	if config.NATSURL == "" {
		restore = restoreUp
	}
	mended, err := restore(ctx, b, config, logger)
	if err == nil && keyFile != "" {
		err = keepKey(keyFile, filepath.Join(config.DataDir, masterKeyName))
	}
	return b, mended, err
}

// restoredKey is the master key there is; nil for none.
func restoredKey(ctx context.Context, config Config, file string) (*credentials.Key, error) {
	if file == "" && config.MasterKey != "" {
		return credentials.ParseKey(config.MasterKey)
	}
	if file == "" && config.MasterKeyCommand != "" {
		return commandKey(ctx, config.MasterKeyCommand)
	}
	path := file
	if path == "" {
		path = filepath.Join(config.DataDir, masterKeyName)
	}
	if _, err := os.Stat(path); err != nil { // LoadKey would make one
		if file == "" && errors.Is(err, fs.ErrNotExist) {
			return nil, nil //nolint:nilnil // there is none
		}
		return nil, fmt.Errorf("read master key: %w", err)
	}
	return credentials.LoadKey(path)
}

// keepKey copies the key, unless the data directory has it.
func keepKey(from, to string) error {
	text, err := os.ReadFile(from) //nolint:gosec // the operator names it
	if err == nil {
		err = os.MkdirAll(filepath.Dir(to), 0o700)
	}
	if err != nil {
		return fmt.Errorf("keep master key: %w", err)
	}
	file, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600) //nolint:gosec // in the data directory
	if errors.Is(err, fs.ErrExist) {
		return nil // it is the one of the configuration, or was checked
	}
	if err != nil {
		return fmt.Errorf("keep master key: %w", err)
	}
	_, err = file.Write(text)
	return errors.Join(err, file.Sync(), file.Close())
}

func restoreCluster(ctx context.Context, b *backup.Backup, config Config, logger *slog.Logger) (bus.Mended, error) {
	cluster := config.Cluster()
	cluster.Logger, cluster.Name = logger, "airlock restore"
	conn, err := bus.Connect(cluster)
	if err != nil {
		return bus.Mended{}, err
	}
	defer conn.Close()
	return b.Restore(ctx, conn, config.Database())
}

// restoreUp restores to a data directory, with a server that runs meanwhile.
func restoreUp(ctx context.Context, b *backup.Backup, config Config, logger *slog.Logger) (bus.Mended, error) {
	if err := checkEmptyDir(config.DataDir); err != nil {
		return bus.Mended{}, err
	}
	if err := os.MkdirAll(config.DataDir, 0o700); err != nil {
		return bus.Mended{}, fmt.Errorf("make data directory: %w", err)
	}
	mark := filepath.Join(config.DataDir, restoringName)
	if err := os.WriteFile(mark, nil, 0o600); err != nil {
		return bus.Mended{}, fmt.Errorf("mark data directory: %w", err)
	}
	mended, err := restoreInside(ctx, b, config, logger)
	if err != nil {
		return mended, fmt.Errorf("%w; remove what there is in %s before the next try", err, config.DataDir)
	}
	if err := os.Remove(mark); err != nil {
		return mended, fmt.Errorf("end restore: %w", err)
	}
	return mended, nil
}

func restoreInside(ctx context.Context, b *backup.Backup, config Config, logger *slog.Logger) (bus.Mended, error) {
	server, err := bus.StartServer(ctx, bus.ServerConfig{Dir: config.DataDir, Logger: logger})
	if err != nil {
		return bus.Mended{}, err
	}
	defer server.Stop()
	conn, err := bus.Connect(bus.Config{Server: server, Name: "airlock restore", Logger: logger})
	if err != nil {
		return bus.Mended{}, err
	}
	defer conn.Close()
	return b.Restore(ctx, conn, config.Database())
}

// checkEmptyDir tells whether a data directory has nothing in it but a key and caches.
func checkEmptyDir(dir string) error {
	there, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("look at data directory: %w", err)
	}
	for _, entry := range there {
		if !slices.Contains([]string{masterKeyName, "cache"}, entry.Name()) {
			return fmt.Errorf("%w: the data directory %s has %s: name another with --data-dir, or remove it if what is in it is not needed", bus.ErrNotEmpty, dir, entry.Name())
		}
	}
	return nil
}
