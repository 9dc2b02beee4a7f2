package runner

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/capabilities"
	"github.com/airlock-run/airlock/capabilities/quota"
)

// quotas has what a worker may use, and takes its turn at having the cluster's ledger.
type quotas struct {
	conn   *bus.Conn
	config Config
	// allowances know what the operator's policy and the manifests allow.
	allowances *allowances
	purses     *quota.Purses
}

func newQuotas(conn *bus.Conn, config Config, authority *capabilities.Authority) (*quotas, error) {
	purses, err := quota.NewPurses(quota.PursesConfig{Logger: config.Logger})
	if err != nil {
		return nil, err
	}
	return &quotas{conn: conn, config: config, allowances: &allowances{policy: authority.Policy}, purses: purses}, nil
}

// start starts both. stop ends them, the ledger last, so that it takes back what is left.
func (q *quotas) start() (stop func()) {
	filling, stopFilling := context.WithCancel(context.Background())
	leading, stopLeading := context.WithCancel(context.Background())
	var purses, ledger sync.WaitGroup
	purses.Go(func() { q.purses.Run(filling, lender{q.conn}) })
	if !q.conn.Bound() { // a pool's user may not have the ledger
		ledger.Go(func() { q.conn.LeadLedger(leading, q.config.Name, q.lead) })
	}
	return func() {
		stopFilling()
		purses.Wait()
		stopLeading()
		ledger.Wait()
	}
}

// lender is the ledger of the cluster.
type lender struct{ conn *bus.Conn }

// Lend implements quota.Lender.
func (l lender) Lend(ctx context.Context, request quota.Request) (response quota.Response, err error) {
	err = l.conn.API(ctx, "ledger", "lend", request, &response)
	return response, err
}

// restPause is how often the ledger puts in order what nobody uses.
const restPause = 2 * time.Second

// lead has the ledger until ctx ends.
func (q *quotas) lead(ctx context.Context, epoch uint64, records *bus.LedgerRecords) error {
	ledger, err := quota.NewLedger(records, quota.LedgerConfig{
		Epoch: uint32(epoch), Window: q.config.rateWindow, Warn: q.warn, Logger: q.config.Logger, //nolint:gosec // it tells terms that follow each other apart
	})
	if err != nil {
		return err
	}
	service, err := q.conn.Serve(bus.ServiceConfig{
		Name: "ledger", Description: "lends what extensions have left of their rates and budgets", Concurrency: 1024, Logger: q.config.Logger,
		Endpoints: []bus.Endpoint{
			bus.APIEndpoint("ledger", "lend", func(ctx context.Context, data json.RawMessage) (any, error) {
				var request quota.Request
				if err := json.Unmarshal(data, &request); err != nil {
					return nil, bus.Errorf(bus.InvalidArgument, "request to the ledger: %v", err)
				}
				ctx, cancel := context.WithTimeout(ctx, lendTime)
				defer cancel()
				response, err := ledger.Lend(ctx, request)
				if err != nil {
					return nil, bus.Errorf(bus.Unavailable, "%v", err)
				}
				return response, nil
			}),
			bus.APIEndpoint("ledger", "usage", func(ctx context.Context, data json.RawMessage) (any, error) {
				var filter bus.UsageFilter
				if err := json.Unmarshal(data, &filter); err != nil {
					return nil, bus.Errorf(bus.InvalidArgument, "request to the ledger: %v", err)
				}
				return usage(ctx, records, ledger, filter)
			}),
		},
	})
	if err != nil {
		return err
	}
	defer func() { // the others ask again until another has it
		_ = service.Stop()
		closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), lendTime)
		defer cancel()
		if err := ledger.Close(closing); err != nil {
			q.config.Logger.WarnContext(ctx, "ledger not closed in order", "error", err)
		}
	}()
	tick := time.NewTicker(restPause)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			resting, cancel := context.WithTimeout(ctx, restPause)
			ledger.Rest(resting)
			cancel()
		}
	}
}

// lendTime bounds what the ledger does for one request.
const lendTime = 2 * time.Second

// warn publishes that most of a budget is used, once for each period: the event's id says which.
func (q *quotas) warn(ctx context.Context, u quota.Usage) error {
	data, err := json.Marshal(u)
	if err != nil {
		return fmt.Errorf("encode usage: %w", err)
	}
	event := bus.NewEvent(u.Account.Library, "airlock", "airlock.budget.warning", "application/json", data)
	event.ID = u.ID()
	event.Subject = u.Account.Extension
	return q.conn.Publish(ctx, event)
}

// meter is the door's counter for an attempt in a library.
func (q *quotas) meter(e *execution, library uuid.UUID) (*quota.Meter, error) {
	allowance, err := q.allowances.allowance(e.extension.Version, e.extension.Manifest)
	if err != nil {
		return nil, err
	}
	return q.purses.Meter(allowance, library), nil
}
