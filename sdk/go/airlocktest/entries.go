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
	list []*entry // in the order they were created
	made int
	host *Host
}

type entry struct {
	airlock.Entry
	data map[string][]byte
}

func newEntries(h *Host) *entries { return &entries{host: h} }

func (e *entries) register(h *Host) {
	for method, handle := range map[string]Handler{
		"action:vdfs.create_entry":    e.create,
		"query:vdfs.get_entry":        e.entry,
		"query:vdfs.list_entries":     e.page,
		"action:vdfs.update_metadata": e.update,
		"action:vdfs.write_sidecar":   e.write,
		"query:vdfs.read_sidecar":     e.read,
		"query:vdfs.list_sidecars":    e.sidecars,
		"action:vdfs.delete_sidecar":  e.drop,
		"action:vdfs.delete_entry":    e.remove,
		"query:search.query":          e.search,
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
	ID        string          `json:"entry_id"`
	Name      string          `json:"name"`
	Path      string          `json:"path"`
	EntryType string          `json:"entry_type"`
	Metadata  json.RawMessage `json:"metadata"`
	Filename  string          `json:"filename"`
	Data      []byte          `json:"data"`
	Content   string          `json:"content"`
	Offset    int64           `json:"offset"`
	Length    int64           `json:"length"`
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
	if _, ok := e.host.kept(in.Content); in.Content != "" && !ok {
		return nil, refusef(airlock.NotFound, "no content %s", in.Content)
	}
	e.made++
	now := time.Now().UTC()
	created := &entry{data: map[string][]byte{}, Entry: airlock.Entry{
		ID:   fmt.Sprintf("00000000-0000-4000-8000-%012d", e.made),
		Name: in.Name, Path: in.Path, EntryType: in.EntryType, Metadata: metadata, Content: in.Content,
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

func (e *entries) remove(input json.RawMessage) (any, error) {
	_, found, err := e.find(input)
	if err != nil {
		return nil, err
	}
	e.list = slices.DeleteFunc(e.list, func(other *entry) bool { return other == found })
	return nothing, nil
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
