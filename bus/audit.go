package bus

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// AuditDecision says what a record of the audit is about.
type AuditDecision string

// The decisions.
const (
	// AuditAllowed is a call that was let through, after it has ended: its code says how.
	AuditAllowed AuditDecision = "allowed"
	// AuditDenied is a call that was not let through.
	AuditDenied AuditDecision = "denied"
	// AuditIntent is an action that is about to be sent. Without a record that names it, nobody knows how it ended.
	AuditIntent AuditDecision = "intent"
	// AuditAct is what a person did.
	AuditAct AuditDecision = "act"
	// AuditLost says that records could not be kept, and how many.
	AuditLost AuditDecision = "lost"
)

// AuditRecord is one record of the audit. It has no payload, no answer, no message of an error, and no key that a guest has chosen: each could be
// a secret.
type AuditRecord struct {
	ID       uuid.UUID     `json:"id"`
	At       time.Time     `json:"at"`
	Decision AuditDecision `json:"decision"`
	// By is the process that wrote it: a worker's name, or for an act the person's, as their tool gives it.
	By        string `json:"by,omitempty"`
	Extension string `json:"extension,omitempty"`
	// Library is the one it is about; JobLibrary that of the job, where it is another.
	Library    uuid.UUID `json:"library,omitzero"`
	JobLibrary uuid.UUID `json:"job_library,omitzero"`
	Job        uuid.UUID `json:"job,omitzero"`
	JobName    string    `json:"job_name,omitempty"`
	Attempt    uint64    `json:"attempt,omitempty"`
	// Kind and Operation are the method's, "act" and "extension.load" for instance of an act, and AuditRun alone of a job that may not run. Both are
	// empty for what is no method.
	Kind      string `json:"kind,omitempty"`
	Operation string `json:"operation,omitempty"`
	// Credential is the name of the one that was used, or asked for.
	Credential string `json:"credential,omitempty"`
	// Rule is the one that decided.
	Rule string `json:"rule,omitempty"`
	// Code is why it was denied, or how it ended; empty when it went well.
	Code Code `json:"code,omitempty"`
	// MS is how long it took, RequestBytes and AnswerBytes how large payload and answer were: together, of several calls.
	MS           float64 `json:"ms,omitempty"`
	RequestBytes int64   `json:"request_bytes,omitempty"`
	AnswerBytes  int64   `json:"answer_bytes,omitempty"`
	// Count is how many calls the record stands for; 0 for one.
	Count uint64 `json:"count,omitempty"`
	// Intent is the record that announced the action.
	Intent uuid.UUID `json:"intent,omitzero"`
	// Detail is what else there is to say of an act.
	Detail string `json:"detail,omitempty"`
}

// Method is the method's name, "action:vdfs.write_sidecar", or of an act "extension.load".
func (r *AuditRecord) Method() string {
	switch {
	case r.Kind == AuditRun:
		return r.Kind
	case r.Kind == "" || r.Decision == AuditAct:
		return r.Operation
	}
	return r.Kind + ":" + r.Operation
}

// AuditRun is the kind of a denial that is about the job itself: it may not run in its library.
const AuditRun = "run"

// actKind stands in subjects and records for the kind of an operation in that of an act.
const actKind = "act"

// auditSubject is where a record is kept: airlock.audit.<extension>.<decision>.<library>.<kind>. Nothing in it is a guest's to choose, since the server
// remembers every subject there is: of a denial the library is the job's.
func auditSubject(r *AuditRecord) string {
	library := r.Library
	if r.Decision == AuditDenied && r.JobLibrary != uuid.Nil {
		library = r.JobLibrary
	}
	return "airlock.audit." + orNone(extensionToken(r.Extension)) + "." + string(r.Decision) + "." + orNone(libraryToken(library)) + "." + orNone(r.Kind)
}

func libraryToken(library uuid.UUID) string {
	if library == uuid.Nil {
		return ""
	}
	return library.String()
}

// orNone is a token, or what stands for none.
func orNone(token string) string {
	if token == "" {
		return "_"
	}
	return token
}

// auditMessage is a record as it is published. Published again it is the same message, which the server keeps once.
func auditMessage(r *AuditRecord) (*nats.Msg, error) {
	data, err := json.Marshal(r)
	if err != nil {
		return nil, fmt.Errorf("encode audit record: %w", err)
	}
	msg := nats.NewMsg(auditSubject(r))
	if strings.ContainsAny(msg.Subject, " *>\t\r\n") {
		return nil, fmt.Errorf("encode audit record: it has no subject: %q", msg.Subject)
	}
	msg.Header.Set(jetstream.MsgIDHeader, r.ID.String())
	msg.Data = data
	return msg, nil
}

// Audit writes a record and returns once it is kept. It fills in what is missing of ID, At and By, whose default is the connection's name.
//
// # Errors
//
// unavailable, with why it cannot be written.
func (c *Conn) Audit(ctx context.Context, r AuditRecord) error {
	if r.ID == uuid.Nil {
		r.ID = uuid.New()
	}
	if r.At.IsZero() {
		r.At = time.Now().UTC()
	}
	if r.By == "" {
		r.By = c.config.Name
	}
	if r.Decision == AuditAct {
		r.Kind = actKind
	}
	msg, err := auditMessage(&r)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, confirmTime)
	defer cancel()
	if _, err := c.audits.publish(ctx, msg); err != nil {
		return Errorf(Unavailable, "the audit cannot be written: %v", err)
	}
	return nil
}
