package door

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/google/uuid"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/capabilities"
	"github.com/airlock-run/airlock/extensions"
)

// Door knows what extensions may do. It is safe for concurrent use.
type Door struct {
	conn      *bus.Conn
	catalogue *extensions.Catalogue
	authority *capabilities.Authority
	log       *slog.Logger
}

// New makes a Door, which denies everything until Run has read policy and libraries. A nil logger discards.
func New(conn *bus.Conn, catalogue *extensions.Catalogue, log *slog.Logger) *Door {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &Door{conn: conn, catalogue: catalogue, authority: capabilities.NewAuthority(), log: log}
}

// Run follows policy and libraries until ctx ends.
func (d *Door) Run(ctx context.Context) { d.authority.Follow(ctx, d.conn, d.log) }

// Ready is closed once policy and libraries are known.
func (d *Door) Ready() <-chan struct{} { return d.authority.Ready() }

// StorageBytes is how many bytes a library may have, by the policy in force; false where it does not say, or is not known yet.
func (d *Door) StorageBytes(library uuid.UUID) (bytes int64, bounded bool) {
	policy, _ := d.authority.Policy()
	if policy == nil {
		return 0, false
	}
	return policy.StorageBytes(library)
}

// Caller is who makes a call: as it was when the call arrived.
type Caller struct {
	door   *Door
	method capabilities.Method
	grant  *capabilities.Grant
	// job is the library of the job, library that of the call.
	job, library uuid.UUID
	person       bool
}

// Caller finds out who makes a call.
//
// # Errors
//
// permission_denied for a job that is not the extension's, or that there is none of, and for an extension that is not installed; unavailable.
func (d *Door) Caller(ctx context.Context, call *bus.Call) (*Caller, error) {
	c := &Caller{
		door: d, library: call.Library, person: call.Extension == bus.Operator,
		method: capabilities.Method{Kind: capabilities.Kind(call.Kind), Operation: call.Operation, Version: call.Version},
	}
	if c.person {
		return c, nil
	}
	extension, version, library, err := d.job(ctx, call)
	switch {
	case bus.CodeOf(err) == bus.NotFound:
		return nil, bus.Errorf(bus.PermissionDenied, "there is no job %s of %s that runs", call.Job, call.Extension)
	case err != nil:
		return nil, fmt.Errorf("look for the job that calls: %w", err)
	case extension != call.Extension:
		return nil, bus.Errorf(bus.PermissionDenied, "job %s is not one of %s", call.Job, call.Extension)
	}
	c.job = library
	installed, err := d.installed(ctx, call.Extension, version)
	switch {
	case errors.Is(err, extensions.ErrNotInstalled), errors.Is(err, extensions.ErrNoVersion):
		return nil, bus.Errorf(bus.PermissionDenied, "what %s asks for is not known: it is not installed any more", call.Extension)
	case err != nil:
		return nil, fmt.Errorf("look for the manifest of %s: %w", call.Extension, err)
	case string(installed.Manifest.ID) != call.Extension:
		return nil, bus.Errorf(bus.PermissionDenied, "job %s began with a version of another extension than %s", call.Job, call.Extension)
	}
	c.grant = installed.Manifest.Grant()
	return c, nil
}

// job finds the job that calls: by its run record, or without one by its message.
func (d *Door) job(ctx context.Context, call *bus.Call) (extension, version string, library uuid.UUID, err error) {
	run, err := d.conn.Run(ctx, call.Job)
	if err == nil {
		return run.Extension, run.Version, run.Library, nil
	}
	if bus.CodeOf(err) != bus.NotFound {
		return "", "", uuid.Nil, err
	}
	job, err := d.conn.Caller(ctx, call)
	if err != nil {
		return "", "", uuid.Nil, err
	}
	return job.Extension, "", job.Library, nil
}

func (d *Door) installed(ctx context.Context, extension, version string) (extensions.Installed, error) {
	if version != "" {
		return d.catalogue.Version(ctx, extensions.Version(version))
	}
	return d.catalogue.Installed(ctx, extensions.ID(extension))
}

// May tells whether the call may be aimed at a target. People may aim theirs at all there is.
//
// # Errors
//
// The denial: its code, its sentence and the rule.
func (c *Caller) May(target capabilities.Target) error {
	if c.person {
		return nil
	}
	decision := c.door.authority.Decide(c.grant, &capabilities.Request{
		Method: c.method, JobLibrary: c.job, Library: c.library, Target: target,
	})
	if decision.Allowed {
		return nil
	}
	return &bus.Error{Code: bus.Code(decision.Code), Message: decision.Reason, RetryAfter: decision.RetryAfter, Rule: decision.Rule}
}
