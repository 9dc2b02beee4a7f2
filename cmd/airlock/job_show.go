package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/operations/jobs"
)

func (c *cli) showJobCommand() *cobra.Command {
	var input bool
	cmd := &cobra.Command{
		Use: "show ID", Short: "Show all that is known of a job", Args: oneArg("the job's id"),
		Long: `Show all that is known of a job. Of a dead one that is the evidence: the error of each attempt, what it logged, burned and
used, and its input, which can be edited and tried again.`,
		Example: `  airlock job show 0190a5d0-4d6a-7c2e-b5a4-1f0e8d6c3b2a
  airlock job show --input 0190a5d0-4d6a-7c2e-b5a4-1f0e8d6c3b2a >input.json`,
	}
	cmd.Flags().BoolVar(&input, "input", false, "print the job's input alone, to be edited")
	c.jsonFlag(cmd)
	cmd.RunE = c.withConn(func(ctx context.Context, conn *bus.Conn, args []string) error {
		var job jobs.Details
		if err := conn.API(ctx, "jobs", "show", jobs.ShowRequest{ID: args[0]}, &job); err != nil {
			return err
		}
		switch {
		case input:
			return c.printInput(ctx, conn, job)
		case c.json:
			return c.printJSON(job)
		}
		c.describeJob(job)
		return nil
	})
	return cmd
}

// printInput prints the input of a job as it can be edited.
func (c *cli) printInput(ctx context.Context, conn *bus.Conn, job jobs.Details) error {
	input, err := inputOf(ctx, conn, job)
	if err != nil {
		return err
	}
	if len(input) == 0 {
		if job.DeadLetter != nil && len(job.DeadLetter.Raw) > 0 {
			return fmt.Errorf("what was submitted as %s is no job; `airlock job show %s --json` has its bytes", job.ID, job.ID)
		}
		return fmt.Errorf("job %s has no input, or it is not kept any more", job.ID)
	}
	var out bytes.Buffer
	if err := json.Indent(&out, input, "", "  "); err != nil {
		return fmt.Errorf("print input: %w", err)
	}
	c.printf("%s\n", out.Bytes())
	return nil
}

// inputOf is the input of a job, which is kept aside when it is large; empty for none.
func inputOf(ctx context.Context, conn *bus.Conn, job jobs.Details) (json.RawMessage, error) {
	if len(job.Input) > 0 {
		return job.Input, nil
	}
	message := &bus.Job{}
	if letter := job.DeadLetter; letter != nil {
		if json.Unmarshal(letter.Job, message) != nil {
			return nil, nil //nolint:nilerr // it is dead because it is no job
		}
	} else {
		var err error
		message, err = conn.JobOf(ctx, job.Extension, job.Priority, job.Library, job.ID)
		if bus.CodeOf(err) == bus.NotFound {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
	}
	return conn.Input(ctx, message)
}

// line prints one thing that is known.
func (c *cli) line(name, format string, args ...any) {
	c.printf("  %-11s"+format+"\n", append([]any{name}, args...)...)
}

func (c *cli) describeJob(job jobs.Details) {
	c.printf("job %s\n", job.ID)
	c.line("name", "%s:%s", job.Extension, job.Name)
	c.line("library", "%s", job.Library)
	c.line("state", "%s (attempt %d, %d failed)", stateOf(job.Job), job.Attempt, job.Failures)
	c.line("created", "%s (%s)", job.CreatedAt.Format(time.RFC3339), ago(job.CreatedAt))
	if !job.FinishedAt.IsZero() && !job.StartedAt.IsZero() {
		c.line("finished", "%s, after %s", job.FinishedAt.Format(time.RFC3339), job.FinishedAt.Sub(job.StartedAt).Round(time.Millisecond))
	} else if !job.FinishedAt.IsZero() {
		c.line("finished", "%s, without having begun", job.FinishedAt.Format(time.RFC3339))
	}
	c.describeOrigin(job)
	if job.Worker != "" {
		c.line("worker", "%s", job.Worker)
	}
	if len(job.Input) > 0 {
		c.line("input", "%s", oneLine(string(job.Input), 200))
	}
	if job.CheckpointSize > 0 {
		c.line("checkpoint", "%d bytes", job.CheckpointSize)
	}
	if r := job.Report; r != nil {
		c.line("progress", "%.0f %% %s", r.Progress*100, printable(r.Message))
		c.line("calls", "%d, of which %d were refused", r.Calls, r.Denied)
		c.line("time", "%.3f ms in the guest, %.3f ms in calls", r.GuestMS, r.CallMS)
		for _, warning := range r.Warnings {
			c.line("warning", "%s", printable(warning))
		}
	}
	for _, failure := range job.Errors {
		c.line("failed", "attempt %d: %s", failure.Attempt, printable(failure.Error))
	}
	if job.State == bus.StateDead {
		c.describeDead(job)
	}
}

// describeOrigin prints what made a job, and when it may run.
func (c *cli) describeOrigin(job jobs.Details) {
	if !job.Due.IsZero() && job.State == bus.StateScheduled {
		c.line("due", "%s (%s)", job.Due.Format(time.RFC3339), in(job.Due))
	}
	if job.ExpiresAt != nil {
		c.line("expires", "%s", job.ExpiresAt.Format(time.RFC3339))
	}
	if job.Unique != nil {
		c.line("unique", "%s", oneLine(job.Unique.Key, 200))
	}
	if job.Event != nil {
		c.line("event", "%s %s", job.Event.Type, printable(job.Event.ID))
	}
	if job.Schedule != "" {
		c.line("schedule", "%s", job.Schedule)
	}
	if job.Parent != uuid.Nil {
		c.line("parent", "%s", job.Parent)
	}
}

// lastLines is how many of its log lines are shown of a dead job.
const lastLines = 20

// describeDead prints the evidence of a dead job, and what can be done.
func (c *cli) describeDead(job jobs.Details) {
	if job.Lost > 0 {
		c.line("lost", "%d attempts ended without a word: their worker was gone", job.Lost)
	}
	if job.ExitCode != nil {
		c.line("exit code", "%d", *job.ExitCode)
	}
	if job.Digest != "" {
		c.line("module", "%s", job.Digest)
	}
	if job.Trace != "" {
		c.line("trace", "%s", job.Trace)
	}
	if r := job.Report; r != nil {
		if r.Fuel > 0 || r.MemoryBytes > 0 {
			c.line("used", "%d fuel, %.1f MB of memory", r.Fuel, float64(r.MemoryBytes)/(1<<20))
		}
		for _, call := range r.LastCalls {
			answer := "ok"
			if call.Code != "" {
				answer = string(call.Code)
			}
			c.line("call", "%s %s: %s, %.3f ms", call.At.Format("15:04:05.000"), printable(call.Method), answer, call.MS)
		}
		if skipped := len(r.Logs) - lastLines + r.LogsDropped; skipped > 0 {
			c.line("log", "… %d lines before; `airlock job logs %s` prints those that are kept", skipped, job.ID)
		}
		for _, line := range r.Logs[max(len(r.Logs)-lastLines, 0):] {
			c.line("log", "%s %-5s %s", line.At.Format("15:04:05.000"), line.Level, printable(line.Text))
		}
	}
	if letter := job.DeadLetter; letter != nil && letter.Job == nil {
		c.line("message", "%s: %s", printable(letter.Subject), oneLine(string(letter.Raw), 200))
		c.printf("It is no job, so it cannot be retried; `airlock job delete %s` discards it.\n", job.ID)
		return
	}
	c.printf("`airlock job retry %[1]s` runs it once more, `airlock job delete %[1]s` discards it.\n", job.ID)
}
