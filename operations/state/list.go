package state

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/operations/store"
)

// Pages of a list.
const (
	defaultLimit = 100
	maxLimit     = 1000
)

type listInput struct {
	Prefix string `json:"prefix,omitempty" jsonschema:"beginning of the keys"`
	After  string `json:"after,omitempty" jsonschema:"the next of the page before"`
	Limit  int    `json:"limit,omitempty" jsonschema:"keys on a page, 1 to 1000, default 100"`
}

type listOutput struct {
	Keys []listed `json:"keys" jsonschema:"in the order of their bytes"`
	Next string   `json:"next,omitempty" jsonschema:"the after of the next page; left out on the last one"`
}

type listed struct {
	Key       string    `json:"key"`
	Revision  int64     `json:"revision"`
	Size      int64     `json:"size" jsonschema:"of key and value, in bytes"`
	UpdatedAt time.Time `json:"updated_at"`
}

// errPageEnds ends a page.
var errPageEnds = errors.New("the page ends")

func (k *keeper) list(ctx context.Context, call *bus.Call, in listInput) (out listOutput, err error) {
	if in.Limit == 0 {
		in.Limit = defaultLimit
	}
	if in.Limit < 1 || in.Limit > maxLimit {
		return out, bus.Errorf(bus.InvalidArgument, "limit is %d, want 1 to %d", in.Limit, maxLimit)
	}
	for field, text := range map[string]string{"prefix": in.Prefix, "after": in.After} {
		if len(text) > maxKey {
			return out, bus.Errorf(bus.InvalidArgument, "%s is %d bytes, at most %d are possible", field, len(text), maxKey)
		}
		if err := checkText(field, text); err != nil {
			return out, err
		}
	}
	err = k.db.Read(ctx, func(tx *store.Tx) error {
		out = listOutput{Keys: []listed{}}
		return tx.Query(ctx, func(scan func(...any) error) error {
			var l listed
			var updated int64
			if err := scan(&l.Key, &l.Revision, &l.Size, &updated); err != nil {
				return err
			}
			if !strings.HasPrefix(l.Key, in.Prefix) { // those with the prefix come first
				return errPageEnds
			}
			if len(out.Keys) == in.Limit {
				out.Next = out.Keys[len(out.Keys)-1].Key
				return errPageEnds
			}
			l.UpdatedAt = store.Time(updated)
			out.Keys = append(out.Keys, l)
			return nil
		}, `SELECT key, revision, size, updated_at FROM state WHERE library_id = $1 AND extension = $2 AND key >= $3 AND key > $4
			ORDER BY key LIMIT $5`, call.Library.String(), call.Extension, in.Prefix, in.After, in.Limit+1)
	})
	if err != nil && !errors.Is(err, errPageEnds) {
		return listOutput{}, fmt.Errorf("list state: %w", err)
	}
	return out, nil
}
