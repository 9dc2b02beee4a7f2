package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/client"
)

func (c *cli) jobCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "job", Short: "Submit, list, show, watch, cancel, pause and retry jobs, and read their logs", Args: cobra.ArbitraryArgs, RunE: group}
	cmd.AddCommand(
		c.submitCommand(), c.listJobsCommand(), c.showJobCommand(), c.watchCommand(), c.logsCommand(),
		c.cancelCommand(), c.pauseCommand(), c.resumeCommand(), c.retryCommand(), c.deleteCommand(), c.rebuildCommand(),
	)
	return cmd
}

func (c *cli) rebuildCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "rebuild", Short: "Make the list of jobs anew", Args: cobra.NoArgs, Example: "  airlock job rebuild",
		Long: `Make the list of jobs anew, from what is kept of them on the bus. Jobs go on meanwhile; the list says how far behind it is.`,
		RunE: c.withConn(func(ctx context.Context, conn *bus.Conn, _ []string) error {
			if err := conn.API(ctx, "jobs", "rebuild", struct{}{}, nil); err != nil {
				return err
			}
			if c.json {
				return c.printJSON(struct{}{})
			}
			c.printf("the list of jobs is being made anew\n")
			return nil
		}),
	}
	c.jsonFlag(cmd)
	return cmd
}

func (c *cli) logsCommand() *cobra.Command {
	var follow bool
	cmd := &cobra.Command{
		Use: "logs ID", Short: "Print what a job logged", Args: oneArg("the job's id"),
		Long:    `Print what a job logged. With --follow and --json each line is a JSON object of its own.`,
		Example: `  airlock job logs 0190a5d0-4d6a-7c2e-b5a4-1f0e8d6c3b2a --follow`,
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
	airlock := client.Use(conn)
	run, err := airlock.Status(ctx, id)
	if err != nil {
		return err
	}
	if run.State.Ended() || !follow {
		return c.printLogs(run.Report)
	}
	lines := json.NewEncoder(c.stdout)
	for update, err := range airlock.Watch(ctx, id) {
		if err != nil {
			return err
		}
		if update.Kind != client.LogUpdate {
			continue
		}
		line := bus.LogLine{At: update.At, Level: update.Level, Text: update.Text}
		if !c.json {
			c.printLog(line)
		} else if err := lines.Encode(line); err != nil {
			return fmt.Errorf("print: %w", err)
		}
	}
	return nil
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
