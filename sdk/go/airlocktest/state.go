package airlocktest

import (
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"time"

	airlock "github.com/airlock-run/airlock/sdk/go"
)

// state is state.* in memory.
type state struct {
	mu       sync.Mutex
	revision int64
	byKey    map[string]stateValue
}

type stateValue struct {
	value   json.RawMessage
	listed  airlock.KVKey
	present bool
}

func newState() *state { return &state{byKey: map[string]stateValue{}} }

func (s *state) register(h *Host) {
	h.Handle("query:state.get", s.get)
	h.Handle("query:state.list", s.list)
	h.Handle("action:state.put", s.put)
	h.Handle("action:state.delete", s.delete)
}

type stateInput struct {
	Key        string          `json:"key"`
	Value      json.RawMessage `json:"value"`
	IfRevision *int64          `json:"if_revision"`
}

// open reads an input and finds what is there. The lock is to be held.
func (s *state) open(input json.RawMessage) (in stateInput, now stateValue, err error) {
	if err := decode(input, &in); err != nil {
		return in, now, err
	}
	if in.Key == "" {
		return in, now, refusef(airlock.InvalidArgument, "key is missing")
	}
	now = s.byKey[in.Key]
	if in.IfRevision != nil && *in.IfRevision != now.listed.Revision {
		return in, now, refusef(airlock.FailedPrecondition, "value %q has revision %d, and if_revision is %d: read it again", in.Key, now.listed.Revision, *in.IfRevision)
	}
	return in, now, nil
}

func (s *state) get(input json.RawMessage) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, now, err := s.open(input)
	return map[string]any{"value": now.value, "revision": now.listed.Revision}, err
}

func (s *state) put(input json.RawMessage) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	in, _, err := s.open(input)
	if err != nil {
		return nil, err
	}
	if len(in.Value) == 0 {
		return nil, refusef(airlock.InvalidArgument, "value is missing")
	}
	s.revision++
	s.byKey[in.Key] = stateValue{value: in.Value, present: true, listed: airlock.KVKey{
		Key: in.Key, Revision: s.revision, Size: int64(len(in.Key) + len(in.Value)), UpdatedAt: time.Now().UTC(),
	}}
	return map[string]any{"revision": s.revision}, nil
}

func (s *state) delete(input json.RawMessage) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	in, now, err := s.open(input)
	delete(s.byKey, in.Key)
	return map[string]any{"deleted": now.present}, err
}

func (s *state) list(input json.RawMessage) (any, error) {
	var in struct {
		Prefix string `json:"prefix"`
		After  string `json:"after"`
		Limit  int    `json:"limit"`
	}
	if err := decode(input, &in); err != nil {
		return nil, err
	}
	if in.Limit <= 0 {
		in.Limit = 100
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	keys := []airlock.KVKey{}
	for key, v := range s.byKey {
		if strings.HasPrefix(key, in.Prefix) && key > in.After {
			keys = append(keys, v.listed)
		}
	}
	slices.SortFunc(keys, func(a, b airlock.KVKey) int { return strings.Compare(a.Key, b.Key) })
	if len(keys) <= in.Limit {
		return map[string]any{"keys": keys}, nil
	}
	return map[string]any{"keys": keys[:in.Limit], "next": keys[in.Limit-1].Key}, nil
}
