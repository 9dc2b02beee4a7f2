package vdfs

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/operations/store"
)

// maxMetadata bounds an entry's metadata, in bytes of JSON.
const maxMetadata = 64 << 10

// checkMetadata returns a JSON object without the space between its parts.
func checkMetadata(metadata json.RawMessage) (json.RawMessage, error) {
	if len(metadata) == 0 {
		return nil, bus.Errorf(bus.InvalidArgument, "metadata is missing")
	}
	if metadata[0] != '{' {
		return nil, bus.Errorf(bus.InvalidArgument, "metadata is no JSON object")
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, metadata); err != nil {
		return nil, bus.Errorf(bus.InvalidArgument, "metadata is no JSON: %v", err)
	}
	if compact.Len() > maxMetadata {
		return nil, bus.Errorf(bus.InvalidArgument, "metadata is %d bytes, at most %d are possible", compact.Len(), maxMetadata)
	}
	return compact.Bytes(), nil
}

type patchInput struct {
	ID       string          `json:"entry_id" jsonschema:"id of the entry"`
	Metadata json.RawMessage `json:"metadata" jsonschema:"object that is merged into the metadata: null removes a field; at most 64 KiB"`
}

func (c *catalogue) checkPatch(_ context.Context, _ *bus.Call, in patchInput) (_ patchInput, err error) {
	if in.ID, err = checkID(in.ID); err != nil {
		return in, err
	}
	in.Metadata, err = checkMetadata(in.Metadata)
	return in, err
}

func (c *catalogue) updateMetadata(ctx context.Context, tx *store.Tx, call *bus.Call, in patchInput) (struct{}, error) {
	var none struct{}
	e, err := readEntry(ctx, tx, call.Library, "id", in.ID)
	if err != nil {
		return none, err
	}
	grown := -len(e.Metadata)
	if e.Metadata, err = mergePatch(e.Metadata, in.Metadata); err != nil {
		return none, fmt.Errorf("merge metadata of entry %s: %w", in.ID, err)
	}
	if len(e.Metadata) > maxMetadata {
		return none, bus.Errorf(bus.InvalidArgument, "metadata would be %d bytes, at most %d are possible", len(e.Metadata), maxMetadata)
	}
	_, err = tx.Exec(ctx, `UPDATE entries SET metadata = $1, updated_at = $2 WHERE id = $3`,
		string(e.Metadata), store.Micros(time.Now()), in.ID)
	if err != nil {
		return none, fmt.Errorf("write metadata: %w", err)
	}
	return none, c.index(ctx, tx, call, e, grown+len(e.Metadata))
}

// mergePatch applies an RFC 7396 merge patch to a document. Both are JSON; numbers keep every digit.
func mergePatch(document, patch []byte) ([]byte, error) {
	var target, change any
	for data, value := range map[*any][]byte{&target: document, &change: patch} {
		decoder := json.NewDecoder(bytes.NewReader(value))
		decoder.UseNumber()
		if err := decoder.Decode(data); err != nil {
			return nil, fmt.Errorf("decode: %w", err)
		}
	}
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(merge(target, change)); err != nil {
		return nil, fmt.Errorf("encode: %w", err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// merge is the function MergePatch of RFC 7396, section 2.
func merge(target, patch any) any {
	changes, ok := patch.(map[string]any)
	if !ok {
		return patch
	}
	object, ok := target.(map[string]any)
	if !ok {
		object = make(map[string]any)
	}
	for name, value := range changes {
		if value == nil {
			delete(object, name)
		} else {
			object[name] = merge(object[name], value)
		}
	}
	return object
}
