package operations

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/operations/store"
)

// Operation is something a guest can call. Make it with Query, Action or PreparedAction.
type Operation struct {
	name        string
	kind        bus.Kind
	description string
	handler     func(conn *bus.Conn, db *store.DB) bus.CallHandler
}

// Option says more about an operation.
type Option func(*Operation)

// Describe adds a sentence for people, which `nats micro info` shows.
func Describe(description string) Option { return func(o *Operation) { o.description = description } }

// Name is the operation's name, "vdfs.get_entry".
func (o Operation) Name() string { return o.name }

// Kind says whether the operation reads or changes.
func (o Operation) Kind() bus.Kind { return o.kind }

// Query makes an operation that reads. serve may run many times at once.
func Query[In, Out any](
	name string, serve func(ctx context.Context, call *bus.Call, in In) (Out, error), options ...Option,
) Operation {
	return newOperation(name, bus.Query, options, func(conn *bus.Conn, _ *store.DB) bus.CallHandler {
		return func(ctx context.Context, call *bus.Call) (json.RawMessage, error) {
			in, err := Decode[In](call.Payload)
			if err != nil {
				return nil, err
			}
			out, err := serve(ctx, call, in)
			if err != nil {
				return nil, wireError(err)
			}
			return encode(call, out)
		}
	})
}

// Action makes an operation that changes. serve runs in a transaction, which is repeated when another got in its way: it
// changes what tx writes and nothing else. Its effect happens once for a call key, see the package.
func Action[In, Out any](
	name string, serve func(ctx context.Context, tx *store.Tx, call *bus.Call, in In) (Out, error), options ...Option,
) Operation {
	asItIs := func(_ context.Context, _ *bus.Call, in In) (In, error) { return in, nil }
	return PreparedAction(name, asItIs, serve, options...)
}

// PreparedAction makes an Action of which a part is done before the transaction: prepare makes of the input what serve
// works with. prepare runs for each call, also for one that is then answered from the record, so doing it again must
// change nothing.
func PreparedAction[In, Ready, Out any](
	name string,
	prepare func(ctx context.Context, call *bus.Call, in In) (Ready, error),
	serve func(ctx context.Context, tx *store.Tx, call *bus.Call, ready Ready) (Out, error),
	options ...Option,
) Operation {
	return newOperation(name, bus.Action, options, func(conn *bus.Conn, db *store.DB) bus.CallHandler {
		return func(ctx context.Context, call *bus.Call) (json.RawMessage, error) {
			in, err := Decode[In](call.Payload)
			if err != nil {
				return nil, err
			}
			if err := conn.CheckCaller(ctx, call); err != nil {
				return nil, err
			}
			ready, err := prepare(ctx, call, in)
			if err != nil {
				return nil, wireError(err)
			}
			return once(ctx, db, call, func(tx *store.Tx) (json.RawMessage, error) {
				out, err := serve(ctx, tx, call, ready)
				if err != nil {
					return nil, err
				}
				return encode(call, out)
			})
		}
	})
}

func newOperation(
	name string, kind bus.Kind, options []Option, handler func(*bus.Conn, *store.DB) bus.CallHandler,
) Operation {
	o := Operation{name: name, kind: kind, handler: handler}
	for _, option := range options {
		option(&o)
	}
	return o
}

// wireError gives the one failure of the store that a caller can act on its code. The others stay what they are.
func wireError(err error) error {
	var known *bus.Error
	if errors.Is(err, store.ErrUnavailable) && !errors.As(err, &known) {
		return bus.Errorf(bus.Unavailable, "the database of this service does not answer; try again later")
	}
	return err
}
