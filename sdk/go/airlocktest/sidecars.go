package airlocktest

import (
	"encoding/json"
	"slices"
	"strings"

	airlock "github.com/airlock-run/airlock/sdk/go"
)

func (e *entries) write(input json.RawMessage) (any, error) {
	in, found, err := e.find(input)
	if err != nil {
		return nil, err
	}
	if in.Filename == "" {
		return nil, refusef(airlock.InvalidArgument, "filename is needed")
	}
	if in.Content != "" {
		var ok bool
		if in.Data, ok = e.host.kept(in.Content); !ok {
			return nil, refusef(airlock.NotFound, "no content %s", in.Content)
		}
	}
	found.data[in.Filename] = in.Data
	e.host.Content(in.Data)
	// The answers of earlier calls share the old list.
	found.Sidecars = slices.DeleteFunc(slices.Clone(found.Sidecars), func(s airlock.Sidecar) bool { return s.Filename == in.Filename })
	found.Sidecars = append(found.Sidecars, airlock.Sidecar{Filename: in.Filename, Size: int64(len(in.Data)), Digest: digest(in.Data)})
	return nothing, nil
}

func (e *entries) read(input json.RawMessage) (any, error) {
	in, found, err := e.find(input)
	if err != nil {
		return nil, err
	}
	data, ok := found.data[in.Filename]
	if !ok {
		return nil, refusef(airlock.NotFound, "entry %s has no sidecar %q", found.ID, in.Filename)
	}
	part, err := piece(data, in.Offset, in.Length, 5<<20)
	if err != nil {
		return nil, err
	}
	part["digest"] = digest(data)
	return part, nil
}

func (e *entries) sidecars(input json.RawMessage) (any, error) {
	_, found, err := e.find(input)
	if err != nil {
		return nil, err
	}
	list := slices.SortedFunc(slices.Values(found.Sidecars), func(a, b airlock.Sidecar) int { return strings.Compare(a.Filename, b.Filename) })
	if list == nil {
		list = []airlock.Sidecar{}
	}
	return map[string]any{"sidecars": list}, nil
}

func (e *entries) drop(input json.RawMessage) (any, error) {
	in, found, err := e.find(input)
	if err != nil {
		return nil, err
	}
	if _, ok := found.data[in.Filename]; !ok {
		return nil, refusef(airlock.NotFound, "entry %s has no sidecar %q", found.ID, in.Filename)
	}
	delete(found.data, in.Filename)
	found.Sidecars = slices.DeleteFunc(slices.Clone(found.Sidecars), func(s airlock.Sidecar) bool { return s.Filename == in.Filename })
	return nothing, nil
}

// merge applies a merge patch (RFC 7396) to an object.
func merge(document, patch json.RawMessage) (json.RawMessage, error) {
	if len(patch) == 0 {
		patch = json.RawMessage("{}")
	}
	var into, from map[string]any
	if len(document) > 0 {
		if err := json.Unmarshal(document, &into); err != nil {
			return nil, refusef(airlock.Internal, "decode metadata: %v", err)
		}
	}
	if err := json.Unmarshal(patch, &from); err != nil || from == nil {
		return nil, refusef(airlock.InvalidArgument, "metadata must be a JSON object")
	}
	return json.Marshal(mergeObject(into, from))
}

func mergeObject(into, from map[string]any) map[string]any {
	if into == nil {
		into = map[string]any{}
	}
	for key, value := range from {
		switch value := value.(type) {
		case nil:
			delete(into, key)
		case map[string]any:
			child, _ := into[key].(map[string]any)
			into[key] = mergeObject(child, value)
		default:
			into[key] = value
		}
	}
	return into
}
