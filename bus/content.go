package bus

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go/jetstream"
)

// MaxContent is the largest content, in bytes.
const MaxContent = 100 << 20

// PutContent keeps bytes of a library under their digest, which it returns. The same bytes again are kept once.
//
// # Errors
//
// resource_exhausted for more than MaxContent bytes; unavailable.
func (c *Conn) PutContent(ctx context.Context, library uuid.UUID, data []byte) (string, error) {
	if len(data) > MaxContent {
		return "", Errorf(ResourceExhausted, "content is %d bytes, at most %d are kept", len(data), MaxContent)
	}
	digest := Digest(data)
	store, err := c.js.ObjectStore(ctx, contentBucket)
	if err != nil {
		return "", Errorf(Unavailable, "keep content: %v", err)
	}
	name := contentName(library, digest)
	if _, err := store.GetInfo(ctx, name); err == nil {
		return digest, nil
	}
	if _, err := store.PutBytes(ctx, name, data); err != nil {
		return "", Errorf(Unavailable, "keep content: %v", err)
	}
	return digest, nil
}

// Content reads length bytes from offset of a library's content, fewer at its end, and tells its whole size.
//
// # Errors
//
// invalid_argument for what is no reference; not_found.
func (c *Conn) Content(ctx context.Context, library uuid.UUID, digest string, offset, length int64) ([]byte, int64, error) {
	if !ValidContent(digest) {
		return nil, 0, Errorf(InvalidArgument, "%q is no content reference, want sha256:<64 hex digits>", digest)
	}
	store, err := c.js.ObjectStore(ctx, contentBucket)
	if err != nil {
		return nil, 0, fmt.Errorf("open content: %w", err)
	}
	object, err := store.Get(ctx, contentName(library, digest))
	if errors.Is(err, jetstream.ErrObjectNotFound) {
		return nil, 0, Errorf(NotFound, "library %s has no content %s", library, digest)
	}
	if err != nil {
		return nil, 0, fmt.Errorf("open content: %w", err)
	}
	defer func() { _ = object.Close() }()
	info, err := object.Info()
	if err != nil {
		return nil, 0, fmt.Errorf("read content: %w", err)
	}
	size := int64(info.Size) //nolint:gosec // bounded by MaxContent
	if _, err := io.CopyN(io.Discard, object, min(offset, size)); err != nil {
		return nil, 0, fmt.Errorf("read content: %w", err)
	}
	var part bytes.Buffer
	if _, err := io.CopyN(&part, object, min(length, max(size-offset, 0))); err != nil {
		return nil, 0, fmt.Errorf("read content: %w", err)
	}
	return part.Bytes(), size, nil
}

// ValidContent tells whether a text has the form of a content reference.
func ValidContent(reference string) bool {
	digits, ok := strings.CutPrefix(reference, "sha256:")
	if !ok || len(digits) != 64 {
		return false
	}
	_, err := hex.DecodeString(digits)
	return err == nil
}

func contentName(library uuid.UUID, digest string) string { return library.String() + "/" + digest }
