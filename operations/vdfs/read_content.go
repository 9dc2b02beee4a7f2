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
	Content string `json:"content"`
	Offset  int64  `json:"offset"`
	// Length is how many bytes to return; 0 is the default.
	Length int64 `json:"length"`
}

type contentOutput struct {
	Data []byte `json:"data"`
	// Size is that of the whole.
	Size int64 `json:"size"`
	EOF  bool  `json:"eof"`
}

func (c *catalogue) readContent(ctx context.Context, call *bus.Call, in contentInput) (out contentOutput, err error) {
	if in.Length == 0 {
		in.Length = defaultLength
	}
	switch {
	case in.Offset < 0:
		return out, bus.Errorf(bus.InvalidArgument, "offset is %d, want 0 or more", in.Offset)
	case in.Length < 0 || in.Length > maxLength:
		return out, bus.Errorf(bus.InvalidArgument, "length is %d, want 1 to %d", in.Length, maxLength)
	}
	out.Data, out.Size, err = c.conn.Content(ctx, call.Library, in.Content, in.Offset, in.Length)
	if err != nil {
		return out, fmt.Errorf("read content: %w", err)
	}
	if out.Data == nil {
		out.Data = []byte{} // "" in JSON, not null
	}
	out.EOF = in.Offset >= out.Size-int64(len(out.Data))
	return out, nil
}
