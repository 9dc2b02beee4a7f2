package backup

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/operations/store"
)

// Restore makes database and streams of the backup. Nothing may use them until it has ended. The list of jobs is made anew by the operations
// process that is started next.
//
// # Errors
//
// bus.ErrNotEmpty, store.ErrNotEmpty, with nothing changed; others leave what was made by then, which is of no use.
func (b *Backup) Restore(ctx context.Context, conn *bus.Conn, database string) (bus.Mended, error) {
	if err := conn.CheckEmpty(ctx); err != nil {
		return bus.Mended{}, fmt.Errorf("restore: %w", err)
	}
	if err := store.RestoreCopy(ctx, b.Database, filepath.Join(b.dir, databaseName(b.Database)), database); err != nil {
		return bus.Mended{}, fmt.Errorf("restore database: %w", err)
	}
	mended, err := conn.RestoreStreams(ctx, filepath.Join(b.dir, streamsName))
	if err != nil {
		return mended, fmt.Errorf("restore: %w", err)
	}
	return mended, nil
}
