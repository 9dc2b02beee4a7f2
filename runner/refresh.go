package runner

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"golang.org/x/time/rate"

	"github.com/airlock-run/airlock/capabilities"
)

// refreshes is how often in a second a worker reads policy and library anew before it refuses something for good. Beyond it the refusal stands by
// what the watches have brought, which is some milliseconds old: a flood of what is refused costs no more than that.
const refreshes = 100

func newRefreshes() *rate.Limiter { return rate.NewLimiter(refreshes, refreshes) }

// decided decides about a library, and once more after reading it anew before it refuses.
//
// # Errors
//
// That neither is known: nothing is refused for good by what may be of the past.
func (w *Worker) decided(ctx context.Context, library uuid.UUID, decide func() capabilities.Decision) (capabilities.Decision, error) {
	d := decide()
	if !d.Allowed && d.Code != capabilities.CodeUnavailable && w.refreshes.Allow() {
		if err := w.authority.Refresh(ctx, w.conn, library); err != nil {
			return d, err
		}
		d = decide()
	}
	if d.Code == capabilities.CodeUnavailable {
		return d, fmt.Errorf("decide about library %s: %s", library, d.Reason)
	}
	return d, nil
}
