package runner

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/capabilities/quota"
)

// usage is what the records say was used, and the ledger's memory where that knows better.
func usage(ctx context.Context, records *bus.LedgerRecords, ledger *quota.Ledger, filter bus.UsageFilter) ([]quota.Usage, error) {
	all := map[string]quota.Usage{}
	for _, resource := range []quota.Resource{quota.Calls, quota.Bytes, quota.AITokens, quota.Fuel} {
		stored, err := records.All(ctx, string(resource))
		if err != nil {
			return nil, err
		}
		for name, data := range stored {
			var r quota.Record
			if err := json.Unmarshal(data, &r); err != nil {
				return nil, fmt.Errorf("decode record %s: %w", name, err)
			}
			all[name] = quota.Usage{
				Account: r.Account, Limit: r.Limit, Used: r.Used, Start: r.Start, End: r.Account.Period.End(r.Start), Warned: r.Warned,
			}
		}
	}
	maps.Copy(all, ledger.Usage())
	now := time.Now()
	found := []quota.Usage{}
	for _, u := range all {
		if wanted(u, filter, now) {
			found = append(found, u)
		}
	}
	slices.SortFunc(found, func(a, b quota.Usage) int {
		return cmp.Or(cmp.Compare(a.Account.Extension, b.Account.Extension), b.Start.Compare(a.Start),
			cmp.Compare(a.Account.String(), b.Account.String()))
	})
	return found, nil
}

func wanted(u quota.Usage, f bus.UsageFilter, now time.Time) bool {
	since := f.Since
	if since.IsZero() {
		since = now
	}
	switch {
	case f.Extension != "" && f.Extension != u.Account.Extension:
		return false
	case f.Library != "" && (u.Account.Library == uuid.Nil || f.Library != u.Account.Library.String()):
		return false
	case f.Per != "" && f.Per != string(u.Account.Period):
		return false
	}
	return u.Account.Period == quota.Minute || u.End.After(since)
}
