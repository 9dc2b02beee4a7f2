package bus

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// What a service checks of a request before it believes any of it. NATS lets only workers publish calls, each as the extensions it may run;
// these checks hold also where NATS was not told to, and against a worker that has been taken over.

const (
	// maxKey bounds a call key, in bytes.
	maxKey = 512
	// headerRequestInfo is what a server says of who asks from another account.
	headerRequestInfo = "Nats-Request-Info"
	// maxHeaderValue bounds a header of ours, and of the trace.
	maxHeaderValue = 1024
)

// checkReply refuses a request that is not to be answered in an inbox. A server publishes on whatever subject it is told to deliver or answer
// on, also where who told it may not publish: what comes that way has no reply, or one that leads back into a stream.
func checkReply(reply string) error {
	// _R_ is how a server answers into another account; no client can have it as its own.
	if strings.HasPrefix(reply, "_INBOX") || strings.HasPrefix(reply, "_R_.") {
		return nil
	}
	return Errorf(PermissionDenied, "a request is answered in an inbox, and this one wants its answer at %.80q", reply)
}

// callHeaders are the headers that a call has once, or not at all.
var callHeaders = []string{
	headerLibrary, headerExtension, headerJob, headerAttempt, headerCallKey, headerTimeout, headerVersion, headerContent, "traceparent", "tracestate",
}

// checkHeaders refuses headers that two readers might read differently, and those of a message that a stream has kept.
func checkHeaders(header nats.Header) error {
	for name, values := range header {
		known := slices.Contains(callHeaders, name)
		switch {
		case known && len(values) > 1:
			return Errorf(InvalidArgument, "header %s is there %d times, want it once", name, len(values))
		case known && name != headerCallKey && len(values) > 0 && len(values[0]) > maxHeaderValue:
			return Errorf(InvalidArgument, "header %s is %d bytes, at most %d are possible", name, len(values[0]), maxHeaderValue)
		case known:
		case strings.HasPrefix(name, "Nats-") && name != headerRequestInfo:
			return Errorf(PermissionDenied, "header %s: a call comes from who makes it, and not out of a stream", name)
		case slices.ContainsFunc(callHeaders, func(known string) bool { return strings.EqualFold(name, known) }):
			return Errorf(InvalidArgument, "header %.80q: want it spelled as in the protocol", name)
		}
	}
	return nil
}

// check refuses a call whose headers say something else than its subject, or that no caller of ours would make.
func (c *Call) check(header nats.Header) error {
	claimed, claims := header[headerExtension]
	switch {
	case c.Kind != Query && c.Kind != Action:
		return Errorf(InvalidArgument, "kind %.80q, want query or action", c.Kind)
	case c.Extension != Operator && !validExtension(c.Extension):
		return Errorf(InvalidArgument, "%.80q is no id of an extension", c.Extension)
	case claims && (len(claimed) != 1 || claimed[0] != c.Extension):
		return Errorf(PermissionDenied, "header %s says %.80q, and the call was published as %s", headerExtension, claimed, c.Extension)
	case c.Extension == Operator:
		// A person's call has no job, and what it names is no more than a note.
	case c.Job == uuid.Nil:
		return Errorf(InvalidArgument, "header %s: an extension calls from a job", headerJob)
	case c.Attempt == 0:
		return Errorf(InvalidArgument, "header %s: attempts are counted from 1", headerAttempt)
	}
	if len(c.Key) > maxKey || !utf8.ValidString(c.Key) || strings.ContainsRune(c.Key, 0) {
		return Errorf(InvalidArgument, "header %s: want at most %d bytes of UTF-8 without NUL", headerCallKey, maxKey)
	}
	return nil
}

// canonicalUUID reads a UUID that is written as we write them.
func canonicalUUID(name, text string) (uuid.UUID, error) {
	id, err := uuid.Parse(text)
	if err != nil || len(text) != len("00000000-0000-0000-0000-000000000000") || text != strings.ToLower(text) {
		return uuid.Nil, Errorf(InvalidArgument, "header %s: want a UUID in lower case with hyphens, got %.80q", name, text)
	}
	return id, nil
}

// CheckCaller tells whether a call comes from the newest attempt of a job of the extension that makes it: what an operation asks before it
// changes something. A person's call passes.
//
// # Errors
//
// permission_denied for a job that is not the extension's, or is none; failed_precondition for an attempt that is not the newest and for a job
// that has ended.
func (c *Conn) CheckCaller(ctx context.Context, call *Call) error {
	if call.Extension == Operator {
		return nil
	}
	err := c.checkCaller(ctx, call)
	if code := CodeOf(err); code == PermissionDenied || code == FailedPrecondition {
		return c.refuse(ctx, call, RuleCaller, err)
	}
	return err
}

func (c *Conn) checkCaller(ctx context.Context, call *Call) error {
	run, err := c.Run(ctx, call.Job)
	if CodeOf(err) == NotFound {
		return c.checkFirst(ctx, call)
	}
	switch {
	case ctx.Err() != nil:
		return AsError(ctx.Err())
	case err != nil:
		return Errorf(Unavailable, "the newest attempt of job %s is not known: %v", call.Job, err)
	case run.Extension != call.Extension:
		return Errorf(PermissionDenied, "job %s is not one of %s", call.Job, call.Extension)
	case run.State.Ended():
		return Errorf(FailedPrecondition, "job %s has ended (%s)", call.Job, run.State)
	case run.Attempt > call.Attempt:
		return Errorf(FailedPrecondition, "attempt %d of job %s is over: attempt %d runs", call.Attempt, call.Job, run.Attempt)
	case max(run.Attempt, 1) < call.Attempt:
		return Errorf(FailedPrecondition, "attempt %d of job %s has not begun: the newest is %d", call.Attempt, call.Job, run.Attempt)
	}
	return nil
}

// checkFirst tells whether a job that has no record is there: its first attempt leaves none at its start.
func (c *Conn) checkFirst(ctx context.Context, call *Call) error {
	if call.Attempt > 1 {
		return Errorf(FailedPrecondition, "attempt %d of job %s has not begun: it has no run record", call.Attempt, call.Job)
	}
	stream, err := c.stream(ctx, jobsStream)
	if err != nil {
		return err
	}
	for _, priority := range []Priority{Normal, High, Low} {
		_, err := stream.GetLastMsgForSubject(ctx, JobSubject(call.Extension, priority, call.Library, call.Job))
		switch {
		case err == nil:
			return nil
		case ctx.Err() != nil:
			return AsError(ctx.Err())
		case !errors.Is(err, jetstream.ErrMsgNotFound):
			return Errorf(Unavailable, "job %s is not known yet: %v", call.Job, err)
		}
	}
	// It acts in another library than its own.
	if job, err := c.Job(ctx, call.Job); err == nil && job.Extension == call.Extension {
		return nil
	}
	// It may have begun to leave a record meanwhile, or have ended.
	if run, err := c.Run(ctx, call.Job); err == nil && run.Extension == call.Extension && !run.State.Ended() && run.Attempt <= 1 {
		return nil
	} else if err != nil && CodeOf(err) != NotFound {
		return fmt.Errorf("look for job %s: %w", call.Job, err)
	}
	return Errorf(PermissionDenied, "there is no job %s of %s that runs", call.Job, call.Extension)
}
