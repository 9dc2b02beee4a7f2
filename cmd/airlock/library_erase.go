package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/capabilities"
	"github.com/airlock-run/airlock/operations"
	"github.com/airlock-run/airlock/operations/jobs"
)

// erasing are the services that keep data of libraries, and remove it when they are asked.
var erasing = []string{"config", "mail", "credentials", "notify", "state", "vdfs"}

// eraseTime is how long jobs have to end once they were cancelled.
const eraseTime = time.Minute

func (c *cli) eraseLibraryCommand() *cobra.Command {
	var yes bool
	cmd := &cobra.Command{
		Use: "erase LIBRARY", Short: "Remove a library with all its data, for good", Args: oneArg("the library's id"),
		Long: `Remove a library with all its data, for good: its grants first, so that nothing runs in it any more, then its jobs, entries, credentials and
events, and at last the library itself. If it is interrupted, the same command goes on where it stopped.`,
		Example: `  airlock library erase a1510c00-0000-4000-8000-000000000001 --yes`,
	}
	cmd.Flags().BoolVar(&yes, "yes", false, "erase it; default: only say what it would be")
	c.jsonFlag(cmd)
	cmd.RunE = c.withConn(func(ctx context.Context, conn *bus.Conn, args []string) error {
		library, revision, err := findLibrary(ctx, conn, args[0])
		if err != nil {
			return err
		}
		if !yes {
			return usageError{fmt.Errorf("library %s and all that is in it would be gone for good: say --yes", library.ID)}
		}
		c.act(bus.AuditRecord{Operation: "library.erase", Library: library.ID})
		if library.ErasingSince == nil {
			now := time.Now().UTC()
			library.ErasingSince, library.Grants = &now, map[string]capabilities.LibraryGrant{}
			if err := putLibrary(ctx, conn, library, revision); err != nil {
				return err
			}
		}
		erased, err := eraseLibrary(ctx, conn, library.ID)
		if err != nil {
			return fmt.Errorf("%w; nothing runs in the library any more, and the same command goes on", err)
		}
		if c.json {
			return c.printJSON(map[string]any{"library": library.ID, "erased": erased})
		}
		c.printf("library %s is erased\n", library.ID)
		for _, what := range slices.Sorted(maps.Keys(erased)) {
			c.line(what, "%d", erased[what])
		}
		return nil
	})
	return cmd
}

// eraseLibrary removes what is in a library in which nothing may run any more, and then its record. Each step finds nothing to do when it
// was done before.
func eraseLibrary(ctx context.Context, conn *bus.Conn, library uuid.UUID) (operations.Erased, error) {
	erased := operations.Erased{}
	recurring, err := conn.AllRecurring(ctx)
	if err != nil {
		return nil, err
	}
	for _, r := range recurring {
		if r.Library != library {
			continue
		}
		if err := conn.RemoveRecurring(ctx, r.Name); err != nil && bus.CodeOf(err) != bus.NotFound {
			return nil, err
		}
		erased["schedules"]++
	}
	if erased["jobs"], err = eraseJobs(ctx, conn, library); err != nil {
		return nil, err
	}
	for _, service := range erasing {
		var part operations.Erased
		if err := conn.API(ctx, service, "erase", operations.EraseRequest{Library: library}, &part); err != nil {
			return nil, fmt.Errorf("erase what %s keeps: %w", service, err)
		}
		for what, n := range part {
			erased[what] += n
		}
	}
	contents, err := conn.EraseEvents(ctx, library)
	if err != nil {
		return nil, err
	}
	erased["contents"] = int64(contents)
	_, revision, err := conn.Library(ctx, library)
	if err != nil {
		return nil, err
	}
	return erased, conn.DeleteLibrary(ctx, library, revision)
}

// eraseJobs cancels the jobs of a library, and removes each once it has ended, until there is none.
func eraseJobs(ctx context.Context, conn *bus.Conn, library uuid.UUID) (erased int64, err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, eraseTime, errors.New("jobs of the library have not ended"))
	defer cancel()
	gone := map[uuid.UUID]bool{}
	for {
		left, behind, next := 0, false, ""
		for first := true; first || next != ""; first = false {
			var page jobs.ListResponse
			request := jobs.ListRequest{Library: library.String(), Limit: mostListed, After: next}
			if err := conn.API(ctx, "jobs", "list", request, &page); err != nil {
				return 0, fmt.Errorf("list jobs of the library: %w", err)
			}
			next, behind = page.Next, behind || page.Behind > 0
			for _, job := range page.Jobs {
				if gone[job.ID] {
					continue
				}
				left++
				if err := eraseJob(ctx, conn, job.ID); err != nil {
					return 0, err
				}
				if _, err := conn.Run(ctx, job.ID); bus.CodeOf(err) == bus.NotFound {
					gone[job.ID] = true
				}
			}
		}
		if left == 0 && !behind {
			return int64(len(gone)), nil
		}
		select {
		case <-ctx.Done():
			return 0, context.Cause(ctx)
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// eraseJob cancels a job that has not ended, and removes one that has.
func eraseJob(ctx context.Context, conn *bus.Conn, id uuid.UUID) error {
	err := conn.Cancel(ctx, id)
	if bus.CodeOf(err) == bus.FailedPrecondition {
		err = conn.DeleteJob(ctx, id)
	}
	if code := bus.CodeOf(err); code == bus.NotFound || code == bus.FailedPrecondition {
		return nil // it is gone, or changes just now
	}
	return err
}
