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
	"github.com/airlock-run/airlock/client"
)

func (c *cli) watchCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "watch ID",
		Short: "Watch a job until it has ended",
		Long: `Watch a job until it has ended: with a progress bar on a terminal, line by line elsewhere, as its run record in the end with
--json. The exit code is 0 when the job completed, and 1 when it did not.`,
		Example: `  airlock job watch 0190a5d0-4d6a-7c2e-b5a4-1f0e8d6c3b2a`,
		Args:    oneArg("the job's id"),
		RunE: c.withConn(func(ctx context.Context, conn *bus.Conn, args []string) error {
			id, err := parseJobID(args[0])
			if err != nil {
				return err
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
	defer view.done()
	for update, err := range client.Use(conn).Watch(ctx, id) {
		if err != nil {
			return err
		}
		if update.Kind == client.OutcomeUpdate {
			view.done()
			return c.ended(update.Outcome)
		}
		view.update(update)
	}
	return nil
}

// ended shows how a job ended.
func (c *cli) ended(outcome *client.Outcome) error {
	if c.json {
		if err := c.printJSON(outcome.Run); err != nil {
			return err
		}
	} else {
		c.printf("%s %s\n", outcome.Job, outcome.State)
	}
	if outcome.State == bus.StateCompleted {
		return nil
	}
	switch n := len(outcome.Errors); {
	case outcome.State == bus.StateCancelled:
		return fmt.Errorf("%w: it was cancelled", errJobFailed)
	case outcome.State == bus.StateExpired:
		return fmt.Errorf("%w: it had not begun when it expired", errJobFailed)
	case n > 0:
		return fmt.Errorf("%w: %s", errJobFailed, printable(outcome.Errors[n-1].Error))
	default:
		return errJobFailed
	}
}

// watchView shows updates.
type watchView struct {
	update func(client.Update)
	done   func()
}

func (c *cli) watchView() watchView {
	switch file, isFile := c.stdout.(*os.File); {
	case c.json:
		return watchView{update: func(client.Update) {}, done: func() {}}
	case isFile && term.IsTerminal(int(file.Fd())):
		return c.barView(file)
	default:
		return watchView{update: c.printUpdate, done: func() {}}
	}
}

func (c *cli) barView(terminal io.Writer) watchView {
	bar := progressbar.NewOptions(100,
		progressbar.OptionSetWriter(terminal), progressbar.OptionSetWidth(30), progressbar.OptionClearOnFinish(),
		progressbar.OptionShowDescriptionAtLineEnd(), progressbar.OptionSetPredictTime(false))
	_ = bar.RenderBlank()
	return watchView{
		update: func(u client.Update) {
			if u.Kind == client.ProgressUpdate {
				bar.Describe(oneLine(u.Text, 60))
				_ = bar.Set(int(u.Progress * 100))
				return
			}
			_ = bar.Clear()
			c.printUpdate(u)
			_ = bar.RenderBlank()
		},
		done: func() { _ = bar.Clear() },
	}
}

func (c *cli) printUpdate(u client.Update) {
	switch u.Kind {
	case client.StateUpdate:
		c.printf("%s\n", standing(u))
	case client.ProgressUpdate:
		c.printf("%3.0f %% %s\n", u.Progress*100, printable(u.Text))
	case client.LogUpdate:
		c.printf("%-5s %s\n", u.Level, printable(u.Text))
	case client.WarningUpdate:
		c.printf("warning: %s\n", printable(u.Text))
	case client.FailureUpdate:
		due := "soon"
		if u.Due != nil {
			due = u.Due.Local().Format("15:04:05")
		}
		_, _ = fmt.Fprintf(c.stderr, "attempt %d failed: %s; the next one is due %s\n", u.Failure.Attempt, printable(u.Failure.Error), due)
	case client.CancelUpdate:
		c.printf("to be cancelled: it was asked to stop\n")
	case client.PauseUpdate:
		c.printf("paused until it is resumed\n")
	case client.ResumeUpdate:
		c.printf("resumed\n")
	case client.OutcomeUpdate:
	}
}

// standing is a state for people.
func standing(u client.Update) string {
	switch {
	case u.State == bus.StateWaiting:
		return "waiting for its sub-jobs"
	case u.State == bus.StateScheduled && u.Due != nil:
		return "scheduled, due " + u.Due.Local().Format("2006-01-02 15:04:05")
	case u.Worker != "":
		return fmt.Sprintf("%s on %s, attempt %d", u.State, u.Worker, u.Attempt)
	default:
		return string(u.State)
	}
}
