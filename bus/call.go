package bus

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go"
)

// Kind says whether an operation reads or changes.
type Kind string

// The kinds of operation.
const (
	Query  Kind = "query"
	Action Kind = "action"
)

// Headers of calls, jobs and events; docs/protocol.md says what each means.
const (
	headerLibrary   = "Airlock-Library"
	headerExtension = "Airlock-Extension"
	headerJob       = "Airlock-Job"
	headerAttempt   = "Airlock-Attempt"
	headerCallKey   = "Airlock-Call-Key"
	headerTimeout   = "Airlock-Timeout-Ms"
	headerVersion   = "Airlock-Version"
	headerBusy      = "Airlock-Busy"
	headerContent   = "Airlock-Content"
	headerTokens    = "Airlock-Tokens"

	headerDue      = "Airlock-Due"
	headerExpires  = "Airlock-Expires"
	headerMoved    = "Airlock-Moved"
	headerDeal     = "Airlock-Deal"
	headerSequence = "Airlock-Sequence"
	headerSubject  = "Airlock-Subject"
	headerAgain    = "Airlock-Again"
	headerFresh    = "Airlock-Fresh"
	headerServer   = "Airlock-Server"
	headerDeleted  = "Airlock-Deleted"

	headerServiceError     = "Nats-Service-Error"
	headerServiceErrorCode = "Nats-Service-Error-Code"
)

// Operator is the extension a person's own calls carry. No extension can have this id.
const Operator = ".operator"

// Call is one call to an operation. Who calls is part of the subject, so a guest cannot forge it.
type Call struct {
	Extension string
	Kind      Kind
	Operation string
	// Version is what the method named, such as "v1"; empty when it named none.
	Version string
	Library uuid.UUID
	Job     uuid.UUID
	// Attempt is the attempt token of the job that calls; 0 for a person's call, which nothing fences.
	Attempt uint64
	// Key names the effect of an action; empty when the caller wants no protection from repeats.
	Key     string
	Payload json.RawMessage
	// MaxAnswer is the largest answer the caller has room for, in bytes; 0 for MaxCall.
	MaxAnswer int64
	// Tokens is how many tokens of an AI model answering took: set by the service that answers, and known to the caller when Call
	// has returned, also with an error.
	Tokens int64
}

// Method is the method's name, "query:ai.ocr".
func (c *Call) Method() string { return string(c.Kind) + ":" + c.Operation }

// Hash tells calls apart that ask for something different: method, library and payload go into it. It is the middle part of a call key.
func (c *Call) Hash() string {
	h := sha256.New()
	var length [4]byte
	for _, part := range [][]byte{[]byte(c.Method()), c.Library[:], c.Payload} {
		binary.BigEndian.PutUint32(length[:], uint32(len(part))) //nolint:gosec // a payload is far below 4 GiB
		h.Write(length[:])
		h.Write(part)
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// Call sends a call and returns the operation's JSON output. It waits until ctx ends, or for the connection's call
// timeout when ctx has no deadline. A service that is full is asked again, and with it the others of its kind, until then. When the
// connection is lost meanwhile, a call that reads, or has a key, is made again once it is back. Payload and output of more than a message
// carries go by reference.
//
// # Errors
//
// The operation's own *Error; unavailable, at once, when no service answers; deadline_exceeded; cancelled; invalid_argument for a payload,
// and resource_exhausted for an output, that is too large.
func (c *Conn) Call(ctx context.Context, call *Call) (json.RawMessage, error) {
	if _, ok := ctx.Deadline(); !ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, c.config.CallTimeout)
		defer cancel()
	}
	msg := callMessage(ctx, call)
	if len(call.Payload) <= c.inline() {
		return c.request(ctx, call, msg)
	}
	if len(call.Payload) > MaxCall {
		return nil, Errorf(InvalidArgument, "payload of %s is %d bytes, at most %d are possible", call.Method(), len(call.Payload), MaxCall)
	}
	ctx, cancel := context.WithTimeout(ctx, callsAge)
	defer cancel()
	if err := c.carry(ctx, msg, call.Payload); err != nil {
		return nil, callError(ctx, call, err)
	}
	defer c.delivered(ctx, msg.Header)
	setTimeout(ctx, msg)
	return c.request(ctx, call, msg)
}

