package state

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"
	"unicode"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/operations"
	"github.com/airlock-run/airlock/operations/store"
)

// Limits, in bytes where they are not numbers of keys.
const (
	maxKey   = 256
	maxValue = 64 << 10
	maxKeys  = 10_000
	maxTotal = 16 << 20
)

// Operations returns the operations of this domain.
func Operations(db *store.DB) []operations.Operation {
	k := &keeper{db}
	return []operations.Operation{
		operations.Query("state.get", k.get, operations.Describe("returns a value of the extension's own state, and its revision")),
		operations.Query("state.list", k.list, operations.Describe("lists the keys of the extension's own state")),
		operations.PreparedAction("state.put", k.checkValue, k.put, operations.Describe("keeps a value, if it still has the revision that is named")),
		operations.PreparedAction("state.delete", k.checkDelete, k.delete, operations.Describe("removes a value, if it still has the revision that is named")),
	}
}

// Tables are those with what libraries have here, in the order in which rows can be removed.
func Tables() []string { return []string{"state", "state_totals"} }

type keeper struct{ db *store.DB }

type getInput struct {
	Key string `json:"key" jsonschema:"name of the value, 1 to 256 bytes"`
}

type getOutput struct {
	Value    json.RawMessage `json:"value" jsonschema:"the value, null when there is none"`
	Revision int64           `json:"revision" jsonschema:"of the value, 0 when there is none"`
}

func (k *keeper) get(ctx context.Context, call *bus.Call, in getInput) (out getOutput, err error) {
	if err := checkKey(in.Key); err != nil {
		return out, err
	}
	err = k.db.Read(ctx, func(tx *store.Tx) error {
		var value string
		err := tx.QueryRow(ctx, `SELECT value, revision FROM state WHERE library_id = $1 AND extension = $2 AND key = $3`,
			call.Library.String(), call.Extension, in.Key).Scan(&value, &out.Revision)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		out.Value = json.RawMessage(value)
		return err
	})
	if err != nil {
		return getOutput{}, fmt.Errorf("read state: %w", err)
	}
	return out, nil
}

type putInput struct {
	Key        string          `json:"key" jsonschema:"name of the value, 1 to 256 bytes"`
	Value      json.RawMessage `json:"value" jsonschema:"any JSON, at most 64 KiB without the space in it"`
	IfRevision *int64          `json:"if_revision,omitempty" jsonschema:"revision the value must have, 0 for none yet; left out, it may have any"`
}

type putOutput struct {
	Revision int64 `json:"revision" jsonschema:"the value's from now on"`
}

func (k *keeper) checkValue(_ context.Context, _ *bus.Call, in putInput) (putInput, error) {
	if err := errors.Join(checkKey(in.Key), checkRevision(in.IfRevision)); err != nil {
		return in, bus.AsError(err)
	}
	if len(in.Value) == 0 {
		return in, bus.Errorf(bus.InvalidArgument, "value is missing; to remove the value call action:state.delete")
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, in.Value); err != nil {
		return in, bus.Errorf(bus.InvalidArgument, "value: %v", err)
	}
	if in.Value = compact.Bytes(); len(in.Value) > maxValue {
		return in, bus.Errorf(bus.InvalidArgument, "value is %d bytes, at most %d are possible; keep more beside an entry, with action:vdfs.write_sidecar",
			len(in.Value), maxValue)
	}
	return in, nil
}

func (k *keeper) put(ctx context.Context, tx *store.Tx, call *bus.Call, in putInput) (putOutput, error) {
	row, err := k.open(ctx, tx, call, in.Key, in.IfRevision)
	if err != nil {
		return putOutput{}, err
	}
	keys, size := int64(0), int64(len(in.Key)+len(in.Value))
	if row.revision == 0 {
		keys = 1
	}
	switch keys, total := row.totals.keys+keys, row.totals.bytes+size-row.size; {
	case keys > maxKeys:
		return putOutput{}, bus.Errorf(bus.ResourceExhausted, "%s has %d keys of state in this library, as many as are possible: delete some", call.Extension, maxKeys)
	case total > maxTotal && size > row.size:
		return putOutput{}, bus.Errorf(bus.ResourceExhausted, "the state of %s in this library would be %d bytes, at most %d are possible: delete some",
			call.Extension, total, maxTotal)
	}
	_, err = tx.Exec(ctx, `INSERT INTO state (library_id, extension, key, value, revision, size, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (library_id, extension, key) DO UPDATE
		SET value = excluded.value, revision = excluded.revision, size = excluded.size, updated_at = excluded.updated_at`,
		call.Library.String(), call.Extension, in.Key, string(in.Value), row.totals.revision, size, store.Micros(time.Now()))
	if err != nil {
		return putOutput{}, fmt.Errorf("keep state: %w", err)
	}
	return putOutput{row.totals.revision}, add(ctx, tx, call, keys, size-row.size)
}

type deleteInput struct {
	Key        string `json:"key" jsonschema:"name of the value, 1 to 256 bytes"`
	IfRevision *int64 `json:"if_revision,omitempty" jsonschema:"revision the value must have; left out, it may have any, or not be there"`
}

type deleteOutput struct {
	Deleted bool `json:"deleted" jsonschema:"whether there was a value"`
}

func (k *keeper) checkDelete(_ context.Context, _ *bus.Call, in deleteInput) (deleteInput, error) {
	if err := errors.Join(checkKey(in.Key), checkRevision(in.IfRevision)); err != nil {
		return in, bus.AsError(err)
	}
	return in, nil
}

func (k *keeper) delete(ctx context.Context, tx *store.Tx, call *bus.Call, in deleteInput) (deleteOutput, error) {
	row, err := k.open(ctx, tx, call, in.Key, in.IfRevision)
	if err != nil || row.revision == 0 {
		return deleteOutput{}, err
	}
	if _, err := tx.Exec(ctx, `DELETE FROM state WHERE library_id = $1 AND extension = $2 AND key = $3`,
		call.Library.String(), call.Extension, in.Key); err != nil {
		return deleteOutput{}, fmt.Errorf("delete state: %w", err)
	}
	return deleteOutput{Deleted: true}, add(ctx, tx, call, -1, -row.size)
}

func checkKey(key string) error {
	switch {
	case key == "":
		return bus.Errorf(bus.InvalidArgument, "key is missing")
	case len(key) > maxKey:
		return bus.Errorf(bus.InvalidArgument, "key is %d bytes, at most %d are possible", len(key), maxKey)
	}
	return checkText("key", key)
}

func checkText(field, text string) error {
	for _, r := range text {
		if unicode.IsControl(r) {
			return bus.Errorf(bus.InvalidArgument, "%s %q has a control character in it", field, text)
		}
	}
	return nil
}

func checkRevision(revision *int64) error {
	if revision != nil && *revision < 0 {
		return bus.Errorf(bus.InvalidArgument, "if_revision is %d, want that of a value, or 0 for none", *revision)
	}
	return nil
}
