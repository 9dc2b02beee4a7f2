package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/google/uuid"
	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/client"
	"github.com/airlock-run/airlock/operations/jobs"
)

// atOnce is how many jobs are changed at once.
const atOnce = 16

// jobChange is what a command does to jobs.
type jobChange struct {
	verb, done string
	// fits tells whether it may be done to a job that was chosen by a filter without --state.
	fits func(jobs.Job) bool
	do   func(context.Context, *client.Client, uuid.UUID) error
}

func (c *cli) cancelCommand() *cobra.Command {
	return c.changeCommand(&cobra.Command{
		Use: "cancel ID…", Short: "Cancel jobs",
		Long: `Cancel jobs, by id or by what they have in common. A job that has not begun is cancelled at once. One that runs is asked to
stop and has the worker's grace time to do so; until then it is running. That is kept with the job, so it cannot get lost.`,
		Example: "  airlock job cancel 0190a5d0-4d6a-7c2e-b5a4-1f0e8d6c3b2a\n  airlock job cancel --extension finance --state scheduled",
	}, &jobChange{
		verb: "cancel", done: "cancelled",
		fits: func(job jobs.Job) bool { return !job.State.Ended() && !job.CancelRequested },
		do:   func(ctx context.Context, airlock *client.Client, id uuid.UUID) error { return airlock.Cancel(ctx, id) },
	})
}

func (c *cli) pauseCommand() *cobra.Command {
	return c.changeCommand(&cobra.Command{
		Use: "pause ID…", Short: "Keep jobs from running until they are resumed",
		Long: `Keep jobs from running until they are resumed, by id or by what they have in common. One that runs is asked to stop, and
goes on from its last checkpoint when it is resumed.`,
		Example: "  airlock job pause 0190a5d0-4d6a-7c2e-b5a4-1f0e8d6c3b2a\n  airlock job pause --extension finance --job process_receipt",
	}, &jobChange{
		verb: "pause", done: "paused",
		fits: func(job jobs.Job) bool { return !job.State.Ended() && !job.Paused },
		do:   func(ctx context.Context, airlock *client.Client, id uuid.UUID) error { return airlock.Pause(ctx, id) },
	})
}

func (c *cli) resumeCommand() *cobra.Command {
	return c.changeCommand(&cobra.Command{
		Use: "resume ID…", Short: "Let paused jobs run again",
		Long:    `Let paused jobs run again, by id or by what they have in common.`,
		Example: "  airlock job resume 0190a5d0-4d6a-7c2e-b5a4-1f0e8d6c3b2a\n  airlock job resume --extension finance --yes",
	}, &jobChange{
		verb: "resume", done: "resumed",
		fits: func(job jobs.Job) bool { return !job.State.Ended() && job.Paused },
		do:   func(ctx context.Context, airlock *client.Client, id uuid.UUID) error { return airlock.Resume(ctx, id) },
	})
}

func (c *cli) deleteCommand() *cobra.Command {
	return c.changeCommand(&cobra.Command{
		Use: "delete ID…", Short: "Remove what is known of jobs that have ended",
		Long: `Remove what is known of jobs that have ended, by id or by what they have in common: of a dead one the job itself, too. Cancel a
job that has not ended first.`,
		Example: "  airlock job delete 0190a5d0-4d6a-7c2e-b5a4-1f0e8d6c3b2a\n  airlock job delete --state dead --created-before 2026-01-01 --yes",
	}, &jobChange{
		verb: "delete", done: "deleted",
		fits: func(job jobs.Job) bool { return job.State.Ended() },
		do:   func(ctx context.Context, airlock *client.Client, id uuid.UUID) error { return airlock.Delete(ctx, id) },
	})
}

