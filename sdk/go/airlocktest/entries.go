package airlocktest

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	airlock "github.com/airlock-run/airlock/sdk/go"
)

// entries is vdfs.* in memory.
type entries struct {
	mu   sync.Mutex
	list []*entry // in the order they were created, which is that of their ids
}

type entry struct {
	airlock.Entry
	data map[string][]byte
}

func newEntries() *entries { return &entries{} }

func (e *entries) register(h *Host) {
	for method, handle := range map[string]Handler{
		"action:vdfs.create_entry":    e.create,
		"query:vdfs.get_entry":        e.entry,
		"query:vdfs.list_entries":     e.page,
		"action:vdfs.update_metadata": e.update,
		"action:vdfs.write_sidecar":   e.write,
		"query:vdfs.read_sidecar":     e.read,
	} {
		h.Handle(method, func(input json.RawMessage) (any, error) {
			e.mu.Lock()
			defer e.mu.Unlock()
			return handle(input)
		})
	}
}

// request has the fields of all vdfs operations; each reads its own.
type request struct {
	ID         string          `json:"entry_id"`
	Name       string          `json:"name"`
	Path       string          `json:"path"`
	EntryType  string          `json:"entry_type"`
	Metadata   json.RawMessage `json:"metadata"`
	Filename   string          `json:"filename"`
	Data       []byte          `json:"data"`
	PathPrefix string          `json:"path_prefix"`
	After      string          `json:"after"`
	Limit      *int            `json:"limit"`
}

func (e *entries) create(input json.RawMessage) (any, error) {
	var in request
	if err := decode(input, &in); err != nil {
		return nil, err
	}
	if in.Name == "" || in.EntryType == "" || !strings.HasPrefix(in.Path, "/") {
		return nil, refusef(airlock.InvalidArgument, "name, entry_type and a path that begins with '/' are needed")
	}
	if slices.ContainsFunc(e.list, func(other *entry) bool { return other.Path == in.Path }) {
		return nil, refusef(airlock.AlreadyExists, "the path %s is taken", in.Path)
	}
	metadata, err := merge(nil, in.Metadata)
	if err != nil {
		return nil, err
	}
	now := time.Now().UTC()
	created := &entry{data: map[string][]byte{}, Entry: airlock.Entry{
		ID:   fmt.Sprintf("00000000-0000-4000-8000-%012d", len(e.list)+1),
		Name: in.Name, Path: in.Path, EntryType: in.EntryType, Metadata: metadata,
		CreatedAt: now, UpdatedAt: now, Sidecars: []airlock.Sidecar{},
	}}
	e.list = append(e.list, created)
	return created.Entry, nil
}

func (e *entries) entry(input json.RawMessage) (any, error) {
	_, found, err := e.find(input)
	if err != nil {
		return nil, err
	}
	return found.Entry, nil
}

func (e *entries) page(input json.RawMessage) (any, error) {
	var in request
	if err := decode(input, &in); err != nil {
		return nil, err
	}
	limit := 50
	if in.Limit != nil {
		limit = *in.Limit
	}
	if limit < 1 || limit > 500 {
		return nil, refusef(airlock.InvalidArgument, "limit is %d, want 1 to 500", limit)
	}
	out := airlock.EntryPage{Entries: []airlock.Entry{}}
	for _, candidate := range e.list {
		if candidate.ID <= in.After || !strings.HasPrefix(candidate.Path, in.PathPrefix) ||
			(in.EntryType != "" && candidate.EntryType != in.EntryType) {
			continue
		}
		if len(out.Entries) == limit {
			out.Next = out.Entries[limit-1].ID
			break
		}
		out.Entries = append(out.Entries, candidate.Entry)
	}
	return out, nil
}

func (e *entries) update(input json.RawMessage) (any, error) {
	in, found, err := e.find(input)
	if err != nil {
		return nil, err
	}
	metadata, err := merge(found.Metadata, in.Metadata)
	if err != nil {
		return nil, err
	}
	found.Metadata, found.UpdatedAt = metadata, time.Now().UTC()
	return nothing, nil
}

// find decodes a request and returns the entry it names by id or by path.
func (e *entries) find(input json.RawMessage) (request, *entry, error) {
	var in request
	if err := decode(input, &in); err != nil {
		return in, nil, err
	}
	for _, candidate := range e.list {
		if (in.ID != "" && candidate.ID == in.ID) || (in.ID == "" && candidate.Path == in.Path) {
			return in, candidate, nil
		}
	}
	return in, nil, refusef(airlock.NotFound, "no entry %s%s", in.ID, in.Path)
}

func decode(input json.RawMessage, out any) error {
	if err := json.Unmarshal(input, out); err != nil {
		return refusef(airlock.InvalidArgument, "decode input: %v", err)
	}
	return nil
}

func refusef(code airlock.Code, format string, args ...any) error {
	return &airlock.Error{Code: code, Message: fmt.Sprintf(format, args...)}
}
