package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/airlock-run/airlock/bus"
)

func (c *cli) listWorkersCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "list", Short: "List the workers that take jobs", Args: cobra.NoArgs,
		Example: `  airlock worker list`,
		RunE: c.withConn(func(ctx context.Context, conn *bus.Conn, _ []string) error {
			status, err := conn.QueueStatus(ctx)
			if err != nil {
				return err
			}
			if c.json {
				return c.printJSON(status.Workers)
			}
			if len(status.Workers) == 0 {
				c.printf("no worker runs; start one with `airlock worker` or `airlock up`\n")
				return nil
			}
			t := c.table("worker", "slots", "running", "since", "heard", "version", "")
			for _, w := range status.Workers {
				t.AppendRow(row(w.Name, w.Slots, w.Running, ago(w.Since), ago(w.Heard), w.Version, mark(w.Draining, "draining")))
			}
			t.Render()
			return nil
		}),
	}
	c.jsonFlag(cmd)
	return cmd
}

func (c *cli) drainCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "drain NAME", Short: "Have a worker take no more jobs until it is started again", Args: oneArg("the worker's name"),
		Long: `Have a worker take no more jobs until it is started again. Jobs that run on it go on; "airlock worker list" shows when the last
one has ended, and it can be stopped without disturbing any. When the command has returned, no job is dealt to it any more.`,
		Example: `  airlock worker drain worker-3`,
		RunE: c.withConn(func(ctx context.Context, conn *bus.Conn, args []string) error {
			c.act(bus.AuditRecord{Operation: "worker.drain", Detail: args[0]})
			err := conn.DrainWorker(ctx, args[0])
			if bus.CodeOf(err) == bus.NotFound {
				return fmt.Errorf("there is no worker %q; %s", args[0], c.workerNames(ctx, conn))
			}
			if err != nil {
				return err
			}
			running := 0
			status, err := conn.QueueStatus(ctx)
			if err != nil {
				return err
			}
			for _, w := range status.Workers {
				if w.Name == args[0] {
					running = w.Running
				}
			}
			if c.json {
				return c.printJSON(map[string]any{"worker": args[0], "draining": true, "running": running})
			}
			c.printf("%s takes no more jobs; it runs %d\n", args[0], running)
			return nil
		}),
	}
	c.jsonFlag(cmd)
	return cmd
}

// workerNames says which workers there are.
func (c *cli) workerNames(ctx context.Context, conn *bus.Conn) string {
	status, err := conn.QueueStatus(ctx)
	if err != nil || len(status.Workers) == 0 {
		return "none runs"
	}
	names := make([]string, len(status.Workers))
	for i, w := range status.Workers {
		names[i] = w.Name
	}
	return "there is " + strings.Join(names, ", ")
}
