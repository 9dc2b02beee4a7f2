package bus

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/micro"
	"golang.org/x/sync/semaphore"
)

// queueGroup is the queue group all services of Airlock answer in: each request reaches one of them.
const queueGroup = "airlock"

// CallHandler serves calls to one operation. Its ctx ends when the caller stops waiting or the service stops.
type CallHandler func(ctx context.Context, call *Call) (json.RawMessage, error)

// APIHandler serves one request of the tools.
type APIHandler func(ctx context.Context, request json.RawMessage) (any, error)

// Endpoint is one subject a Service answers on. Make it with CallEndpoint or APIEndpoint.
type Endpoint struct {
	name     string
	subject  string
	metadata map[string]string
	// large says that requests and answers may go by reference.
	large bool
	// serve may set headers of the reply.
	serve func(ctx context.Context, s *Service, req micro.Request, reply nats.Header) (json.RawMessage, error)
}

// CallEndpoint answers the calls of every extension to one operation. The metadata shows in `nats micro info`.
func CallEndpoint(kind Kind, operation string, metadata map[string]string, handle CallHandler) Endpoint {
	return Endpoint{
		name: endpointName(kind, operation), subject: CallSubject("*", kind, operation), metadata: metadata, large: true,
		serve: func(ctx context.Context, s *Service, req micro.Request, reply nats.Header) (json.RawMessage, error) {
			if err := checkReply(req.Reply()); err != nil {
				return nil, s.conn.forged(ctx, req.Subject(), err)
			}
			header := nats.Header(req.Headers())
			call, timeout, err := parseCall(req.Subject(), header, req.Data())
			if err != nil {
				return nil, s.conn.forged(ctx, req.Subject(), err)
			}
			ctx, cancel := context.WithTimeout(extractTrace(ctx, header), timeout)
			defer cancel()
			if call.Payload, err = s.conn.carried(ctx, header, call.Payload, MaxCall, s.fetching); err != nil {
				return nil, err
			}
			answer, err := handle(ctx, call)
			if call.Tokens > 0 {
				reply.Set(headerTokens, strconv.FormatInt(call.Tokens, 10))
			}
			return answer, err
		},
	}
}

// APIEndpoint answers what the tools ask of a service.
func APIEndpoint(service, verb string, handle APIHandler) Endpoint {
	return Endpoint{
		name: service + "-" + verb, subject: APISubject(service, verb),
		serve: func(ctx context.Context, _ *Service, req micro.Request, _ nats.Header) (json.RawMessage, error) {
			if err := checkReply(req.Reply()); err != nil {
				return nil, err
			}
			answer, err := handle(ctx, req.Data())
			if err != nil {
				return nil, err
			}
			return json.Marshal(answer)
		},
	}
}

// ServiceConfig describes a Service. Name and Endpoints are required.
type ServiceConfig struct {
	// Name is of letters, digits, '-' and '_', such as "ai".
	Name        string
	Description string
	// Version is a semantic version. Default "1.0.0".
	Version string
	// Concurrency is how many requests run at once; more are refused at once, and the caller asks another instance or
	// again. Default 64.
	Concurrency int
	Endpoints   []Endpoint
	// Logger defaults to one that discards.
	Logger *slog.Logger
}

// Service is a running NATS micro service: `nats micro ls|info|stats` shows it.
type Service struct {
	config ServiceConfig
	conn   *Conn
	micro  micro.Service
	slots  chan struct{}
	ctx    context.Context //nolint:containedctx // the life of the service, which each request's context hangs from
	cancel context.CancelFunc
	crew   *crew
	// fetching bounds the payloads by reference that are on their way.
	fetching *semaphore.Weighted
}

