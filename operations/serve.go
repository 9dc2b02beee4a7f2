package operations

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/capabilities"
	"github.com/airlock-run/airlock/operations/store"
)

// Config describes a service of operations. Name is required, and Store where one of the operations is an action.
type Config struct {
	// Name is of letters, digits, '-' and '_', such as "vdfs".
	Name string
	// Description is a sentence for people.
	Description string
	// Store keeps the effects of actions and their records.
	Store *store.DB
	// Concurrency is how many calls run at once; more are refused at once, and the caller asks another instance or again.
	// Default: that of bus.ServiceConfig.
	Concurrency int
	// Endpoints are what the service answers beside its operations, such as an EraseEndpoint.
	Endpoints []bus.Endpoint
	// Logger defaults to one that discards.
	Logger *slog.Logger
}

// maxTold bounds what a service tells of its operations, in bytes: micro answers in one message, of which a NATS server takes 1 MiB unless it
// is told otherwise, and in which JSON inside of JSON grows.
const maxTold = 256 << 10

// Serve starts one service for the operations of a domain. It answers until Stop is called. A call that names the other
// kind of one of the operations (action:ai.ocr) is answered not_found, with the right method. An operation may be there in both kinds.
func Serve(conn *bus.Conn, config Config, operations ...Operation) (*bus.Service, error) {
	kinds, told := make(map[string][]bus.Kind), 0
	for _, o := range operations {
		if slices.Contains(kinds[o.name], o.kind) {
			return nil, fmt.Errorf("serve %s: operation %s is there twice", config.Name, o.name)
		}
		kinds[o.name] = append(kinds[o.name], o.kind)
	}
	endpoints := slices.Clone(config.Endpoints)
	for _, o := range operations {
		if err := o.validate(config); err != nil {
			return nil, fmt.Errorf("serve %s: %w", config.Name, err)
		}
		for key, value := range o.metadata() {
			told += len(key) + len(value)
		}
		endpoint, err := o.endpoint(conn, config.Store)
		if err != nil {
			return nil, fmt.Errorf("serve %s: %w", config.Name, err)
		}
		endpoints = append(endpoints, endpoint)
		if len(kinds[o.name]) == 1 {
			endpoints = append(endpoints, o.wrongKind())
		}
	}
	if told > maxTold {
		return nil, fmt.Errorf("serve %s: what is told of its operations is %d bytes, at most %d fit an answer to nats micro info: serve some in another service",
			config.Name, told, maxTold)
	}
	service, err := conn.Serve(bus.ServiceConfig{
		Name: config.Name, Description: config.Description, Concurrency: config.Concurrency, Logger: config.Logger,
		Endpoints: endpoints,
	})
	if err != nil {
		return nil, fmt.Errorf("serve %s: %w", config.Name, err)
	}
	return service, nil
}

func (o Operation) validate(config Config) error {
	if o.handler == nil {
		return fmt.Errorf("operation %q has no function; make it with Query or Action", o.name)
	}
	if o.broken != nil {
		return fmt.Errorf("operation %s: %w", o.name, o.broken)
	}
	for token := range strings.SplitSeq(o.name, ".") {
		if token == "" || len(token) > 64 || strings.Trim(token, "abcdefghijklmnopqrstuvwxyz0123456789_-") != "" {
			return fmt.Errorf("operation %q: want tokens of a-z 0-9 _ -, separated by dots", o.name)
		}
	}
	if o.kind == bus.Action && config.Store == nil {
		return fmt.Errorf("action %s needs a store, and Config.Store is nil", o.name)
	}
	return nil
}

func (o Operation) endpoint(conn *bus.Conn, db *store.DB) (bus.Endpoint, error) {
	handle, err := o.observed(audited(conn, o.handler(conn, db)))
	if err != nil {
		return bus.Endpoint{}, err
	}
	return bus.CallEndpoint(o.kind, o.name, o.metadata(), handle), nil
}

// audited has denials by rules in the audit.
func audited(conn *bus.Conn, handle bus.CallHandler) bus.CallHandler {
	return func(ctx context.Context, call *bus.Call) (json.RawMessage, error) {
		answer, err := handle(ctx, call)
		if denial, ok := errors.AsType[*bus.Error](err); ok && denial.Rule != "" && call.Extension != bus.Operator {
			conn.AuditDenial(ctx, call, denial)
		}
		return answer, err
	}
}

// metadata is what the service tells of the operation, which anyone may ask for and `airlock operations show` shows.
func (o Operation) metadata() map[string]string {
	metadata := map[string]string{
		"kind": string(o.kind), "description": o.description,
		bus.MetadataInput: string(o.in.JSON()), bus.MetadataOutput: string(o.out.JSON()),
	}
	if capabilities.IsSensitive(o.name) {
		metadata[bus.MetadataSensitive] = "true"
	}
	return metadata
}

// wrongKind answers the calls that take the operation for one of the other kind.
func (o Operation) wrongKind() bus.Endpoint {
	other := bus.Query
	if o.kind == bus.Query {
		other = bus.Action
	}
	article := map[bus.Kind]string{bus.Query: "a query", bus.Action: "an action"}[o.kind]
	right := string(o.kind) + ":" + o.name
	metadata := map[string]string{"description": "answers not_found: call " + right, bus.MetadataInstead: right}
	return bus.CallEndpoint(other, o.name, metadata, func(context.Context, *bus.Call) (json.RawMessage, error) {
		return nil, bus.Errorf(bus.NotFound, "%s is %s: call %s", o.name, article, right)
	})
}
