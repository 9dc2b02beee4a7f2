package airlock

import (
	"encoding/json"
	"fmt"
	"time"
)

// contentRange is how much of a content reference one call reads.
const contentRange = 1 << 20

// Event is the CloudEvent that started a job.
type Event struct {
	// ID and Source together are unique.
	ID     string `json:"id"`
	Source string `json:"source"`
	// Type is dotted, as in mail.received.
	Type    string    `json:"type"`
	Subject string    `json:"subject"`
	Time    time.Time `json:"time"`
	// DataContentType says what the data is, as in message/rfc822.
	DataContentType string `json:"datacontenttype"`
	// Content names the data where it is too large to come with the event, and is empty otherwise.
	Content string `json:"content"`
	// Size counts the data's bytes.
	Size int64 `json:"size"`

	inline json.RawMessage
	binary []byte
	job    *JobContext
}

// UnmarshalJSON decodes the event of a job's context.
func (e *Event) UnmarshalJSON(data []byte) error {
	type attributes Event
	wire := struct {
		*attributes
		Inline json.RawMessage `json:"data"`
		Binary []byte          `json:"data_base64"`
	}{attributes: (*attributes)(e)}
	if err := json.Unmarshal(data, &wire); err != nil {
		return fmt.Errorf("decode event: %w", err)
	}
	e.inline, e.binary = wire.Inline, wire.Binary
	return nil
}

// Data returns the event's data, however it came: as JSON, as bytes, or as a reference that is then read range by range with
// query:vdfs.read_content, which the manifest must grant. It is nil for an event without data. Each call reads a reference anew.
//
// # Errors
//
// Those of the call, and content that ends before the size it was announced with.
func (e *Event) Data() ([]byte, error) {
	switch {
	case e.Content != "":
		return e.read()
	case len(e.binary) > 0:
		return e.binary, nil
	case string(e.inline) == "null":
		return nil, nil
	default:
		return e.inline, nil
	}
}

func (e *Event) read() ([]byte, error) {
	var data []byte
	for {
		part, err := e.job.VDFS().ReadContent(e.Content, int64(len(data)), contentRange)
		if err != nil {
			return nil, fmt.Errorf("read event data: %w", err)
		}
		if data == nil {
			data = make([]byte, 0, min(part.Size, 64<<20))
		}
		data = append(data, part.Data...)
		if part.EOF {
			return data, nil
		}
		if len(part.Data) == 0 {
			return nil, fmt.Errorf("read event data: content %s ended after %d of %d bytes", e.Content, len(data), part.Size)
		}
	}
}
