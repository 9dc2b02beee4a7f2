package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/extensions"
	"github.com/airlock-run/airlock/internal/node"
	"github.com/airlock-run/airlock/operations/jobs"
)

func (c *cli) jobCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "job", Short: "Submit, list, show and watch jobs, and read their logs", Args: cobra.ArbitraryArgs, RunE: group}
	cmd.AddCommand(c.submitCommand(), c.listJobsCommand(), c.showJobCommand(), c.watchCommand(), c.logsCommand())
	return cmd
}

func (c *cli) submitCommand() *cobra.Command {
	var input, priority string
	var watch bool
	job := &bus.Job{}
	cmd := &cobra.Command{
		Use:     "submit EXTENSION:JOB",
		Short:   "Submit a job",
		Example: `  airlock job submit counter:counter --input '{"current":0,"target":25,"processed":[]}' --watch`,
		Args:    oneArg("the job's full name, such as counter:counter"),
	}
	library := libraryFlag(cmd)
	f := cmd.Flags()
	f.StringVar(&input, "input", "", "the job's input: JSON, @file, or @- for standard input")
	f.StringVar(&priority, "priority", "", "high, normal or low; default: the manifest's")
	f.IntVar(&job.MaxAttempts, "attempts", 0, "how often it is tried; default: the manifest's")
	timeout := f.Duration("timeout", 0, "bound of one attempt; default: the manifest's")
	f.BoolVarP(&watch, "watch", "w", false, "watch it until it has ended")
	c.jsonFlag(cmd)
	cmd.RunE = c.withConn(func(ctx context.Context, conn *bus.Conn, args []string) error {
		data, err := c.readInput(input)
		if err != nil {
			return err
		}
		if len(data) > 0 {
			if err := checkJSON("input", data); err != nil {
				return err
			}
			job.Input = json.RawMessage(data)
		}
		job.Library, job.Priority, job.TimeoutMS = library.UUID, bus.Priority(priority), timeout.Milliseconds()
		if err := checkJob(ctx, conn, job, args[0]); err != nil {
			return err
		}
		if err := conn.Enqueue(ctx, job); err != nil {
			return err
		}
		if watch {
			return c.watch(ctx, conn, job.ID)
		}
		if c.json {
			return c.printJSON(map[string]any{"id": job.ID, "job": job.FullName(), "library": job.Library})
		}
		c.printf("%s\n", job.ID)
		return nil
	})
	return cmd
}

// checkJob fills in what the manifest says of a job, and refuses one that no worker would run.
func checkJob(ctx context.Context, conn *bus.Conn, job *bus.Job, fullName string) error {
	name, err := extensions.ParseJobName(fullName)
	if err != nil {
		return err
	}
	catalogue, err := node.Catalogue(ctx, conn, nil)
	if err != nil {
		return err
	}
	installed, err := find(ctx, catalogue, string(name.Extension))
	if err != nil {
		return err
	}
	if _, ok := installed.Job(name.Name); !ok {
		return fmt.Errorf("extension %s has no job %q; it has %s", name.Extension, name.Name, jobNames(installed))
	}
	if !installed.Manifest.Grant().RunsIn(job.Library) {
		return fmt.Errorf("extension %s may not run in library %s: add it to permissions.libraries in the manifest", name.Extension, job.Library)
	}
	job.Extension, job.Name = string(name.Extension), name.Name
	if job.Priority == "" {
		job.Priority = bus.Priority(installed.Manifest.JobSettings(name.Name).Priority)
	}
	return nil
}

func (c *cli) listJobsCommand() *cobra.Command {
	var in jobs.ListRequest
	var state string
	cmd := &cobra.Command{
		Use: "list", Short: "List jobs, newest first", Args: cobra.NoArgs,
		RunE: c.withConn(func(ctx context.Context, conn *bus.Conn, _ []string) error {
			in.State = bus.State(state)
			var out jobs.ListResponse
			if err := conn.API(ctx, "jobs", "list", in, &out); err != nil {
				return err
			}
			if c.json {
				return c.printJSON(out)
			}
			t := c.table("job", "name", "state", "attempt", "created", "told")
			for _, job := range out.Jobs {
				told := job.Message
				if job.Error != "" {
					told = job.Error
				}
				t.AppendRow(row(job.ID, job.Extension+":"+job.Name, job.State, job.Attempt, ago(job.CreatedAt), oneLine(told, 60)))
			}
			t.Render()
			if out.Next != "" {
				c.printf("more: --after %s\n", out.Next)
			}
			return nil
		}),
	}
	f := cmd.Flags()
	f.StringVar(&state, "state", "", "only jobs in this state")
	f.StringVar(&in.Extension, "extension", "", "only jobs of this extension")
	f.StringVar(&in.Name, "job", "", "only jobs of this name")
	f.StringVar(&in.Library, "library", "", "only jobs of this library")
	f.IntVar(&in.Limit, "limit", 50, "how many, at most 500")
	f.StringVar(&in.After, "after", "", "go on after a page")
	c.jsonFlag(cmd)
	return cmd
}