// request sends the message of a call until a service takes it, and returns what that answers. What was under way when the connection was
// lost is sent again, if it may be; then services may need a moment to be back as well.
func (c *Conn) request(ctx context.Context, call *Call, msg *nats.Msg) (json.RawMessage, error) {
	send := func() (*nats.Msg, error) { return c.prompt.RequestMsgWithContext(ctx, msg) }
	if call.Kind == Query || call.Key != "" {
		send = func() (*nats.Msg, error) { return c.calls.request(ctx, c.prompt, msg) }
	}
	var lost time.Time
	for wait := time.Millisecond; ; wait = min(2*wait, 100*time.Millisecond) {
		reply, err := send()
		switch {
		case errors.Is(err, errAnswerLost):
			lost = time.Now()
		case errors.Is(err, nats.ErrNoResponders) && time.Since(lost) < settlingTime:
		case err != nil:
			return nil, callError(ctx, call, err)
		case reply.Header.Get(headerBusy) == "":
			call.Tokens = tokensOf(reply.Header)
			return c.answer(ctx, call, reply)
		}
		select {
		case <-time.After(wait/2 + rand.N(wait)): //nolint:gosec // jitter needs no secret
		case <-ctx.Done():
			if err != nil {
				return nil, callError(ctx, call, err)
			}
			return nil, Errorf(ResourceExhausted, "every service of %s was busy until the deadline", call.Operation)
		}
		setTimeout(ctx, msg)
	}
}

// answer is the output, or the error, that a reply has or refers to.
func (c *Conn) answer(ctx context.Context, call *Call, reply *nats.Msg) (json.RawMessage, error) {
	output, err := decodeReply(reply)
	if err != nil || reply.Header.Get(headerContent) == "" {
		return output, err
	}
	defer c.delivered(ctx, reply.Header)
	most := call.MaxAnswer
	if most == 0 {
		most = MaxCall
	}
	output, err = c.carried(ctx, reply.Header, output, most, c.fetching)
	if err != nil {
		refusal := *AsError(err)
		refusal.Message = "the answer of " + call.Method() + ": " + refusal.Message
		return nil, &refusal
	}
	return output, nil
}

func callMessage(ctx context.Context, call *Call) *nats.Msg {
	msg := nats.NewMsg(CallSubject(call.Extension, call.Kind, call.Operation))
	msg.Data = call.Payload
	msg.Header.Set(headerLibrary, call.Library.String())
	msg.Header.Set(headerJob, call.Job.String())
	msg.Header.Set(headerAttempt, strconv.FormatUint(call.Attempt, 10))
	if call.Key != "" {
		msg.Header.Set(headerCallKey, call.Key)
	}
	if call.Version != "" {
		msg.Header.Set(headerVersion, call.Version)
	}
	injectTrace(ctx, msg.Header)
	setTimeout(ctx, msg)
	return msg
}

func setTimeout(ctx context.Context, msg *nats.Msg) {
	if deadline, ok := ctx.Deadline(); ok {
		msg.Header.Set(headerTimeout, strconv.FormatInt(max(time.Until(deadline).Milliseconds(), 1), 10))
	}
}

func callError(ctx context.Context, call *Call, err error) error {
	switch {
	case errors.Is(err, nats.ErrNoResponders):
		return Errorf(Unavailable, "no service answers %s; is the name right, and does a process serve it?", call.Method())
	case ctx.Err() != nil:
		return AsError(ctx.Err())
	case errors.Is(err, nats.ErrMaxPayload):
		return Errorf(InvalidArgument, "payload of %s is %d bytes, more than the bus carries in one message", call.Method(), len(call.Payload))
	default:
		return Errorf(Unavailable, "call %s: the bus does not answer (%v)", call.Method(), err)
	}
}

