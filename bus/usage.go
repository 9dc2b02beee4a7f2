package bus

import (
	"context"
	"encoding/json"
	"time"
)

// UsageFilter says whose usage is wanted. What is empty is any.
type UsageFilter struct {
	Extension string `json:"extension,omitempty"`
	Library   string `json:"library,omitempty"`
	// Per is hour, day or month, or minute for rates.
	Per string `json:"per,omitempty"`
	// Since is from when on periods are of interest. Default: those that have not ended.
	Since time.Time `json:"since,omitzero"`
}

// Usage asks the ledger what was used. Each is as docs/protocol.md describes it.
//
// # Errors
//
// unavailable when no worker runs.
func (c *Conn) Usage(ctx context.Context, filter UsageFilter) (json.RawMessage, error) {
	var usage json.RawMessage
	err := c.API(ctx, "ledger", "usage", filter, &usage)
	return usage, err
}