func (c *cli) showJobCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "show ID", Short: "Show all that is known of a job", Args: oneArg("the job's id"),
		RunE: c.withConn(func(ctx context.Context, conn *bus.Conn, args []string) error {
			var job jobs.Details
			if err := conn.API(ctx, "jobs", "show", jobs.ShowRequest{ID: args[0]}, &job); err != nil {
				return err
			}
			if c.json {
				return c.printJSON(job)
			}
			c.describeJob(job)
			return nil
		}),
	}
	c.jsonFlag(cmd)
	return cmd
}

func (c *cli) describeJob(job jobs.Details) {
	c.printf("job %s\n", job.ID)
	line := func(name, format string, args ...any) {
		c.printf("  %-11s"+format+"\n", append([]any{name}, args...)...)
	}
	line("name", "%s:%s", job.Extension, job.Name)
	line("library", "%s", job.Library)
	line("state", "%s (attempt %d, %d failed)", job.State, job.Attempt, job.Failures)
	line("created", "%s (%s)", job.CreatedAt.Format(time.RFC3339), ago(job.CreatedAt))
	if !job.FinishedAt.IsZero() {
		line("finished", "%s, after %s", job.FinishedAt.Format(time.RFC3339), job.FinishedAt.Sub(job.StartedAt).Round(time.Millisecond))
	}
	if !job.Due.IsZero() && job.State == bus.StateScheduled {
		line("due", "%s", job.Due.Format(time.RFC3339))
	}
	if job.Worker != "" {
		line("worker", "%s", job.Worker)
	}
	if len(job.Input) > 0 {
		line("input", "%s", oneLine(string(job.Input), 200))
	}
	if job.Event != nil {
		line("event", "%s %s", job.Event.Type, job.Event.ID)
	}
	if job.CheckpointSize > 0 {
		line("checkpoint", "%d bytes", job.CheckpointSize)
	}
	if r := job.Report; r != nil {
		line("progress", "%.0f %% %s", r.Progress*100, r.Message)
		line("calls", "%d, of which %d were refused", r.Calls, r.Denied)
		line("time", "%.3f ms in the guest, %.3f ms in calls", r.GuestMS, r.CallMS)
		for _, warning := range r.Warnings {
			line("warning", "%s", warning)
		}
	}
	for _, failure := range job.Errors {
		line("failed", "attempt %d: %s", failure.Attempt, failure.Error)
	}
}

func (c *cli) logsCommand() *cobra.Command {
	var follow bool
	cmd := &cobra.Command{
		Use: "logs ID", Short: "Print what a job logged", Args: oneArg("the job's id"),
		RunE: c.withConn(func(ctx context.Context, conn *bus.Conn, args []string) error {
			id, err := parseJobID(args[0])
			if err != nil {
				return err
			}
			return c.logs(ctx, conn, id, follow)
		}),
	}
	cmd.Flags().BoolVarP(&follow, "follow", "f", false, "go on until the job has ended")
	c.jsonFlag(cmd)
	return cmd
}

func (c *cli) logs(ctx context.Context, conn *bus.Conn, id uuid.UUID, follow bool) error {
	run, err := conn.Run(ctx, id)
	switch {
	case err == nil && (run.State.Ended() || !follow):
		return c.printLogs(run.Report)
	case err != nil && bus.CodeOf(err) != bus.NotFound:
		return err
	case !follow:
		var job jobs.Details // tells a job without a record from one that is not there
		return conn.API(ctx, "jobs", "show", jobs.ShowRequest{ID: id.String()}, &job)
	}
	return c.followJob(ctx, conn, id, func(activity bus.Activity) {
		if activity.Kind == bus.ActivityLog {
			c.printLog(bus.LogLine{At: activity.At, Level: activity.Level, Text: activity.Text})
		}
	}, func(*bus.Run) error { return nil })
}

func (c *cli) printLogs(report bus.Report) error {
	if c.json {
		return c.printJSON(report.Logs)
	}
	for _, line := range report.Logs {
		c.printLog(line)
	}
	if report.LogsDropped > 0 {
		c.printf("… %d more lines were not kept\n", report.LogsDropped)
	}
	return nil
}

func (c *cli) printLog(line bus.LogLine) {
	c.printf("%s %-5s %s\n", line.At.Format("15:04:05.000"), line.Level, printable(line.Text))
}

func parseJobID(text string) (uuid.UUID, error) {
	id, err := uuid.Parse(text)
	if err != nil {
		return id, usageError{fmt.Errorf("%q is no job id; `airlock job list` shows them", text)}
	}
	return id, nil
}

// oneLine shortens a text from a guest to a part of a line.
func oneLine(text string, limit int) string {
	runes := []rune(strings.Join(strings.Fields(printable(text)), " "))
	if len(runes) > limit {
		return string(runes[:limit-1]) + "…"
	}
	return string(runes)
}

// printable takes from a guest's text what a terminal would act on.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\t' || r == 0x7f || r >= 0x80 && r < 0xa0 {
			return ' '
		}
		return r
	}, text)
}

// errJobFailed makes a command end with exit code 1 for a job that did not complete.
var errJobFailed = errors.New("the job did not complete")
