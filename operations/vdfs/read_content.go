package vdfs

import (
	"context"
	"fmt"

	"github.com/airlock-run/airlock/bus"
)

const (
	defaultLength = 1 << 20
	maxLength     = 4 << 20
)

type contentInput struct {
	Content string `json:"content" jsonschema:"content reference: sha256: and 64 hex digits"`
	Offset  int64  `json:"offset,omitempty" jsonschema:"first byte; default 0" schema:"default=0"`
	// Length is how many bytes to return; 0 is the default.
	Length int64 `json:"length,omitempty" jsonschema:"how many bytes, at most 4 MiB; default 1 MiB" schema:"default=1048576"`
}

type contentOutput struct {
	Data []byte `json:"data" jsonschema:"the bytes"`
	// Size is that of the whole.
	Size int64 `json:"size" jsonschema:"bytes of the whole"`
	EOF  bool  `json:"eof" jsonschema:"whether this is the end"`
}

func (c *catalogue) readContent(ctx context.Context, call *bus.Call, in contentInput) (out contentOutput, err error) {
	if in.Length == 0 {
		in.Length = defaultLength
	}
	if err := checkRange(in.Offset, in.Length, maxLength); err != nil {
		return out, err
	}
	out.Data, out.Size, err = c.read(ctx, call.Library, in.Content, in.Offset, in.Length)
	if err != nil {
		return out, fmt.Errorf("read content: %w", err)
	}
	out.EOF = in.Offset >= out.Size-int64(len(out.Data))
	return out, nil
}

func checkRange(offset, length, most int64) error {
	switch {
	case offset < 0:
		return bus.Errorf(bus.InvalidArgument, "offset is %d, want 0 or more", offset)
	case length < 0 || length > most:
		return bus.Errorf(bus.InvalidArgument, "length is %d, want 1 to %d", length, most)
	default:
		return nil
	}
}
