package airlocktest

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"

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

func (h *Host) readContent(input json.RawMessage) (any, error) {
	var in struct {
		Content string `json:"content"`
		Offset  int64  `json:"offset"`
		Length  int64  `json:"length"`
	}
	if err := decode(input, &in); err != nil {
		return nil, err
	}
	h.mu.Lock()
	data, ok := h.content[in.Content]
	h.mu.Unlock()
	if !ok {
		return nil, refusef(airlock.NotFound, "no content %s", in.Content)
	}
	if in.Offset < 0 || in.Length < 0 {
		return nil, refusef(airlock.InvalidArgument, "offset and length must not be negative")
	}
	if in.Length == 0 {
		in.Length = 1 << 20
	}
	size := int64(len(data))
	from := min(in.Offset, size)
	to := min(from+in.Length, size)
	return map[string]any{"data": data[from:to], "size": size, "eof": to == size}, nil
}

func digest(data []byte) string {
	sum := sha256.Sum256(data)
	return "sha256:" + hex.EncodeToString(sum[:])
}
