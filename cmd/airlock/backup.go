package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/spf13/cobra"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/internal/backup"
	"github.com/airlock-run/airlock/internal/node"
)

func (c *cli) backupCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "backup FOLDER", Short: "Back up streams and database, while everything runs", Args: oneArg("a folder that is not there yet"),
		Long: `Back up streams and database into a folder, while everything runs. What was accepted before it began is in the backup. It runs where the
database is: where "airlock up" or "airlock operations" has its data directory, or anywhere with --database-url, for which it needs pg_dump.

The master key that seals credentials is not in it: keep it elsewhere.`,
		Example: `  airlock backup /backups/2026-11-23
  airlock backup /backups/2026-11-23 --nats-url nats://nats.internal:4222 --database-url postgres://airlock@db.internal/airlock`,
	}
	c.jsonFlag(cmd)
	c.databaseFlag(cmd)
	cmd.RunE = c.withConn(func(ctx context.Context, conn *bus.Conn, args []string) error {
		m, err := backup.Take(ctx, conn, args[0], backup.Config{Database: c.config.Database(), Version: version})
		if errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("%w: name the data directory of the operations with --data-dir, or their database with --database-url", err)
		}
		if err != nil {
			return err
		}
		if c.json {
			return c.printJSON(m)
		}
		c.printBackup(args[0], m)
		return nil
	})
	return cmd
}

func (c *cli) printBackup(dir string, m *backup.Manifest) {
	var messages, bytes uint64
	for _, stream := range m.Streams {
		messages += stream.Messages
		bytes += stream.Bytes
	}
	c.printf("backed up to %s in %s\n", dir, m.Ended.Sub(m.Began).Round(time.Millisecond))
	c.line("streams", "%d, with %d messages of %d MB", len(m.Streams), messages, bytes>>20)
	c.line("database", "%s", m.Database)
	if m.Credential != nil {
		c.line("not in it", "the master key %s, without which nobody can restore it", m.Credential.KeyID)
	}
}

func (c *cli) restoreCommand() *cobra.Command {
	var keyFile string
	cmd := &cobra.Command{
		Use: "restore FOLDER", Short: "Restore a backup, where there is nothing yet", Args: oneArg("the folder of a backup"),
		Long: `Restore a backup where there is nothing yet: to a data directory, in which "airlock up" then goes on, or with --nats-url to the servers of a cluster
and the database of its operations. Nothing of Airlock may run there meanwhile, and nothing of what the backup was taken of afterwards: jobs would run here
and there.`,
		Example: `  airlock restore /backups/2026-11-23 --data-dir /var/lib/airlock --master-key-file /secrets/master.key
  airlock restore /backups/2026-11-23 --nats-url nats://nats.internal:4222 --replicas 3 --database-url postgres://airlock@db.internal/airlock`,
	}
	c.jsonFlag(cmd)
	c.databaseFlag(cmd)
	c.replicasFlag(cmd)
	cmd.Flags().StringVar(&keyFile, "master-key-file", "", "file with the master key that seals the credentials; default: AIRLOCK_MASTER_KEY, or master.key in the data directory")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		logger, err := c.logger()
		if err != nil {
			return err
		}
		began := time.Now()
		b, mended, err := node.Restore(cmd.Context(), args[0], keyFile, c.config, logger)
		if err != nil {
			return err
		}
		if c.json {
			return c.printJSON(map[string]any{"backup": b.Manifest, "mended": mended})
		}
		c.printf("restored what was backed up on %s, in %s\n", b.Began.Format(time.RFC3339), time.Since(began).Round(time.Millisecond))
		for what, n := range map[string]int{
			"jobs ended": mended.Ended, "retries": mended.Retries, "unique keys": mended.Claims, "sub-jobs": mended.Children, "schedules": mended.Schedules,
		} {
			if n > 0 {
				c.line("mended", "%d %s", n, what)
			}
		}
		return nil
	}
	return cmd
}

func (c *cli) databaseFlag(cmd *cobra.Command) {
	cmd.Flags().StringVar(&c.config.DatabaseURL, "database-url", c.config.DatabaseURL, "postgres://… of the operations; default: SQLite in the data directory (AIRLOCK_DATABASE_URL)")
}
