package entries

import (
	"context"
	"log/slog"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/airlock-run/airlock/extensions"
	"github.com/airlock-run/airlock/operations/store"
)

// retryTime is how long after an error indexes are seen to again.
const retryTime = 10 * time.Second

// Maintain declares the indexes of the extensions that are installed, and builds what is declared, until ctx ends. Several may run at once.
func Maintain(ctx context.Context, db *store.DB, catalogue *extensions.Catalogue, logger *slog.Logger) error {
	declared := make(chan []Index)
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		return catalogue.Watch(ctx, nil, func(change extensions.Change) {
			if change.Installed == nil || len(change.Installed.Manifest.Indexes) == 0 {
				return
			}
			var wanted []Index
			for _, i := range change.Installed.Manifest.Indexes {
				wanted = append(wanted, Index{EntryType: i.EntryType, Field: i.Field, Type: Type(i.Type)})
			}
			select {
			case declared <- wanted:
			case <-ctx.Done():
			}
		})
	})
	group.Go(func() error {
		var waiting []Index
		for {
			again := time.NewTimer(retryTime)
			refused, err := Declare(ctx, db, waiting)
			if err == nil {
				waiting = nil
				for _, i := range refused {
					logger.WarnContext(ctx, "index is one too many for its kind of entry, and is left out", "entry_type", i.EntryType, "field", i.Field)
				}
				err = Build(ctx, db)
			}
			var retry <-chan time.Time
			if err != nil && ctx.Err() == nil {
				logger.WarnContext(ctx, "indexes are not built, will be tried again", "error", err)
				retry = again.C
			}
			select {
			case <-ctx.Done():
				again.Stop()
				return nil
			case more := <-declared:
				waiting = append(waiting, more...)
			case <-retry:
			}
			again.Stop()
		}
	})
	return group.Wait()
}
