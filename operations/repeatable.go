package operations

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/operations/store"
)

// RepeatableAction makes an action whose effect is outside of the database, and of such a kind that serve may do it again for the same
// call, by its key and hash, and nothing changes. So serve may run more than once for a call that was cut off; once it has answered, the
// call is answered from the record, and those who asked at the same time get one answer.
func RepeatableAction[In, Out any](
	name string, serve func(ctx context.Context, call *bus.Call, in In) (Out, error), options ...Option,
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
			if answer, err = settle(ctx, db, call, answer); err != nil {
				return nil, wireError(err)
			}
			return answer, nil
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

// settle records the answer of a call, and returns the one that counts: the first of those who served the call at the same time.
func settle(ctx context.Context, db *store.DB, call *bus.Call, own json.RawMessage) (answer json.RawMessage, err error) {
	hash := call.Hash()
	err = db.Write(ctx, func(tx *store.Tx) error {
		n, err := tx.Exec(ctx, `UPDATE calls SET answer = $1 WHERE job_id = $2 AND key = $3 AND request_hash = $4 AND answer IS NULL`,
			[]byte(own), call.Job.String(), call.Key, hash)
		if answer = own; err != nil {
			return fmt.Errorf("record call: %w", err)
		}
		if n == 0 {
			answer, err = recorded(ctx, tx, call, hash)
		}
		return err
	})
	return answer, err
}