// maxTokens bounds what a reply may say that it took: a service that is out of its mind cannot use up the budgets of years, nor say what
// cannot be added up.
const maxTokens = 1_000_000_000

// tokensOf is what a reply says that it took; nothing if it says it badly.
func tokensOf(h nats.Header) int64 {
	n, err := strconv.ParseInt(h.Get(headerTokens), 10, 64)
	if err != nil || n < 0 {
		return 0
	}
	return min(n, maxTokens)
}

func decodeReply(reply *nats.Msg) (json.RawMessage, error) {
	message := reply.Header.Get(headerServiceError)
	if message == "" {
		return reply.Data, nil
	}
	e := &Error{}
	if json.Unmarshal(reply.Data, e) != nil || e.Code == "" {
		e = &Error{Code: Code(reply.Header.Get(headerServiceErrorCode)), Message: message}
	}
	return nil, e
}

// parseCall reads the call out of a request.
func parseCall(subject string, header nats.Header, data []byte) (*Call, time.Duration, error) {
	extension, kind, operation, ok := parseCallSubject(subject)
	if !ok {
		return nil, 0, Errorf(InvalidArgument, "subject %q is not that of a call", subject)
	}
	if err := checkHeaders(header); err != nil {
		return nil, 0, err
	}
	call := &Call{
		Extension: extension, Kind: kind, Operation: operation,
		Version: header.Get(headerVersion), Key: header.Get(headerCallKey), Payload: data,
	}
	var err error
	if call.Library, err = canonicalUUID(headerLibrary, header.Get(headerLibrary)); err != nil {
		return nil, 0, err
	}
	if call.Job, err = canonicalUUID(headerJob, header.Get(headerJob)); err != nil {
		return nil, 0, err
	}
	if call.Attempt, err = strconv.ParseUint(header.Get(headerAttempt), 10, 64); err != nil {
		return nil, 0, Errorf(InvalidArgument, "header %s: want a number, got %q", headerAttempt, header.Get(headerAttempt))
	}
	ms, err := strconv.ParseUint(header.Get(headerTimeout), 10, 32)
	if err != nil || ms == 0 {
		return nil, 0, Errorf(InvalidArgument, "header %s: want milliseconds above 0, got %q", headerTimeout, header.Get(headerTimeout))
	}
	return call, min(time.Duration(ms)*time.Millisecond, maxTimeout), call.check(header)
}

// maxTimeout is the longest that a service works on a call.
const maxTimeout = callsAge

// API asks a service of Airlock: in and out are encoded as JSON. out may be nil.
//
// # Errors
//
// As Call's.
func (c *Conn) API(ctx context.Context, service, verb string, in, out any) error {
	return c.ask(ctx, APISubject(service, verb), in, out)
}

// ask asks whoever answers on a subject.
func (c *Conn) ask(ctx context.Context, subject string, in, out any) error {
	if err := c.askOnce(ctx, subject, in, out); !errors.Is(err, nats.ErrNoResponders) {
		return err
	}
	return Errorf(Unavailable, "no process answers %s; start one with `airlock operations` or `airlock up`", subject)
}

// askOnce is ask that leaves nats.ErrNoResponders as it is.
func (c *Conn) askOnce(ctx context.Context, subject string, in, out any) error {
	data, err := json.Marshal(in)
	if err != nil {
		return fmt.Errorf("encode request: %w", err)
	}
	if _, ok := ctx.Deadline(); !ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, c.config.CallTimeout)
		defer cancel()
	}
	reply, err := c.nc.RequestWithContext(ctx, subject, data)
	switch {
	case errors.Is(err, nats.ErrNoResponders):
		return err
	case err != nil:
		return AsError(err)
	}
	answer, err := decodeReply(reply)
	if err != nil || out == nil {
		return err
	}
	if err := json.Unmarshal(answer, out); err != nil {
		return fmt.Errorf("decode answer of %s: %w", subject, err)
	}
	return nil
}