func (c *cli) retryCommand() *cobra.Command {
	var input string
	var data json.RawMessage
	change := &jobChange{
		verb: "retry", done: "retried",
		fits: func(job jobs.Job) bool { return job.State == bus.StateDead },
		do: func(ctx context.Context, airlock *client.Client, id uuid.UUID) error {
			if len(data) == 0 {
				return airlock.Retry(ctx, id, nil)
			}
			return airlock.Retry(ctx, id, data)
		},
	}
	cmd := c.changeCommand(&cobra.Command{
		Use: "retry ID…", Short: "Run jobs once more",
		Long: `Run jobs once more, by id or by what they have in common: those that are dead, cancelled or expired go on from their last
checkpoint with their attempts counted anew, those that are scheduled run at once. Without --state a filter chooses dead ones.
With --input a job begins anew, with that input.`,
		Example: `  airlock job retry 0190a5d0-4d6a-7c2e-b5a4-1f0e8d6c3b2a
  airlock job retry --state dead --extension finance --limit 100 --yes
  airlock job show --input 0190a5d0-4d6a-7c2e-b5a4-1f0e8d6c3b2a >input.json
  airlock job retry 0190a5d0-4d6a-7c2e-b5a4-1f0e8d6c3b2a --input @input.json`,
	}, change)
	cmd.Flags().StringVar(&input, "input", "", "the input to begin anew with: JSON, @file, or @- for standard input; default: what it had")
	run := cmd.RunE
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if input == "" {
			return run(cmd, args)
		}
		if len(args) == 0 {
			return usageError{errors.New("--input goes with the ids of jobs, not with a filter")}
		}
		var err error
		if data, err = c.readInput(input); err != nil {
			return err
		}
		if err := checkJSON("input", data); err != nil {
			return err
		}
		return run(cmd, args)
	}
	return cmd
}

// changeCommand makes a command that changes jobs, by id or by filter.
func (c *cli) changeCommand(cmd *cobra.Command, change *jobChange) *cobra.Command {
	filter := filterFlags(cmd)
	var limit int
	var yes bool
	cmd.Flags().IntVar(&limit, "limit", 0, "at most so many of those that a filter chooses, the newest; default: all")
	cmd.Flags().BoolVarP(&yes, "yes", "y", false, "do not ask")
	c.jsonFlag(cmd)
	cmd.Args = func(_ *cobra.Command, args []string) error {
		switch {
		case len(args) == 0 && !filter.given():
			return usageError{fmt.Errorf("which jobs? name them by id, or choose them with --state, --extension, --job, --library, --parent, --created-after or --created-before; `%s --help` tells more", cmd.CommandPath())}
		case len(args) > 0 && filter.given():
			return usageError{errors.New("name jobs by id or choose them by a filter, not both")}
		case limit < 0:
			return usageError{fmt.Errorf("--limit is %d, want 0 for all, or more", limit)}
		}
		for _, arg := range args {
			if _, err := parseJobID(arg); err != nil {
				return err
			}
		}
		return nil
	}
	cmd.RunE = c.withConn(func(ctx context.Context, conn *bus.Conn, args []string) error {
		if len(args) > 0 {
			ids := make([]uuid.UUID, len(args))
			for i, arg := range args {
				ids[i] = uuid.MustParse(arg)
			}
			return c.change(ctx, conn, change, ids, true)
		}
		ids, err := c.choose(ctx, conn, change, filter, limit, yes)
		if err != nil {
			return err
		}
		return c.change(ctx, conn, change, ids, false)
	})
	return cmd
}

