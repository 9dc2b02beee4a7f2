// Package events lets extensions publish events, which start jobs of extensions that listen for them. Which types an extension may publish
// is decided at the door.
package events

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/google/uuid"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/operations"
	"github.com/airlock-run/airlock/operations/content"
)

// namespace is the UUIDv5 namespace of the ids of events that jobs publish.
var namespace = uuid.MustParse("0f0b5a0e-4c39-5a53-8d6d-6f3a2c1b7e42")

// reserved begins the types of events that only Airlock itself publishes.
const reserved = "airlock."

// Contents has the content that extensions have kept, beside what the bus has.
type Contents interface {
	// Read returns length bytes from an offset, and the size of the whole; not_found for what is not there.
	Read(ctx context.Context, library uuid.UUID, digest string, offset, length int64) (data []byte, size int64, err error)
}

// Operations returns the operations of this domain.
func Operations(conn *bus.Conn, contents Contents) []operations.Operation {
	p := &publisher{conn, contents}
	return []operations.Operation{
		operations.RepeatableAction("events.publish", p.publish, operations.Describe("publishes an event of the library, which starts the jobs that listen for its type")),
	}
}

type publisher struct {
	conn     *bus.Conn
	contents Contents
}

type publishInput struct {
	Type        string          `json:"type" jsonschema:"dotted name of a-z 0-9 _ -, such as receipt.detected; those with airlock. are Airlock's own"`
	Subject     string          `json:"subject,omitempty" jsonschema:"what the event is about, such as the id of an entry"`
	ContentType string          `json:"content_type,omitempty" jsonschema:"media type of the data, default application/json"`
	Data        json.RawMessage `json:"data,omitempty" jsonschema:"any JSON"`
	DataBase64  []byte          `json:"data_base64,omitempty" jsonschema:"data that is no JSON, with its content_type"`
	Content     string          `json:"content,omitempty" jsonschema:"reference of content of the library that is the data, with its content_type"`
	ID          string          `json:"event_id,omitempty" jsonschema:"name of what happened, at most 256 bytes: published again under it, by any job of the extension in the library, it starts nothing twice; default: one of its own for each call"`
}

// maxID bounds the name that an extension gives an event, in bytes.
const maxID = 256

type publishOutput struct {
	ID string `json:"event_id" jsonschema:"the event's id; with its source, /extensions/ and the extension's id, it is unique"`
}

func (p *publisher) publish(ctx context.Context, call *bus.Call, in publishInput) (publishOutput, error) {
	data, err := in.data()
	if err != nil {
		return publishOutput{}, err
	}
	hops, err := p.hops(ctx, call)
	if err != nil {
		return publishOutput{}, err
	}
	event := bus.NewEvent(call.Library, "/extensions/"+call.Extension, in.Type, in.ContentType, data)
	event.Subject, event.Hops = in.Subject, hops
	if in.Content != "" {
		if event.Size, err = p.size(ctx, call.Library, in.Content); err != nil {
			return publishOutput{}, err
		}
		event.Content = in.Content
	}
	switch {
	case in.ID != "": // jobs started by an event do not tell libraries apart, and types are free to share names
		event.ID = uuid.NewSHA1(namespace, []byte(strings.Join([]string{call.Library.String(), in.Type, in.ID}, "\x00"))).String()
	case call.Key != "": // the same event, should it be published again
		event.ID = uuid.NewSHA1(namespace, []byte(call.Key+"\x00"+call.Hash())).String()
	}
	if err := p.conn.Publish(ctx, event); err != nil {
		return publishOutput{}, err
	}
	return publishOutput{event.ID}, nil
}

// size is that of content, which has to be there.
func (p *publisher) size(ctx context.Context, library uuid.UUID, digest string) (int64, error) {
	_, size, err := p.contents.Read(ctx, library, digest, 0, 1)
	if errors.Is(err, content.ErrOnBus) || bus.CodeOf(err) == bus.NotFound { // an answer that was kept, or the data of another event
		_, size, err = p.conn.Content(ctx, library, digest, 0, 1)
	}
	if err != nil {
		return 0, fmt.Errorf("find the event's content: %w", err)
	}
	return size, nil
}

// data checks the input and returns what the event carries.
func (in *publishInput) data() ([]byte, error) {
	switch {
	case strings.HasPrefix(in.Type, reserved):
		return nil, bus.Errorf(bus.InvalidArgument, "type %q: only Airlock itself publishes events of types with %s", in.Type, reserved)
	case len(in.DataBase64) > 0 && len(in.Data) > 0:
		return nil, bus.Errorf(bus.InvalidArgument, "want either data or data_base64, not both")
	case in.Content != "" && (len(in.Data) > 0 || len(in.DataBase64) > 0):
		return nil, bus.Errorf(bus.InvalidArgument, "want one of data, data_base64 and content")
	case len(in.ID) > maxID || strings.Contains(in.ID, "\x00"):
		return nil, bus.Errorf(bus.InvalidArgument, "event_id has %d bytes or a NUL, want at most %d and none", len(in.ID), maxID)
	case in.Content != "" && in.ContentType == "":
		return nil, bus.Errorf(bus.InvalidArgument, "content_type is missing: content does not say what it is")
	case len(in.DataBase64) > 0 && in.ContentType == "":
		return nil, bus.Errorf(bus.InvalidArgument, "content_type is missing: data_base64 does not say what it is")
	case len(in.DataBase64) > 0:
		return in.DataBase64, nil
	}
	if in.ContentType == "" {
		in.ContentType = "application/json"
	}
	return in.Data, nil
}

// hops is how many events led to the job that calls.
func (p *publisher) hops(ctx context.Context, call *bus.Call) (int, error) {
	if call.Extension == bus.Operator {
		return 0, nil
	}
	job, err := p.conn.Caller(ctx, call)
	if err != nil {
		return 0, fmt.Errorf("read the job that calls: %w", err)
	}
	return job.Hops, nil
}
