package main

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/capabilities/quota"
)

func (c *cli) usageCommand() *cobra.Command {
	var filter bus.UsageFilter
	since := timeValue{ago: true}
	cmd := &cobra.Command{
		Use: "usage", Short: "Show what extensions have used of their rates and budgets", Args: cobra.NoArgs,
		Long: `Show what extensions have used of their rates and budgets, in the whole cluster. Used counts what workers hold and have not
given back, so it may be a little more than what was used; it is never less, but for what calls and jobs under way will turn out to take.

A rate is about the last minute. A budget is about an hour, a day or a month, in UTC. Without --since those are shown that have not ended.`,
		Example: `  airlock usage
  airlock usage --extension finance --per day --since 168h
  airlock usage --library 0b8f1d5e-6a43-4c7e-9f21-6f1c0c1e6d2b --json`,
		RunE: c.withConn(func(ctx context.Context, conn *bus.Conn, _ []string) error {
			periods := []string{string(quota.Minute), string(quota.Hour), string(quota.Day), string(quota.Month)}
			if filter.Per != "" && !slices.Contains(periods, filter.Per) {
				return usageError{fmt.Errorf("--per %q: want one of %s", filter.Per, strings.Join(periods, ", "))}
			}
			if filter.Library != "" {
				library, err := uuid.Parse(filter.Library)
				if err != nil {
					return usageError{fmt.Errorf("--library %q is no library id, want a UUID", filter.Library)}
				}
				filter.Library = library.String()
			}
			filter.Since = since.Time
			data, err := conn.Usage(ctx, filter)
			if err != nil {
				return err
			}
			if c.json {
				return c.printJSON(data)
			}
			var usage []quota.Usage
			if err := json.Unmarshal(data, &usage); err != nil {
				return fmt.Errorf("decode usage: %w", err)
			}
			c.printUsage(usage)
			return nil
		}),
	}
	f := cmd.Flags()
	f.StringVar(&filter.Extension, "extension", "", "only this extension; default: any")
	f.StringVar(&filter.Library, "library", "", "only what is counted in this library by itself; default: any")
	f.StringVar(&filter.Per, "per", "", "only rates (minute), or budgets of an hour, day or month; default: all")
	f.Var(&since, "since", `also periods that ended after this time, or this long ago, such as "168h"; default: those that run`)
	c.jsonFlag(cmd)
	return cmd
}

func (c *cli) printUsage(usage []quota.Usage) {
	if len(usage) == 0 {
		c.printf("nothing was used\n")
		return
	}
	t := c.table("extension", "library", "of", "used", "limit", "", "period", "")
	for _, u := range usage {
		library, period := "all", "any minute"
		if u.Account.Library != uuid.Nil {
			library = u.Account.Library.String()
		}
		if !u.Start.IsZero() {
			period = string(u.Account.Period) + " from " + u.Start.Format("2006-01-02 15:04Z")
		}
		of := string(u.Account.Resource)
		if u.Account.Scope != "" {
			of += ", rule " + u.Account.Scope
		}
		t.AppendRow(row(u.Account.Extension, library, of, u.Used, u.Limit, share(u), period, warning(u)))
	}
	t.Render()
}

// share is how much of the limit is used.
func share(u quota.Usage) string {
	if u.Limit <= 0 {
		return ""
	}
	return fmt.Sprintf("%.0f %%", 100*float64(u.Used)/float64(u.Limit))
}

func warning(u quota.Usage) string {
	switch {
	case u.Used >= u.Limit:
		return "used up"
	case u.Warned:
		return "warned"
	default:
		return ""
	}
}
