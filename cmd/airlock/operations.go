package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/internal/node"
	"github.com/airlock-run/airlock/operations/schema"
)

func (c *cli) operationsCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "operations",
		Short: "Serve all operations in a cluster; list, show and call those there are",
		Long:  `Serve all operations of Airlock in a cluster. Others may serve theirs beside them: the commands below know them all, from the bus.`,
		Example: `  airlock operations --nats-url nats://nats.internal:4222 --database-url postgres://airlock@db.internal/airlock
  airlock operations list
  airlock operations show ai.ocr`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return c.join(cmd.Context(), node.OperationsRole) },
	}
	c.operationsFlags(cmd)
	c.httpFlag(cmd)
	c.recordFlags(cmd)
	c.replicasFlag(cmd)
	cmd.AddCommand(c.listOperationsCommand(), c.showOperationCommand(), c.callCommand())
	return cmd
}

func (c *cli) listOperationsCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "list", Short: "List the operations that are served now", Args: cobra.NoArgs,
		Long: `List the operations that are served now, by Airlock and by others. What is said of an operation is what its service says.`,
		Example: `  airlock operations list
  airlock operations list --json`,
		RunE: c.withConn(func(ctx context.Context, conn *bus.Conn, _ []string) error {
			served, err := conn.Served(ctx)
			if err != nil {
				return err
			}
			if c.json {
				return c.printJSON(served)
			}
			t := c.table("name", "kind", "service", "instances", "sensitive", "what it does")
			for _, s := range served {
				t.AppendRow(row(s.Name, s.Kind, strings.Join(s.Services, ", "), s.Instances, mark(s.Sensitive, "yes"), s.Description))
			}
			t.Render()
			return nil
		}),
	}
	c.jsonFlag(cmd)
	return cmd
}

func (c *cli) showOperationCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "show NAME", Short: "Show what an operation takes and answers", Args: oneArg("the operation's name, such as ai.ocr"),
		Long: `Show what an operation takes and answers, as its service tells. With --json the JSON Schemas are whole.`,
		Example: `  airlock operations show ai.ocr
  airlock operations show query:vdfs.get_entry --json`,
		RunE: c.withConn(func(ctx context.Context, conn *bus.Conn, args []string) error {
			served, err := conn.Served(ctx)
			if err != nil {
				return err
			}
			var found []*bus.Served
			for _, s := range served {
				if args[0] == s.Name || args[0] == s.Method() {
					found = append(found, s)
				}
			}
			if len(found) == 0 {
				return fmt.Errorf("nobody serves %s now; `airlock operations list` shows what there is", args[0])
			}
			if c.json {
				return c.printJSON(found)
			}
			for _, s := range found {
				c.printOperation(s)
			}
			return nil
		}),
	}
	c.jsonFlag(cmd)
	return cmd
}

func (c *cli) printOperation(s *bus.Served) {
	c.printf("%s\n  does       %s\n  served by  %s, %d running\n", s.Method(), cmp.Or(s.Description, "it does not tell"), strings.Join(s.Services, ", "), s.Instances)
	if s.Sensitive {
		c.printf("  sensitive  it is granted by its full name only\n")
	}
	if s.Differs {
		c.printf("  note       those who serve it do not tell the same of it; this is what one of them tells\n")
	}
	c.printFields("input", s.Input)
	c.printFields("output", s.Output)
}

func (c *cli) printFields(what string, text json.RawMessage) {
	fields, err := schema.Fields(text)
	if err != nil {
		c.printf("\n%s: %v\n", what, err)
		return
	}
	c.printf("\n%s\n", what)
	t := c.table("field", "type", "", "what it is")
	for _, f := range fields {
		t.AppendRow(row(printable(f.Path), printable(f.Type), mark(f.Required, "required"), printable(f.Description)))
	}
	t.Render()
}
