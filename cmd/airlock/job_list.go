package main

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/operations/jobs"
)

func (c *cli) listJobsCommand() *cobra.Command {
	var limit int
	var all bool
	cmd := &cobra.Command{
		Use: "list", Short: "List jobs, newest first", Args: cobra.NoArgs,
		Long: `List jobs, newest first. With --all and --json each job is a line of its own, so that a million can be read as they come.`,
		Example: `  airlock job list --state dead --extension finance
  airlock job list --created-after 24h --all --json`,
	}
	filter := filterFlags(cmd)
	f := cmd.Flags()
	f.IntVar(&limit, "limit", 50, "how many")
	f.BoolVar(&all, "all", false, "all of them")
	f.StringVar(&filter.in.After, "after", "", "go on after a page; default: with the newest")
	c.jsonFlag(cmd)
	cmd.MarkFlagsMutuallyExclusive("all", "limit")
	cmd.RunE = c.withConn(func(ctx context.Context, conn *bus.Conn, _ []string) error {
		switch {
		case all:
			return c.listAllJobs(ctx, conn, filter)
		case limit < 1:
			return usageError{fmt.Errorf("--limit is %d, want 1 or more; --all lists all", limit)}
		}
		out := jobs.ListResponse{Jobs: []jobs.Job{}}
		next, err := filter.pages(ctx, conn, limit, func(page jobs.ListResponse) error {
			out.Jobs, out.Behind = append(out.Jobs, page.Jobs...), page.Behind
			return nil
		})
		if err != nil {
			return err
		}
		if out.Next = next; c.json {
			return c.printJSON(out)
		}
		c.printJobs(out.Jobs)
		if next != "" {
			c.printf("more: --after %s\n", next)
		}
		c.noteBehind(out.Behind)
		return nil
	})
	return cmd
}

// listAllJobs prints page after page.
func (c *cli) listAllJobs(ctx context.Context, conn *bus.Conn, filter *jobFilter) error {
	lines := json.NewEncoder(c.stdout)
	lines.SetEscapeHTML(false)
	var behind uint64
	_, err := filter.pages(ctx, conn, 0, func(page jobs.ListResponse) error {
		behind = page.Behind
		if !c.json {
			if len(page.Jobs) > 0 {
				c.printJobs(page.Jobs)
			}
			return nil
		}
		for _, job := range page.Jobs {
			if err := lines.Encode(job); err != nil {
				return fmt.Errorf("print: %w", err)
			}
		}
		return nil
	})
	if err == nil {
		c.noteBehind(behind)
	}
	return err
}

func (c *cli) printJobs(list []jobs.Job) {
	t := c.table("job", "name", "state", "attempt", "created", "told")
	for _, job := range list {
		told := job.Message
		if job.Error != "" {
			told = job.Error
		}
		t.AppendRow(row(job.ID, job.Extension+":"+job.Name, stateOf(job), job.Attempt, ago(job.CreatedAt), oneLine(told, 60)))
	}
	t.Render()
}

// stateOf is a job's state for people: with what somebody asked of it.
func stateOf(job jobs.Job) string {
	switch {
	case job.State.Ended():
		return string(job.State)
	case job.CancelRequested:
		return string(job.State) + ", to be cancelled"
	case job.Paused:
		return string(job.State) + ", paused"
	default:
		return string(job.State)
	}
}

// behindMuch is from how many messages on it is said that the list is behind.
const behindMuch = 1000

func (c *cli) noteBehind(behind uint64) {
	if behind >= behindMuch {
		_, _ = fmt.Fprintf(c.stderr, "the list is catching up: it has not seen %d messages about jobs yet\n", behind)
	}
}
