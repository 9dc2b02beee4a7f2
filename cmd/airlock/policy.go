package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/capabilities"
	"github.com/airlock-run/airlock/operations/policy"
)

func (c *cli) policyCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "policy", Short: "Show, check and set what extensions are allowed", Args: cobra.ArbitraryArgs, RunE: group}
	check := &cobra.Command{
		Use: "check FILE", Short: "Check a policy, without an Airlock that runs", Args: oneArg("the policy's file, or - for standard input"),
		Example: `  airlock policy check policy.yaml`,
		RunE: func(_ *cobra.Command, args []string) error {
			text, err := c.readInput("@" + args[0])
			if err != nil {
				return err
			}
			read, err := parsePolicy(args[0], text)
			if err != nil {
				return err
			}
			if c.json {
				return c.printJSON(map[string]any{"valid": true, "rules": len(read.Rules)})
			}
			c.printf("%s is valid: %d rules\n", args[0], len(read.Rules))
			return nil
		},
	}
	cmd.AddCommand(c.getPolicyCommand(), c.setPolicyCommand(), check)
	c.jsonFlag(check)
	return cmd
}

func (c *cli) getPolicyCommand() *cobra.Command {
	var revision uint64
	cmd := &cobra.Command{
		Use: "get", Short: "Print the policy in force, the built-in one if none was set", Args: cobra.NoArgs,
		Example: `  airlock policy get > policy.yaml
  airlock policy get --revision 3`,
	}
	cmd.Flags().Uint64Var(&revision, "revision", 0, "an earlier policy, of which the last 64 are kept; default: the one in force")
	c.jsonFlag(cmd)
	cmd.RunE = c.withConn(func(ctx context.Context, conn *bus.Conn, _ []string) error {
		var kept policy.Kept
		if err := conn.API(ctx, "policy", "get", policy.Get{Revision: revision}, &kept); err != nil {
			return err
		}
		if c.json {
			return c.printJSON(kept)
		}
		c.printf("%s", kept.Policy)
		if kept.Revision > 0 {
			_, _ = fmt.Fprintf(c.stderr, "revision %d, set %s\n", kept.Revision, ago(*kept.SetAt))
		}
		return nil
	})
	return cmd
}

func (c *cli) setPolicyCommand() *cobra.Command {
	var follows uint64
	cmd := &cobra.Command{
		Use: "set FILE", Short: "Put a policy into force on every worker; one with an error is refused whole", Args: oneArg("the policy's file, or - for standard input"),
		Example: `  airlock policy set policy.yaml
  airlock policy set policy.yaml --if-revision 3`,
	}
	cmd.Flags().Uint64Var(&follows, "if-revision", 0, "set it only if the policy in force has this revision, 0 for the built-in one; default: whatever is in force")
	c.jsonFlag(cmd)
	cmd.RunE = c.withConn(func(ctx context.Context, conn *bus.Conn, args []string) error {
		text, err := c.readInput("@" + args[0])
		if err != nil {
			return err
		}
		if _, err := parsePolicy(args[0], text); err != nil {
			return err
		}
		c.act(bus.AuditRecord{Operation: "policy.set", Detail: bus.Digest(text)})
		wanted := policy.Set{Policy: string(text)}
		if cmd.Flags().Changed("if-revision") {
			wanted.IfRevision = &follows
		}
		var kept policy.Kept
		if err := conn.API(ctx, "policy", "set", wanted, &kept); err != nil {
			return err
		}
		if c.json {
			return c.printJSON(map[string]any{"revision": kept.Revision})
		}
		c.printf("the policy is in force, revision %d\n", kept.Revision)
		return nil
	})
	return cmd
}

// parsePolicy names the file with each problem.
func parsePolicy(name string, text []byte) (*capabilities.Policy, error) {
	read, err := capabilities.ParsePolicy(text)
	var wrong *capabilities.PolicyError
	if !errors.As(err, &wrong) {
		return read, err
	}
	lines := make([]string, len(wrong.Problems))
	for i, p := range wrong.Problems {
		lines[i] = name + ":" + p.String()
	}
	return nil, fmt.Errorf("the policy is refused:\n%s", strings.Join(lines, "\n"))
}
