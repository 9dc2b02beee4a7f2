package operations

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/operations/schema"
	"github.com/airlock-run/airlock/operations/store"
)

// Operation is something a guest can call. Make it with Query, Action or PreparedAction.
type Operation struct {
	name        string
	kind        bus.Kind
	description string
	example     string
	errors      []Failure
	in, out     *schema.Schema
	handler     func(conn *bus.Conn, db *store.DB) bus.CallHandler
	// broken is why the operation cannot be served.
	broken error
}

// Failure is an error that an operation answers with.
type Failure struct {
	Code bus.Code
	// When says when, such as "the path is taken".
	When string
}

// Option says more about an operation.
type Option func(*Operation)

// Describe adds a sentence for people, which `nats micro info` shows.
func Describe(description string) Option { return func(o *Operation) { o.description = description } }

// Fails adds an error that callers may meet, and when: "the path is taken". It is told to people; those that every operation may answer
// with need not be named.
func Fails(code bus.Code, when string) Option {
	return func(o *Operation) { o.errors = append(o.errors, Failure{code, when}) }
}

// Sample adds an input that shows how the operation is called, in JSON. Serve refuses one that does not fit.
func Sample(input string) Option { return func(o *Operation) { o.example = input } }

// Name is the operation's name, "vdfs.get_entry".
func (o Operation) Name() string { return o.name }

// Kind says whether the operation reads or changes.
func (o Operation) Kind() bus.Kind { return o.kind }

// Description is the sentence of Describe.
func (o Operation) Description() string { return o.description }

// Sample is the input of the option Sample; empty without one.
func (o Operation) Sample() string { return o.example }

// Failures are those of the option Fails.
func (o Operation) Failures() []Failure { return slices.Clone(o.errors) }

// Input is the JSON Schema of the input.
func (o Operation) Input() json.RawMessage { return o.in.JSON() }

// Output is the JSON Schema of the output.
func (o Operation) Output() json.RawMessage { return o.out.JSON() }

// Query makes an operation that reads. serve may run many times at once.
func Query[In, Out any](
	name string, serve func(ctx context.Context, call *bus.Call, in In) (Out, error), options ...Option,
) Operation {
	return newOperation[In, Out](name, bus.Query, options, func(read func([]byte) (In, error), _ *bus.Conn, _ *store.DB) bus.CallHandler {
		return func(ctx context.Context, call *bus.Call) (json.RawMessage, error) {
			in, err := read(call.Payload)
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
	return newOperation[In, Out](name, bus.Action, options, func(read func([]byte) (In, error), conn *bus.Conn, db *store.DB) bus.CallHandler {
		return func(ctx context.Context, call *bus.Call) (json.RawMessage, error) {
			in, err := read(call.Payload)
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

func newOperation[In, Out any](
	name string, kind bus.Kind, options []Option, handler func(func([]byte) (In, error), *bus.Conn, *store.DB) bus.CallHandler,
) Operation {
	o := Operation{name: name, kind: kind}
	var wrongIn, wrongOut error
	o.in, wrongIn = schema.For[In]()
	o.out, wrongOut = schema.For[Out]()
	o.broken = errors.Join(wrongIn, wrongOut)
	read := reader[In](o.in)
	o.handler = func(conn *bus.Conn, db *store.DB) bus.CallHandler { return handler(read, conn, db) }
	for _, option := range options {
		option(&o)
	}
	if o.example != "" && o.broken == nil {
		if err := o.in.Check([]byte(o.example)); err != nil {
			o.broken = fmt.Errorf("its sample does not fit: %w", err)
		}
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
