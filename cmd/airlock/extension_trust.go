package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/capabilities"
	"github.com/airlock-run/airlock/extensions/signing"
)

// trusted makes sure, before anything is installed, that an extension has the signatures that the policy in force demands: workers would
// run nothing of one that has not.
func (c *cli) trusted(ctx context.Context, conn *bus.Conn, extension interface {
	Trusted(trust *signing.Trust) ([]string, error)
},
) error {
	policy, _, err := policyInForce(ctx, conn)
	if err != nil {
		return err
	}
	trust, err := signing.NewTrust(policy.Signatures)
	if err != nil {
		return fmt.Errorf("what the policy demands of signatures cannot be read, so no extension runs: %w; correct it with `airlock policy set`", err)
	}
	if _, err := extension.Trusted(trust); err != nil {
		return fmt.Errorf("%w; nothing was changed, as no worker would run it: sign the folder by a key that the policy trusts, or change its signatures", err)
	}
	return nil
}

// policyInForce is the policy as it was set last, or the built-in one.
func policyInForce(ctx context.Context, conn *bus.Conn) (policy *capabilities.Policy, revision uint64, err error) {
	text, revision, err := conn.ReadPolicy(ctx)
	if errors.Is(err, fs.ErrNotExist) {
		return capabilities.DefaultPolicy(), 0, nil
	}
	if err != nil {
		return nil, 0, err
	}
	if policy, err = capabilities.ParsePolicy(text); err != nil {
		return nil, 0, fmt.Errorf("the policy that was set last cannot be read: %w", err)
	}
	return policy, revision, nil
}
