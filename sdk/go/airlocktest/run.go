package airlocktest

import (
	"encoding/json"
	"time"

	airlock "github.com/airlock-run/airlock/sdk/go"
)

// inlineEvent is the size up to which an event's data comes with it.
const inlineEvent = 64 << 10

// Event starts a job. Its zero value is an event without a type and without data.
type Event struct {
	ID, Source, Type, Subject string
	Time                      time.Time
	// DataContentType decides how small data reaches the job: as JSON or as bytes. Empty means application/json.
	DataContentType string
	// Data of more than 64 KiB reaches the job as a content reference.
	Data []byte
}

// Option says how [Host.Run] starts a job.
type Option func(h *Host, s *start)

type start struct {
	context map[string]any
	attempt int
	state   []byte
}

// WithInput gives the job an input, encoded as JSON.
func WithInput(v any) Option {
	return func(h *Host, s *start) {
		h.t.Helper()
		s.state = h.encode(v)
	}
}

// WithState gives the job a state as it is, JSON or not.
func WithState(state []byte) Option {
	return func(_ *Host, s *start) { s.state = state }
}

// WithEvent starts the job as a trigger does.
func WithEvent(event Event) Option {
	return func(h *Host, s *start) { s.context["event"] = h.wire(event) }
}

// WithJobID gives the job an id of its own, to run two jobs on one host. The id must be a hyphenated UUID.
func WithJobID(id string) Option {
	return func(h *Host, s *start) {
		h.t.Helper()
		job, err := airlock.ParseUUID(id)
		if err != nil {
			h.t.Fatalf("airlocktest: %v", err)
		}
		h.job = job
	}
}

// WithAttempt makes this the nth attempt, counting from 1.
func WithAttempt(n int) Option {
	return func(_ *Host, s *start) { s.attempt = n }
}

// Resumed starts the job from the last checkpoint that the host has, as the next attempt does.
func Resumed() Option {
	return func(h *Host, s *start) {
		h.t.Helper()
		if len(h.checkpoints) == 0 {
			h.t.Fatal("airlocktest: resume: no checkpoint was saved")
		}
		s.state = h.checkpoints[len(h.checkpoints)-1]
		s.context["resumed"] = true
		s.attempt = h.attempt + 1
	}
}

// Run runs one attempt of a registered job and returns its exit code. What the job does is added to what the host already
// remembers.
func (h *Host) Run(job string, options ...Option) int32 {
	h.t.Helper()
	s := &start{context: map[string]any{"extension": "test", "job": job, "resumed": false}, attempt: 1}
	h.mu.Lock()
	for _, option := range options {
		option(h, s)
	}
	s.context["job_id"], s.context["library_id"] = h.job.String(), h.library.String()
	s.context["attempt"], h.attempt = s.attempt, s.attempt
	h.mu.Unlock()
	return airlock.Run(h, job, h.encode(s.context), s.state)
}

// Init announces the registered jobs, as loading the extension does, and returns what plugin_init answers.
func (h *Host) Init() int32 { return airlock.Init(h) }

// wire is the event as a job's context has it.
func (h *Host) wire(event Event) map[string]any {
	contentType := event.DataContentType
	if contentType == "" {
		contentType = "application/json"
	}
	wire := map[string]any{
		"id": event.ID, "source": event.Source, "type": event.Type, "subject": event.Subject, "time": event.Time,
		"datacontenttype": contentType, "size": len(event.Data),
	}
	switch {
	case len(event.Data) > inlineEvent:
		reference := digest(event.Data)
		h.events[reference] = event.Data
		wire["content"] = reference
	case len(event.Data) == 0:
	case contentType == "application/json":
		wire["data"] = json.RawMessage(event.Data)
	default:
		wire["data_base64"] = event.Data
	}
	return wire
}

func (h *Host) encode(v any) []byte {
	h.t.Helper()
	out, err := json.Marshal(v)
	if err != nil {
		h.t.Fatalf("airlocktest: encode: %v", err)
	}
	return out
}
