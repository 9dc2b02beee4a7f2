package airlocktest

import (
	"encoding/json"
	"sync"

	airlock "github.com/airlock-run/airlock/sdk/go"
)

// credentials is credentials.* in memory.
type credentials struct {
	mu   sync.Mutex
	byID map[string]json.RawMessage
}

func newCredentials() *credentials {
	return &credentials{byID: map[string]json.RawMessage{}}
}

func (c *credentials) register(h *Host) {
	h.Handle("action:credentials.store", c.store)
	h.Handle("query:credentials.get", c.credential)
}

func (c *credentials) store(input json.RawMessage) (any, error) {
	var in struct {
		ID         string          `json:"credential_id"`
		Credential json.RawMessage `json:"credential"`
	}
	if err := decode(input, &in); err != nil {
		return nil, err
	}
	if in.ID == "" || len(in.Credential) == 0 {
		return nil, refusef(airlock.InvalidArgument, "credential_id and credential are needed")
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.byID[in.ID] = in.Credential
	return nothing, nil
}

func (c *credentials) credential(input json.RawMessage) (any, error) {
	var in struct {
		ID string `json:"credential_id"`
	}
	if err := decode(input, &in); err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	credential, ok := c.byID[in.ID]
	if !ok {
		return nil, refusef(airlock.NotFound, "no credential %q", in.ID)
	}
	return credential, nil
}
