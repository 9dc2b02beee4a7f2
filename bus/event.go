package bus

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// MaxInlineData is how large an event's data may be to travel with the event and its jobs. Larger data is kept as
// content, and a reference travels.
const MaxInlineData = 64 << 10

// MaxHops is how many events may cause one another before the next one is refused: the end of a loop.
const MaxHops = 8

// jobNamespace is the UUIDv5 namespace of the ids of jobs that events start.
var jobNamespace = uuid.MustParse("6f1c0c1e-6d2b-5d0b-9c56-0a4d3d1f7a10")

// Event is a CloudEvent 1.0 of a library. Its JSON is what a guest finds in its context.
type Event struct {
	ID              string     `json:"id"`
	Source          string     `json:"source"`
	Type            string     `json:"type"`
	Subject         string     `json:"subject,omitempty"`
	Time            *time.Time `json:"time,omitempty"`
	DataContentType string     `json:"datacontenttype,omitempty"`
	// One of Data (JSON), DataBase64 (anything else) and Content (a reference to more than MaxInlineData bytes) is set.
	Data       json.RawMessage `json:"data,omitempty"`
	DataBase64 string          `json:"data_base64,omitempty"`
	Content    string          `json:"content,omitempty"`
	Size       int64           `json:"size"`

	Library uuid.UUID `json:"-"`
	Hops    int       `json:"-"`
}

// NewEvent makes an event out of data of any size and type. Large data becomes content when the event is published.
func NewEvent(library uuid.UUID, source, eventType, contentType string, data []byte) *Event {
	now := time.Now().UTC()
	e := &Event{
		ID: uuid.Must(uuid.NewV7()).String(), Source: source, Type: eventType, Time: &now,
		DataContentType: contentType, Library: library,
	}
	e.setData(data)
	return e
}

func (e *Event) setData(data []byte) {
	e.Size = int64(len(data))
	switch {
	case len(data) == 0:
	case isJSON(e.DataContentType) && json.Valid(data):
		e.Data = data
	default:
		e.DataBase64 = base64.StdEncoding.EncodeToString(data)
	}
}

// JobID is the id of the one job this event starts of an extension's job, however often it is delivered.
func (e *Event) JobID(extension, job string) uuid.UUID {
	name := strings.Join([]string{e.Source, e.ID, extension + ":" + job}, "\x00")
	return uuid.NewSHA1(jobNamespace, []byte(name))
}

// Validate reports what CloudEvents or our subjects do not allow.
//
// # Errors
//
// invalid_argument, with what is wrong.
func (e *Event) Validate() error {
	switch {
	case e.ID == "" || e.Source == "":
		return Errorf(InvalidArgument, "event needs an id and a source")
	case !validEventType(e.Type):
		return Errorf(InvalidArgument, "event type %q is not a dotted name of a-z 0-9 _ -, such as mail.received", e.Type)
	case e.Hops > MaxHops:
		return Errorf(FailedPrecondition, "event %s is the end of a chain of %d events: is there a loop?", e.ID, e.Hops)
	}
	for _, attribute := range []string{e.ID, e.Source, e.Subject, e.DataContentType} {
		if strings.ContainsAny(attribute, "\r\n\x00") {
			return Errorf(InvalidArgument, "event %q: an attribute has a line break or NUL in it", e.ID)
		}
	}
	return nil
}

func validEventType(eventType string) bool {
	if len(eventType) > 128 {
		return false
	}
	for part := range strings.SplitSeq(eventType, ".") {
		if part == "" || len(part) > 64 || strings.Trim(part, "abcdefghijklmnopqrstuvwxyz0123456789_-") != "" {
			return false
		}
	}
	return true
}

// Publish publishes an event and returns when it is kept. Publishing it again within two minutes changes nothing, and
// later it starts no job that it has started before.
//
// # Errors
//
// invalid_argument, failed_precondition (too many hops), unavailable when the bus did not confirm it.
func (c *Conn) Publish(ctx context.Context, event *Event) error {
	if err := event.Validate(); err != nil {
		return err
	}
	data, err := c.stowData(ctx, event)
	if err != nil {
		return err
	}
	msg := nats.NewMsg(EventSubject(event.Library, event.Type))
	msg.Data = data
	event.setHeaders(msg.Header)
	injectTrace(ctx, msg.Header)
	if _, err := c.js.PublishMsg(ctx, msg, jetstream.WithMsgID(event.Source+" "+event.ID)); err != nil {
		return Errorf(Unavailable, "publish event %s: the bus did not confirm it (%v); repeat with the same id", event.ID, err)
	}
	return nil
}

