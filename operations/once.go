package operations

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/operations/store"
)

// once runs effect in a transaction that also keeps its answer, or returns the answer that is kept.
func once(
	ctx context.Context, db *store.DB, call *bus.Call, effect func(*store.Tx) (json.RawMessage, error),
) (answer json.RawMessage, err error) {
	err = db.Write(ctx, func(tx *store.Tx) (err error) {
		if call.Key == "" {
			answer, err = effect(tx)
		} else {
			answer, err = onceByKey(ctx, tx, call, effect)
		}
		return err
	})
	if err != nil {
		return nil, wireError(err)
	}
	return answer, nil
}

func onceByKey(
	ctx context.Context, tx *store.Tx, call *bus.Call, effect func(*store.Tx) (json.RawMessage, error),
) (json.RawMessage, error) {
	hash := call.Hash()
	first, err := claim(ctx, tx, call, hash)
	if err != nil {
		return nil, err
	}
	if !first {
		return recorded(ctx, tx, call, hash)
	}
	answer, err := effect(tx)
	if err != nil {
		return nil, err
	}
	return answer, record(ctx, tx, call, hash, answer)
}

// claim adds the record of a call and tells whether this is the first call of its kind. It waits for another
// transaction that has done the same and not ended yet.
func claim(ctx context.Context, tx *store.Tx, call *bus.Call, hash string) (bool, error) {
	n, err := tx.Exec(ctx, `INSERT INTO calls (job_id, key, request_hash, created_at) VALUES ($1, $2, $3, $4)
		ON CONFLICT DO NOTHING`, call.Job.String(), call.Key, hash, store.Micros(time.Now()))
	if err != nil {
		return false, fmt.Errorf("claim call: %w", err)
	}
	return n == 1, nil
}

func record(ctx context.Context, tx *store.Tx, call *bus.Call, hash string, answer json.RawMessage) error {
	_, err := tx.Exec(ctx, `UPDATE calls SET answer = $1 WHERE job_id = $2 AND key = $3 AND request_hash = $4`,
		[]byte(answer), call.Job.String(), call.Key, hash)
	if err != nil {
		return fmt.Errorf("record call: %w", err)
	}
	return nil
}

func recorded(ctx context.Context, tx *store.Tx, call *bus.Call, hash string) (answer []byte, err error) {
	err = tx.QueryRow(ctx, `SELECT answer FROM calls WHERE job_id = $1 AND key = $2 AND request_hash = $3`,
		call.Job.String(), call.Key, hash).Scan(&answer)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, fmt.Errorf("read record of call %s: it was there a moment ago", call.Key)
	}
	if err != nil {
		return nil, fmt.Errorf("read record of call: %w", err)
	}
	return answer, nil
}
