package vdfs

import (
	"context"

	"github.com/google/uuid"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/operations/content"
	"github.com/airlock-run/airlock/operations/store"
)

// minPart is the least that comes at once before more: each part is an object of its own.
const minPart = 64 << 10

type writeInput struct {
	Data   []byte `json:"data" jsonschema:"the bytes, at most 4 MiB, and at least 64 KiB where more follow"`
	More   bool   `json:"more,omitempty" jsonschema:"whether more bytes follow, in other calls; default false" schema:"default=false"`
	Upload string `json:"upload,omitempty" jsonschema:"upload of the call before; default none: this is the first one"`
	Offset int64  `json:"offset,omitempty" jsonschema:"how many bytes were sent before; default 0" schema:"default=0"`
}

type writeOutput struct {
	Content string `json:"content,omitempty" jsonschema:"content reference: sha256: and 64 hex digits; left out while more follow"`
	Upload  string `json:"upload,omitempty" jsonschema:"upload for the next call; left out when there is none"`
	Size    int64  `json:"size" jsonschema:"how many bytes were sent altogether"`
}

// keptPart is bytes that were put outside of the database, unless they are all and few.
type keptPart struct {
	writeInput

	first bool
	// whole is what the bytes are content as, where they are all.
	whole string
	part  content.Part
}

// keepContent puts the bytes. Whether they fit the upload is for writeContent to tell: this may be a call of before, that was answered.
func (c *catalogue) keepContent(ctx context.Context, call *bus.Call, in writeInput) (kept keptPart, err error) {
	kept = keptPart{writeInput: in, first: in.Upload == ""}
	switch {
	case in.Data == nil:
		return kept, bus.Errorf(bus.InvalidArgument, "data is missing")
	case len(in.Data) > maxLength:
		return kept, bus.Errorf(bus.InvalidArgument, "data is %d bytes, at most %d are possible: send the rest with upload", len(in.Data), maxLength)
	case in.More && len(in.Data) < minPart:
		return kept, bus.Errorf(bus.InvalidArgument, "data is %d bytes, want %d or more where more follow", len(in.Data), minPart)
	case in.Offset < 0 || kept.first && in.Offset != 0:
		return kept, bus.Errorf(bus.InvalidArgument, "offset is %d, want how many bytes the upload has; 0 where it begins", in.Offset)
	}
	if kept.first && !in.More {
		if len(in.Data) > store.MaxInline {
			ref, err := c.contents.PutBytes(ctx, call.Library, in.Data)
			kept.whole = ref.Digest
			return kept, err
		}
		return kept, nil
	}
	if kept.first {
		kept.Upload = uuid.NewString()
	} else if fits, err := c.fits(ctx, call, in); err != nil || !fits {
		return kept, err
	}
	if len(in.Data) > 0 {
		kept.part, err = c.contents.PutPart(ctx, call.Library, kept.Upload, in.Offset, in.Data)
	}
	return kept, err
}

// fits tells whether an upload goes on where the bytes begin.
func (c *catalogue) fits(ctx context.Context, call *bus.Call, in writeInput) (fits bool, err error) {
	err = c.db.Read(ctx, func(tx *store.Tx) error {
		size, err := c.contents.Uploaded(ctx, tx, call.Library, in.Upload)
		fits = size == in.Offset
		if bus.CodeOf(err) == bus.NotFound {
			return nil
		}
		return err
	})
	return fits, err
}

func (c *catalogue) writeContent(ctx context.Context, tx *store.Tx, call *bus.Call, in keptPart) (out writeOutput, err error) {
	var ref content.Reference
	switch {
	case in.whole != "":
		ref = content.Reference{Digest: in.whole, Size: int64(len(in.Data))}
		err = c.contents.Hold(ctx, tx, call.Library, in.whole)
	case in.first && !in.More:
		if ref, err = c.contents.PutSmall(ctx, tx, call.Library, in.Data); err == nil {
			err = c.contents.Hold(ctx, tx, call.Library, ref.Digest)
		}
	default:
		return c.goOn(ctx, tx, call, in)
	}
	return writeOutput{Content: ref.Digest, Size: ref.Size}, err
}

// goOn adds a part to an upload, which begins or ends with it as the call says.
func (c *catalogue) goOn(ctx context.Context, tx *store.Tx, call *bus.Call, in keptPart) (out writeOutput, err error) {
	if in.first {
		if err := c.contents.Begin(ctx, tx, call.Library, in.Upload); err != nil {
			return out, err
		}
	}
	if out.Size, err = c.contents.Uploaded(ctx, tx, call.Library, in.Upload); err != nil {
		return out, err
	}
	if out.Size != in.Offset {
		return out, bus.Errorf(bus.FailedPrecondition, "the upload has %d bytes, and offset is %d: go on from there", out.Size, in.Offset)
	}
	if len(in.Data) > 0 {
		if out.Size, err = c.contents.Append(ctx, tx, call.Library, in.Upload, in.part); err != nil {
			return out, err
		}
	}
	if in.More {
		out.Upload = in.Upload
		return out, nil
	}
	ref, err := c.contents.Finish(ctx, tx, call.Library, in.Upload)
	return writeOutput{Content: ref.Digest, Size: ref.Size}, err
}