// choose finds the jobs that a filter chooses, says how many there are and asks whether they are meant.
func (c *cli) choose(ctx context.Context, conn *bus.Conn, change *jobChange, filter *jobFilter, limit int, yes bool) ([]uuid.UUID, error) {
	var ids []uuid.UUID
	byState := map[bus.State]int{}
	enough := errors.New("enough")
	_, err := filter.pages(ctx, conn, 0, func(page jobs.ListResponse) error {
		for _, job := range page.Jobs {
			if filter.state == "" && !change.fits(job) {
				continue
			}
			ids = append(ids, job.ID)
			byState[job.State]++
			if len(ids) == limit {
				return enough
			}
		}
		return nil
	})
	if err != nil && !errors.Is(err, enough) {
		return nil, err
	}
	if len(ids) == 0 || yes {
		return ids, nil
	}
	states := make([]string, 0, len(byState))
	for state, n := range byState {
		states = append(states, fmt.Sprintf("%d %s", n, state))
	}
	slices.Sort(states)
	_, _ = fmt.Fprintf(c.stderr, "%s %s (%s)? [y/N] ", change.verb, count(len(ids)), strings.Join(states, ", "))
	answer, _ := bufio.NewReader(c.stdin).ReadString('\n')
	switch strings.ToLower(strings.TrimSpace(answer)) {
	case "y", "yes":
		return ids, nil
	default:
		return nil, fmt.Errorf("nothing was done: answer y, or say --yes, to %s %s", change.verb, count(len(ids)))
	}
}

func count(n int) string {
	if n == 1 {
		return "1 job"
	}
	return fmt.Sprintf("%d jobs", n)
}

// changed is what became of one job.
type changed struct {
	ID    uuid.UUID `json:"id"`
	Done  bool      `json:"done"`
	State bus.State `json:"state,omitempty"`
	Code  bus.Code  `json:"code,omitempty"`
	Error string    `json:"error,omitempty"`

	note string
}

// change changes jobs, several at once, and says what became of them: of each when they were named.
func (c *cli) change(ctx context.Context, conn *bus.Conn, change *jobChange, ids []uuid.UUID, named bool) error {
	airlock := client.Use(conn)
	all := make([]changed, len(ids))
	var group errgroup.Group
	group.SetLimit(atOnce)
	var mu sync.Mutex
	failed := 0
	for i, id := range ids {
		group.Go(func() error {
			all[i] = changed{ID: id, Done: true}
			err := change.do(ctx, airlock, id)
			c.audit(ctx, conn, err, bus.AuditRecord{Operation: "job." + change.verb, Job: id})
			if err != nil {
				all[i] = changed{ID: id, Code: bus.CodeOf(err), Error: sentence(err)}
				mu.Lock()
				failed++
				mu.Unlock()
				return nil
			}
			if named {
				all[i].look(ctx, airlock)
			}
			return nil
		})
	}
	_ = group.Wait()
	if c.json {
		if err := c.printJSON(all); err != nil {
			return err
		}
	} else {
		c.tellChanged(change, all, len(ids)-failed, named)
	}
	switch {
	case failed == 0:
		return nil
	case failed == 1 && len(ids) == 1:
		return errors.New(all[0].Error)
	default:
		return fmt.Errorf("%d of %s could not be %s", failed, count(len(ids)), change.done)
	}
}

// look notes how a job stands after it was changed.
func (c *changed) look(ctx context.Context, airlock *client.Client) {
	run, err := airlock.Status(ctx, c.ID)
	if err != nil {
		return // deleted
	}
	c.State = run.State
	if run.CancelRequested != nil && !run.State.Ended() {
		c.note = " was asked to stop"
	}
}

// mostTold is how many jobs that could not be changed are told of when they were not named.
const mostTold = 10

func (c *cli) tellChanged(change *jobChange, all []changed, done int, named bool) {
	told := 0
	for _, one := range all {
		switch {
		case one.Done && named && one.note != "":
			c.printf("%s%s\n", one.ID, one.note)
		case one.Done && named:
			c.printf("%s is %s\n", one.ID, change.done)
		case !one.Done && len(all) > 1 && (named || told < mostTold):
			told++
			_, _ = fmt.Fprintf(c.stderr, "%s: %s\n", one.ID, one.Error)
		}
	}
	if !named {
		c.printf("%s %s %s\n", count(done), map[bool]string{true: "is", false: "are"}[done == 1], change.done)
	}
}
