package policy

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"time"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/capabilities"
	"github.com/airlock-run/airlock/capabilities/quota"
	"github.com/airlock-run/airlock/extensions/signing"
	"github.com/airlock-run/airlock/operations"
)

// Get asks for the policy in force, or for that of a revision.
type Get struct {
	Revision uint64 `json:"revision,omitempty"`
}

// Kept is a policy as it is kept.
type Kept struct {
	Policy string `json:"policy"`
	// Revision is 0 for the built-in policy, which is in force until one is set.
	Revision uint64     `json:"revision"`
	SetAt    *time.Time `json:"set_at,omitempty"`
}

// Set puts a policy into force.
type Set struct {
	Policy string `json:"policy"`
	// IfRevision is the revision it has to follow; nil for any, 0 for the built-in one.
	IfRevision *uint64 `json:"if_revision,omitempty"`
}

// Serve starts the service. It answers until Stop is called.
func Serve(conn *bus.Conn, logger *slog.Logger) (*bus.Service, error) {
	s := &service{conn: conn}
	started, err := conn.Serve(bus.ServiceConfig{
		Name: "policy", Description: "the operator's policy", Logger: logger,
		Endpoints: []bus.Endpoint{
			bus.APIEndpoint("policy", "get", s.get), bus.APIEndpoint("policy", "set", s.set), bus.APIEndpoint("policy", "check", s.check),
		},
	})
	if err != nil {
		return nil, fmt.Errorf("serve policy: %w", err)
	}
	return started, nil
}

type service struct{ conn *bus.Conn }

func (s *service) get(ctx context.Context, request json.RawMessage) (any, error) {
	in, err := operations.Decode[Get](request)
	if err != nil {
		return nil, err
	}
	kept, err := s.conn.Policy(ctx, in.Revision)
	switch {
	case errors.Is(err, fs.ErrNotExist) && in.Revision == 0:
		return Kept{Policy: string(capabilities.DefaultPolicy().Text())}, nil
	case errors.Is(err, fs.ErrNotExist):
		return nil, bus.Errorf(bus.NotFound, "there is no policy of revision %d, or it is not kept any more: the last 64 are", in.Revision)
	case err != nil:
		return nil, err
	}
	return Kept{Policy: string(kept.Text), Revision: kept.Revision, SetAt: &kept.SetAt}, nil
}

func (s *service) set(ctx context.Context, request json.RawMessage) (any, error) {
	in, err := operations.Decode[Set](request)
	if err != nil {
		return nil, err
	}
	if err := check([]byte(in.Policy)); err != nil {
		return nil, bus.Errorf(bus.InvalidArgument, "%v", err)
	}
	revision, err := s.conn.SetPolicy(ctx, []byte(in.Policy), in.IfRevision)
	if err != nil {
		return nil, err
	}
	return Kept{Policy: in.Policy, Revision: revision}, nil
}

func (s *service) check(_ context.Context, request json.RawMessage) (any, error) {
	in, err := operations.Decode[Set](request)
	if err != nil {
		return nil, err
	}
	if err := check([]byte(in.Policy)); err != nil {
		return nil, bus.Errorf(bus.InvalidArgument, "%v", err)
	}
	return nil, nil //nolint:nilnil // null is the answer
}

// check says what is wrong with a policy: with its form, its limits or its keys.
func check(text []byte) error {
	p, err := capabilities.ParsePolicy(text)
	if err != nil {
		return err
	}
	if _, err := signing.NewTrust(p.Signatures); err != nil {
		return fmt.Errorf("signatures: %w", err)
	}
	rates, budgets := quota.OfPolicy(p)
	_, err = quota.Compile("", rates, budgets)
	return err
}
