package operations

import (
	"context"
	"encoding/json"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/operations/store"
)

// RepeatableAction makes an action whose effect is outside of the database, and of such a kind that serve may do it again for the same
// call, by its key and hash, and nothing changes. So serve may run more than once for a call that was cut off; once it has answered, the
// call is answered from the record.
func RepeatableAction[In, Out any](
	name string, serve func(ctx context.Context, call *bus.Call, in In) (Out, error), options ...Option,
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
			if answer, err := begun(ctx, db, call); err != nil || answer != nil {
				return answer, wireError(err)
			}
			out, err := serve(ctx, call, in)
			if err != nil {
				return nil, wireError(err)
			}
			answer, err := encode(call, out)
			if err != nil || call.Key == "" {
				return answer, err
			}
			err = db.Write(ctx, func(tx *store.Tx) error { return record(ctx, tx, call, call.Hash(), answer) })
			return answer, wireError(err)
		}
	})
}

// begun adds the record of a call before its effect, and returns the answer if it is there.
func begun(ctx context.Context, db *store.DB, call *bus.Call) (answer json.RawMessage, err error) {
	if call.Key == "" {
		return nil, nil
	}
	hash := call.Hash()
	err = db.Write(ctx, func(tx *store.Tx) error {
		answer = nil
		first, err := claim(ctx, tx, call, hash)
		if err != nil || first {
			return err
		}
		answer, err = recorded(ctx, tx, call, hash)
		return err
	})
	return answer, err
}
