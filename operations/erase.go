package operations

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/google/uuid"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/operations/store"
)

// EraseRequest is what airlock.api.<service>.erase is asked.
type EraseRequest struct {
	Library uuid.UUID `json:"library"`
}

// Erased is how many records of each kind went.
type Erased map[string]int64

// EraseEndpoint answers airlock.api.<service>.erase: it removes the rows of a library from tables, in their order and all or none, and
// answers how many. Asked again it finds none. Put it into Config.Endpoints.
func EraseEndpoint(service string, db *store.DB, tables ...string) bus.Endpoint {
	return bus.APIEndpoint(service, "erase", func(ctx context.Context, request json.RawMessage) (any, error) {
		in, err := Decode[EraseRequest](request)
		if err != nil {
			return nil, err
		}
		if in.Library == uuid.Nil {
			return nil, bus.Errorf(bus.InvalidArgument, "library is missing")
		}
		var erased Erased
		err = db.Write(ctx, func(tx *store.Tx) error {
			erased = Erased{}
			for _, table := range tables {
				n, err := tx.Exec(ctx, "DELETE FROM "+table+" WHERE library_id = $1", in.Library.String())
				if err != nil {
					return fmt.Errorf("erase %s: %w", table, err)
				}
				erased[table] = n
			}
			return nil
		})
		return erased, err
	})
}
