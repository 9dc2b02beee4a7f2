package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/client"
)

// submission is what the flags of submit say.
type submission struct {
	job       client.Job
	library   *libraryValue
	input     string
	priority  string
	at        timeValue
	expiresIn time.Duration
	expiresAt timeValue
	batch     string
	watch     bool
}

func (c *cli) submitCommand() *cobra.Command {
	s := &submission{}
	cmd := &cobra.Command{
		Use:   "submit [EXTENSION:JOB]",
		Short: "Submit a job, or many",
		Long: `Submit a job, or many. It is kept on disk when the command has printed its id, and will have exactly one outcome.

A unique job is refused while another of the same name, library and key has no outcome, or for as long as --unique-for says;
the exit code is 1 then, and the other's id is printed.

--batch reads one job a line, each a JSON object: {"job": "counter:counter", "input": …, "library", "priority", "in": "5m",
"at", "expires_in", "expires_at", "unique", "unique_for": "1h", "attempts", "timeout", "id"}. What a line leaves out is as
the command line says. Nothing is enqueued if one of the lines is wrong. Up to 1000 jobs are enqueued together or not at
all; more than that go 1000 at a time, and if that stops in between it is said how far it came.`,
		Example: `  airlock job submit counter:counter --input '{"current":0,"target":25,"processed":[]}' --watch
  airlock job submit counter:counter --input @input.json --in 5m --expires-in 1h
  airlock job submit counter:counter --at "2030-12-24 18:00" --priority low
  airlock job submit counter:counter --unique nightly --unique-for 12h
  airlock job submit --batch jobs.ndjson`,
	}
	cmd.Args = func(_ *cobra.Command, args []string) error {
		if s.batch != "" && len(args) < 2 {
			return nil
		}
		return oneArg("the job's full name, such as counter:counter")(cmd, args)
	}
	s.library = libraryFlag(cmd)
	f := cmd.Flags()
	f.StringVar(&s.input, "input", "", "the job's input: JSON, @file, or @- for standard input; default: none")
	f.StringVar(&s.priority, "priority", "", "high, normal or low; default: the manifest's")
	f.IntVar(&s.job.MaxAttempts, "attempts", 0, "how often it is tried; default: the manifest's")
	f.DurationVar(&s.job.Timeout, "timeout", 0, "bound of one attempt; default: the manifest's")
	f.DurationVar(&s.job.In, "in", 0, "begin after this long, such as 5m; default: at once")
	f.Var(&s.at, "at", `begin at this time, such as 2030-12-24T18:00:00Z or "2030-12-24 18:00"; default: at once`)
	f.DurationVar(&s.expiresIn, "expires-in", 0, "do not begin later than this long from now; default: for ever")
	f.Var(&s.expiresAt, "expires-at", "do not begin later than this; default: for ever")
	f.StringVar(&s.job.Unique, "unique", "", "key that no other job of this name and library may have at the same time; default: none")
	f.DurationVar(&s.job.UniqueFor, "unique-for", 0, "how long from now the key is taken, at least 1s; default: as long as the job has no outcome")
	f.StringVar(&s.batch, "batch", "", "file with one job a line, or - for standard input; default: none")
	f.BoolVarP(&s.watch, "watch", "w", false, "watch it until it has ended")
	c.jsonFlag(cmd)
	cmd.MarkFlagsMutuallyExclusive("in", "at")
	cmd.MarkFlagsMutuallyExclusive("expires-in", "expires-at")
	for _, name := range []string{"input", "unique", "unique-for", "watch"} {
		cmd.MarkFlagsMutuallyExclusive("batch", name)
	}
	cmd.RunE = c.withConn(func(ctx context.Context, conn *bus.Conn, args []string) error {
		if err := s.read(c, args); err != nil {
			return err
		}
		if s.batch != "" {
			return c.submitBatch(ctx, client.Use(conn), s)
		}
		return c.submit(ctx, conn, s)
	})
	return cmd
}

// read makes a job of the flags.
func (s *submission) read(c *cli, args []string) error {
	if len(args) > 0 {
		s.job.Name = args[0]
	}
	data, err := c.readInput(s.input)
	if err != nil {
		return err
	}
	if len(data) > 0 {
		if err := checkJSON("input", data); err != nil {
			return err
		}
		s.job.Input = json.RawMessage(data)
	}
	s.job.Library, s.job.Priority = s.library.UUID, client.Priority(s.priority)
	s.job.At, s.job.ExpiresAt = s.at.Time, s.expiresAt.Time
	if s.expiresIn != 0 {
		s.job.ExpiresAt = time.Now().Add(s.expiresIn)
	}
	return nil
}

// submitted is what submit prints as JSON of a job.
type submitted struct {
	ID      uuid.UUID  `json:"id"`
	Name    string     `json:"job"`
	Library uuid.UUID  `json:"library"`
	Due     *time.Time `json:"due,omitempty"`
	// Duplicate says that it is another job, which holds the key.
	Duplicate bool `json:"duplicate,omitempty"`
}

func (c *cli) submit(ctx context.Context, conn *bus.Conn, s *submission) error {
	airlock := client.Use(conn)
	job, err := airlock.Prepare(ctx, s.job)
	if err != nil {
		return err
	}
	s.job.ID = job.ID // what is repeated below is the same job
	_, err = airlock.Enqueue(ctx, s.job)
	if duplicate, ok := errors.AsType[*client.DuplicateError](err); ok {
		if c.json {
			if err := c.printJSON(submitted{ID: duplicate.Job, Name: s.job.Name, Library: job.Library, Duplicate: true}); err != nil {
				return err
			}
		}
		return fmt.Errorf("job %s holds the unique key %q already, and nothing was enqueued; `airlock job show %s` shows it", duplicate.Job, duplicate.Key, duplicate.Job)
	}
	switch {
	case err != nil:
		return err
	case s.watch:
		return c.watch(ctx, conn, job.ID)
	case c.json:
		return c.printJSON(submitted{ID: job.ID, Name: s.job.Name, Library: job.Library, Due: job.Due})
	}
	c.printf("%s\n", job.ID)
	return nil
}
