package main

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/google/uuid"
	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/operations/jobs"
)

func (c *cli) watchCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "watch ID",
		Short: "Watch a job until it has ended",
		Long: `Watch a job until it has ended: with a progress bar on a terminal, line by line elsewhere. The exit code is 0 when the
job completed, and 1 when it did not.`,
		Args: oneArg("the job's id"),
		RunE: c.withConn(func(ctx context.Context, conn *bus.Conn, args []string) error {
			id, err := parseJobID(args[0])
			if err != nil {
				return err
			}
			// A job that is not there would be watched for ever.
			if _, err := conn.Run(ctx, id); bus.CodeOf(err) == bus.NotFound {
				var job jobs.Details
				if err := conn.API(ctx, "jobs", "show", jobs.ShowRequest{ID: id.String()}, &job); err != nil {
					return err
				}
			}
			return c.watch(ctx, conn, id)
		}),
	}
	c.jsonFlag(cmd)
	return cmd
}

// watch shows what a job tells until it has ended.
func (c *cli) watch(ctx context.Context, conn *bus.Conn, id uuid.UUID) error {
	view := c.watchView()
	return c.followJob(ctx, conn, id, view.activity, func(run *bus.Run) error {
		view.done()
		if c.json {
			if err := c.printJSON(run); err != nil {
				return err
			}
		} else {
			c.printf("%s %s\n", id, run.State)
		}
		if run.State == bus.StateCompleted {
			return nil
		}
		if n := len(run.Errors); n > 0 {
			return fmt.Errorf("%w: %s", errJobFailed, printable(run.Errors[n-1].Error))
		}
		return errJobFailed
	})
}

// followJob hands out what a job tells, and in the end its outcome.
func (c *cli) followJob(
	ctx context.Context, conn *bus.Conn, id uuid.UUID, tell func(bus.Activity), ended func(*bus.Run) error,
) error {
	watching, stop := context.WithCancel(ctx)
	defer stop()
	activities, err := conn.Watch(watching, id)
	if err != nil {
		return err
	}
	runs, err := conn.WatchRun(watching, id)
	if err != nil {
		return err
	}
	told := bus.Report{}
	for {
		select {
		case activity, ok := <-activities:
			if !ok {
				return ctx.Err()
			}
			note(&told, activity)
			tell(activity)
		case run, ok := <-runs:
			switch {
			case !ok:
				return ctx.Err()
			case run.State.Ended():
				tellRest(run, told, tell)
				return ended(run)
			case run.State == bus.StateScheduled && len(run.Errors) > 0:
				failure := run.Errors[len(run.Errors)-1]
				_, _ = fmt.Fprintf(c.stderr, "attempt %d failed: %s; the next one is due %s\n",
					failure.Attempt, printable(failure.Error), run.Due.Local().Format("15:04:05"))
			}
		}
	}
}

// note keeps what the newest attempt has told live.
func note(told *bus.Report, activity bus.Activity) {
	switch activity.Kind {
	case bus.ActivityState:
		*told = bus.Report{}
	case bus.ActivityLog:
		told.Logs = append(told.Logs, bus.LogLine{})
	case bus.ActivityProgress:
		told.Progress, told.Message = activity.Progress, activity.Text
	case bus.ActivityWarning:
		told.Warnings = append(told.Warnings, activity.Text)
	}
}

// tellRest hands out what of an outcome's report was not told live, or has not arrived.
func tellRest(run *bus.Run, told bus.Report, tell func(bus.Activity)) {
	report := run.Report
	for _, line := range report.Logs[min(len(told.Logs), len(report.Logs)):] {
		tell(bus.Activity{Kind: bus.ActivityLog, At: line.At, Attempt: run.Attempt, Level: line.Level, Text: line.Text})
	}
	for _, warning := range report.Warnings[min(len(told.Warnings), len(report.Warnings)):] {
		tell(bus.Activity{Kind: bus.ActivityWarning, Attempt: run.Attempt, Text: warning})
	}
	if report.Message != told.Message || report.Progress != told.Progress {
		tell(bus.Activity{Kind: bus.ActivityProgress, Attempt: run.Attempt, Progress: report.Progress, Text: report.Message})
	}
}

// watchView shows activities.
type watchView struct {
	activity func(bus.Activity)
	done     func()
}

func (c *cli) watchView() watchView {
	switch file, isFile := c.stdout.(*os.File); {
	case c.json:
		return watchView{activity: func(bus.Activity) {}, done: func() {}}
	case isFile && term.IsTerminal(int(file.Fd())):
		return c.barView(file)
	default:
		return watchView{activity: c.printActivity, done: func() {}}
	}
}

func (c *cli) barView(terminal io.Writer) watchView {
	bar := progressbar.NewOptions(100,
		progressbar.OptionSetWriter(terminal), progressbar.OptionSetWidth(30), progressbar.OptionClearOnFinish(),
		progressbar.OptionShowDescriptionAtLineEnd(), progressbar.OptionSetPredictTime(false))
	_ = bar.RenderBlank()
	return watchView{
		activity: func(a bus.Activity) {
			if a.Kind == bus.ActivityProgress {
				bar.Describe(oneLine(a.Text, 60))
				_ = bar.Set(int(a.Progress * 100))
				return
			}
			_ = bar.Clear()
			c.printActivity(a)
			_ = bar.RenderBlank()
		},
		done: func() { _ = bar.Clear() },
	}
}

func (c *cli) printActivity(a bus.Activity) {
	switch a.Kind {
	case bus.ActivityState:
		c.printf("%s on %s, attempt %d\n", a.State, a.Worker, a.Attempt)
	case bus.ActivityProgress:
		c.printf("%3.0f %% %s\n", a.Progress*100, printable(a.Text))
	case bus.ActivityLog:
		c.printf("%-5s %s\n", a.Level, printable(a.Text))
	case bus.ActivityWarning:
		c.printf("warning: %s\n", printable(a.Text))
	}
}