// stowData keeps large data of an event as content, and returns what travels.
func (c *Conn) stowData(ctx context.Context, event *Event) ([]byte, error) {
	data, err := event.data()
	if err != nil || len(data) <= MaxInlineData {
		return data, err
	}
	if event.Content, err = c.PutContent(ctx, event.Library, data); err != nil {
		return nil, err
	}
	event.Data, event.DataBase64 = nil, ""
	return nil, nil
}

func (e *Event) data() ([]byte, error) {
	if e.DataBase64 == "" {
		return e.Data, nil
	}
	data, err := base64.StdEncoding.DecodeString(e.DataBase64)
	if err != nil {
		return nil, Errorf(InvalidArgument, "event %s: data_base64: %v", e.ID, err)
	}
	return data, nil
}

func (e *Event) setHeaders(h nats.Header) {
	h.Set("ce-specversion", "1.0")
	h.Set("ce-id", e.ID)
	h.Set("ce-source", e.Source)
	h.Set("ce-type", e.Type)
	h.Set("ce-library", e.Library.String())
	h.Set("ce-hops", strconv.Itoa(e.Hops))
	if e.Subject != "" {
		h.Set("ce-subject", e.Subject)
	}
	if e.Time != nil {
		h.Set("ce-time", e.Time.Format(time.RFC3339Nano))
	}
	if e.DataContentType != "" {
		h.Set("ce-datacontenttype", e.DataContentType)
	}
	if e.Content != "" {
		h.Set("ce-content", e.Content)
		h.Set("ce-contentsize", strconv.FormatInt(e.Size, 10))
	}
}

// decodeEvent reads a message of EVENTS. Anyone may publish there, so nothing in it is believed.
func decodeEvent(subject string, h nats.Header, data []byte) (*Event, error) {
	if v := h.Get("ce-specversion"); v != "1.0" {
		return nil, fmt.Errorf("decode event: ce-specversion is %q, want 1.0", v)
	}
	e := &Event{
		ID: h.Get("ce-id"), Source: h.Get("ce-source"), Type: h.Get("ce-type"), Subject: h.Get("ce-subject"),
		DataContentType: h.Get("ce-datacontenttype"),
	}
	var err error
	if e.Library, err = uuid.Parse(h.Get("ce-library")); err != nil {
		return nil, fmt.Errorf("decode event: ce-library: %w", err)
	}
	if hops := h.Get("ce-hops"); hops != "" {
		if e.Hops, err = strconv.Atoi(hops); err != nil || e.Hops < 0 {
			return nil, fmt.Errorf("decode event: ce-hops is %q, want a number", hops)
		}
	}
	if text := h.Get("ce-time"); text != "" {
		at, err := time.Parse(time.RFC3339Nano, text)
		if err != nil {
			return nil, fmt.Errorf("decode event: ce-time: %w", err)
		}
		e.Time = &at
	}
	e.setData(data)
	if content := h.Get("ce-content"); content != "" {
		if !ValidContent(content) || len(data) > 0 {
			return nil, errors.New("decode event: ce-content wants a reference sha256:… and an empty payload")
		}
		e.Content = content
		if e.Size, err = strconv.ParseInt(h.Get("ce-contentsize"), 10, 64); err != nil || e.Size < 0 {
			return nil, fmt.Errorf("decode event: ce-contentsize is %q, want a number", h.Get("ce-contentsize"))
		}
	}
	if err := e.Validate(); err != nil {
		return nil, err
	}
	if want := EventSubject(e.Library, e.Type); want != subject {
		return nil, fmt.Errorf("decode event: it says it belongs on %s but was published on %s", want, subject)
	}
	return e, nil
}

func isJSON(contentType string) bool {
	media, _, _ := strings.Cut(contentType, ";")
	media = strings.TrimSpace(media)
	return media == "" || media == "application/json" || strings.HasSuffix(media, "+json")
}

// Digest names bytes by their content: sha256:<64 hex digits>.
func Digest(data []byte) string {
	sum := sha256.Sum256(data)
	return "sha256:" + hex.EncodeToString(sum[:])
}
