package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/airlock-run/airlock/bus"
)

func (c *cli) queueCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "queue", Short: "Show how many jobs wait and run, of each extension", Args: cobra.NoArgs,
		Long: `Show how many jobs wait and run, of each extension. Held are those that are scheduled, paused, or wait for sub-jobs.`,
		Example: `  airlock queue
  airlock queue --json`,
		RunE: c.withConn(func(ctx context.Context, conn *bus.Conn, _ []string) error {
			status, err := conn.QueueStatus(ctx)
			if err != nil {
				return err
			}
			if c.json {
				return c.printJSON(status)
			}
			slots := 0
			for _, w := range status.Workers {
				if !w.Draining {
					slots += w.Slots
				}
			}
			c.printf("%d waiting, %d running in %d slots, %d held; dealt by %s\n", status.Waiting, status.Running, slots, status.Held, status.Dealer)
			if len(status.Extensions) == 0 {
				return nil
			}
			t := c.table("extension", "waiting", "running", "held", "")
			for _, e := range status.Extensions {
				t.AppendRow(row(e.Extension, e.Waiting, e.Running, e.Held, mark(e.Paused, "paused")))
			}
			t.Render()
			return nil
		}),
	}
	c.jsonFlag(cmd)
	return cmd
}

// mark is a word in a table, if it holds.
func mark(holds bool, word string) string {
	if holds {
		return word
	}
	return ""
}
