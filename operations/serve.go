package operations

import (
	"context"
	"encoding/json"
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

// Serve starts one service for the operations of a domain. It answers until Stop is called. A call that names the other
// kind of one of the operations (action:ai.ocr) is answered not_found, with the right method.
func Serve(conn *bus.Conn, config Config, operations ...Operation) (*bus.Service, error) {
	seen := make(map[string]bool)
	endpoints := slices.Clone(config.Endpoints)
	for _, o := range operations {
		if err := o.validate(config); err != nil {
			return nil, fmt.Errorf("serve %s: %w", config.Name, err)
		}
		if seen[o.name] {
			return nil, fmt.Errorf("serve %s: operation %s is there twice", config.Name, o.name)
		}
		seen[o.name] = true
		endpoint, err := o.endpoint(conn, config.Store)
		if err != nil {
			return nil, fmt.Errorf("serve %s: %w", config.Name, err)
		}
		endpoints = append(endpoints, endpoint, o.wrongKind())
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
	metadata := map[string]string{"kind": string(o.kind), "description": o.description}
	if capabilities.IsSensitive(o.name) {
		metadata["sensitive"] = "true"
	}
	handle, err := o.observed(o.handler(conn, db))
	if err != nil {
		return bus.Endpoint{}, err
	}
	return bus.CallEndpoint(o.kind, o.name, metadata, handle), nil
}

// wrongKind answers the calls that take the operation for one of the other kind.
func (o Operation) wrongKind() bus.Endpoint {
	other := bus.Query
	if o.kind == bus.Query {
		other = bus.Action
	}
	article := map[bus.Kind]string{bus.Query: "a query", bus.Action: "an action"}[o.kind]
	right := string(o.kind) + ":" + o.name
	metadata := map[string]string{"description": "answers not_found: call " + right}
	return bus.CallEndpoint(other, o.name, metadata, func(context.Context, *bus.Call) (json.RawMessage, error) {
		return nil, bus.Errorf(bus.NotFound, "%s is %s: call %s", o.name, article, right)
	})
}