// Serve starts a service. It answers until Stop is called.
func (c *Conn) Serve(config ServiceConfig) (*Service, error) {
	if config.Version == "" {
		config.Version = "1.0.0"
	}
	if config.Concurrency == 0 {
		config.Concurrency = 64
	}
	if config.Concurrency < 0 {
		return nil, fmt.Errorf("serve %s: concurrency %d is negative", config.Name, config.Concurrency)
	}
	if config.Logger == nil {
		config.Logger = slog.New(slog.DiscardHandler)
	}
	s := &Service{config: config, conn: c, slots: make(chan struct{}, config.Concurrency), fetching: semaphore.NewWeighted(carriedAtOnce)}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	s.crew = newCrew(s.serve)
	var err error
	s.micro, err = micro.AddService(c.prompt, micro.Config{
		Name: config.Name, Version: config.Version, Description: config.Description, QueueGroup: queueGroup,
	})
	if err != nil {
		return nil, fmt.Errorf("serve %s: %w", config.Name, err)
	}
	for _, e := range config.Endpoints {
		err := s.micro.AddEndpoint(e.name, s.handler(e), micro.WithEndpointSubject(e.subject), micro.WithEndpointMetadata(e.metadata))
		if err != nil {
			_ = s.Stop()
			return nil, fmt.Errorf("serve %s: %w", e.subject, err)
		}
	}
	// The subscriptions are known to the server once it has answered a ping.
	if err := c.prompt.FlushTimeout(c.config.CallTimeout); err != nil {
		_ = s.Stop()
		return nil, fmt.Errorf("serve %s: %w", config.Name, err)
	}
	return s, nil
}

// Stop takes no more requests, waits for those that run, and returns when they have ended.
func (s *Service) Stop() error {
	err := s.micro.Stop()
	s.crew.end()
	s.cancel()
	if err != nil {
		return fmt.Errorf("stop %s: %w", s.config.Name, err)
	}
	return nil
}

// handler runs each request in a goroutine of the crew: micro itself would serve a subscription's requests one by one. micro's own
// way to respond is for its goroutine only, so replies are published here.
func (s *Service) handler(e Endpoint) micro.Handler {
	return micro.HandlerFunc(func(req micro.Request) {
		select {
		case s.slots <- struct{}{}:
			if s.crew.do(request{&e, req}) {
				return
			}
			<-s.slots // it has been stopped, and another may take the request
		default:
		}
		if checkReply(req.Reply()) == nil {
			_ = req.Error(string(ResourceExhausted), "this service is full", nil, micro.WithHeaders(micro.Headers{headerBusy: {"1"}}))
		}
	})
}

// request is one that has a place among those that run at once.
type request struct {
	endpoint *Endpoint
	micro.Request
}

func (s *Service) serve(r request) {
	defer func() { <-s.slots }()
	e, req, start := r.endpoint, r.Request, time.Now()
	reply := nats.NewMsg(req.Reply())
	answer, err := s.guard(e, req, reply.Header)
	if err == nil {
		err = s.fill(e, reply, answer)
	}
	if err != nil {
		refusal := AsError(err)
		if refusal.Code == Internal {
			s.config.Logger.ErrorContext(s.ctx, "call failed", "subject", req.Subject(), "duration", time.Since(start), "error", err)
		}
		reply.Header.Set(headerServiceError, headerText(refusal.Message))
		reply.Header.Set(headerServiceErrorCode, string(refusal.Code))
		reply.Data, _ = refusal.MarshalJSON()
	}
	if checkReply(reply.Subject) != nil {
		s.config.Logger.WarnContext(s.ctx, "request refused, and not answered where it asks for it", "subject", req.Subject(), "error", err)
		return
	}
	if err := s.conn.prompt.PublishMsg(reply); err != nil {
		s.config.Logger.WarnContext(s.ctx, "answer not sent", "subject", req.Subject(), "error", err)
	}
}

// fill makes an answer the reply's.
func (s *Service) fill(e *Endpoint, reply *nats.Msg, answer json.RawMessage) error {
	switch {
	case len(answer) <= s.conn.inline():
		reply.Data = answer
		return nil
	case !e.large:
		return Errorf(ResourceExhausted, "the answer is %d bytes, more than the bus carries in one message", len(answer))
	case len(answer) > MaxCall:
		return Errorf(ResourceExhausted, "the answer is %d bytes, at most %d are possible; ask for less", len(answer), MaxCall)
	}
	return s.conn.carry(s.ctx, reply, answer)
}

// guard keeps a panic in one request from ending the service.
func (s *Service) guard(e *Endpoint, req micro.Request, reply nats.Header) (answer json.RawMessage, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v\n%s", r, debug.Stack())
		}
	}()
	return e.serve(s.ctx, s, req, reply)
}

// endpointName turns an operation's name into what micro accepts as a name.
func endpointName(kind Kind, operation string) string {
	return string(kind) + "-" + extensionToken(operation)
}

// headerText makes one line of a message: headers cannot hold line breaks.
func headerText(message string) string {
	line := []rune(message)
	for i, r := range line {
		if r < ' ' {
			line[i] = ' '
		}
	}
	return string(line)
}
