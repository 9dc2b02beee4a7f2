package credentials

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/operations/store"
)

const (
	listed     = 100
	mostListed = 1000
)

type listInput struct {
	After string `json:"after,omitempty" jsonschema:"id after which to go on, next of the page before"`
	Limit int    `json:"limit,omitempty" jsonschema:"credentials of a page, 1 to 1000, default 100"`
}

// Listed is a credential without its secret.
type Listed struct {
	ID        string    `json:"credential_id" jsonschema:"name of the credential"`
	Type      string    `json:"type,omitempty" jsonschema:"api_key, basic or oauth2; missing of one that was stored before types were kept"`
	KeyID     string    `json:"-"`
	CreatedAt time.Time `json:"created_at" jsonschema:"when it was first stored"`
	UpdatedAt time.Time `json:"updated_at" jsonschema:"when it was last stored or renewed"`
}

type listOutput struct {
	Credentials []Listed `json:"credentials" jsonschema:"by id"`
	Next        string   `json:"next,omitempty" jsonschema:"what goes on after this page, missing on the last"`
}

func (v *Vault) list(ctx context.Context, call *bus.Call, in listInput) (listOutput, error) {
	switch {
	case in.Limit == 0:
		in.Limit = listed
	case in.Limit < 0 || in.Limit > mostListed:
		return listOutput{}, bus.Errorf(bus.InvalidArgument, "limit is %d, want 1 to %d", in.Limit, mostListed)
	}
	return v.page(ctx, call.Library, in)
}

func (v *Vault) page(ctx context.Context, library uuid.UUID, in listInput) (out listOutput, err error) {
	err = v.db.Read(ctx, func(tx *store.Tx) error {
		out = listOutput{Credentials: []Listed{}}
		return tx.Query(ctx, func(scan func(...any) error) error {
			var c Listed
			var created, updated int64
			if err := scan(&c.ID, &c.Type, &c.KeyID, &created, &updated); err != nil {
				return err
			}
			c.CreatedAt, c.UpdatedAt = store.Time(created), store.Time(updated)
			out.Credentials = append(out.Credentials, c)
			return nil
		}, `SELECT credential_id, type, key_id, created_at, updated_at FROM credentials
			WHERE library_id = $1 AND credential_id > $2 ORDER BY credential_id LIMIT $3`, library.String(), in.After, in.Limit+1)
	})
	if err != nil {
		return listOutput{}, fmt.Errorf("list credentials: %w", err)
	}
	if len(out.Credentials) > in.Limit {
		out.Credentials = out.Credentials[:in.Limit]
		out.Next = out.Credentials[in.Limit-1].ID
	}
	return out, nil
}

type deleteOutput struct {
	Deleted bool `json:"deleted" jsonschema:"whether there was one"`
}

func (v *Vault) delete(ctx context.Context, tx *store.Tx, call *bus.Call, in getInput) (deleteOutput, error) {
	if err := checkID(in.ID); err != nil {
		return deleteOutput{}, err
	}
	n, err := tx.Exec(ctx, `DELETE FROM credentials WHERE library_id = $1 AND credential_id = $2`, call.Library.String(), in.ID)
	if err != nil {
		return deleteOutput{}, fmt.Errorf("delete credential: %w", err)
	}
	return deleteOutput{n > 0}, nil
}
