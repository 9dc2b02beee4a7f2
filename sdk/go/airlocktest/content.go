package airlocktest

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strconv"

	airlock "github.com/airlock-run/airlock/sdk/go"
)

// Content keeps data and returns the reference that query:vdfs.read_content reads it by.
func (h *Host) Content(data []byte) string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.keep(data)
}

func (h *Host) keep(data []byte) string {
	reference := digest(data)
	h.content[reference] = slices.Clone(data)
	return reference
}

func (h *Host) kept(reference string) ([]byte, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	data, ok := h.content[reference]
	return data, ok
}

// ofEvent returns the data of an event, which can be read as content can, but is none of the library that an entry could have.
func (h *Host) ofEvent(reference string) ([]byte, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	data, ok := h.events[reference]
	return data, ok
}

// writeContent is vdfs.write_content. An upload is kept under its own name until it ends.
func (h *Host) writeContent(input json.RawMessage) (any, error) {
	var in struct {
		Data   []byte `json:"data"`
		More   bool   `json:"more"`
		Upload string `json:"upload"`
		Offset int64  `json:"offset"`
	}
	if err := decode(input, &in); err != nil {
		return nil, err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	before, ok := h.content[in.Upload]
	switch {
	case in.Upload != "" && !ok:
		return nil, refusef(airlock.NotFound, "no upload %s", in.Upload)
	case in.Offset != int64(len(before)):
		return nil, refusef(airlock.FailedPrecondition, "the upload has %d bytes, and offset is %d", len(before), in.Offset)
	}
	data := append(slices.Clone(before), in.Data...)
	if !in.More {
		delete(h.content, in.Upload)
		return map[string]any{"content": h.keep(data), "size": len(data)}, nil
	}
	if in.Upload == "" {
		in.Upload = "upload " + strconv.Itoa(len(h.content))
	}
	h.content[in.Upload] = data
	return map[string]any{"upload": in.Upload, "size": len(data)}, nil
}

func (h *Host) readContent(input json.RawMessage) (any, error) {
	var in struct {
		Content string `json:"content"`
		Offset  int64  `json:"offset"`
		Length  int64  `json:"length"`
	}
	if err := decode(input, &in); err != nil {
		return nil, err
	}
	data, ok := h.kept(in.Content)
	if !ok {
		data, ok = h.ofEvent(in.Content)
	}
	if !ok {
		return nil, refusef(airlock.NotFound, "no content %s", in.Content)
	}
	return piece(data, in.Offset, in.Length, 1<<20)
}

// piece is a part of bytes, by default of some length.
func piece(data []byte, offset, length, usual int64) (map[string]any, error) {
	if offset < 0 || length < 0 {
		return nil, refusef(airlock.InvalidArgument, "offset and length must not be negative")
	}
	if length == 0 {
		length = usual
	}
	size := int64(len(data))
	from := min(offset, size)
	to := min(from+length, size)
	return map[string]any{"data": append([]byte{}, data[from:to]...), "size": size, "eof": to == size}, nil
}

func digest(data []byte) string {
	sum := sha256.Sum256(data)
	return "sha256:" + hex.EncodeToString(sum[:])
}
