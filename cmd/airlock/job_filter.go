package main

import (
	"context"
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/operations/jobs"
)

// mostListed is how many jobs one answer lists.
const mostListed = 500

// jobFilter is flags that choose jobs.
type jobFilter struct {
	flags                       *pflag.FlagSet
	names                       []string
	state                       string
	in                          jobs.ListRequest
	createdAfter, createdBefore timeValue
}

// filterFlags gives a command the flags.
func filterFlags(cmd *cobra.Command) *jobFilter {
	f := &jobFilter{flags: cmd.Flags()}
	own := pflag.NewFlagSet("", pflag.ContinueOnError)
	own.StringVar(&f.state, "state", "", "only jobs in this state; default: any")
	own.StringVar(&f.in.Extension, "extension", "", "only jobs of this extension; default: any")
	own.StringVar(&f.in.Name, "job", "", "only jobs of this name; default: any")
	own.StringVar(&f.in.Library, "library", "", "only jobs of this library; default: any")
	own.StringVar(&f.in.Parent, "parent", "", "only jobs that this job dispatched; default: any")
	f.createdAfter.ago, f.createdBefore.ago = true, true
	own.Var(&f.createdAfter, "created-after", `only jobs created at this time or later, such as 2026-12-24, "2026-12-24 18:00" or 24h for a day ago; default: any`)
	own.Var(&f.createdBefore, "created-before", "only jobs created before this time; default: any")
	own.VisitAll(func(flag *pflag.Flag) { f.names = append(f.names, flag.Name) })
	f.flags.AddFlagSet(own)
	return f
}

// given tells whether any of the flags was given.
func (f *jobFilter) given() bool {
	return slices.ContainsFunc(f.names, f.flags.Changed)
}

// pages calls each with page after page of the jobs chosen, newest first, until there are limit, and returns where the next page begins;
// empty when there is none. A limit of 0 is none.
func (f *jobFilter) pages(ctx context.Context, conn *bus.Conn, limit int, each func(jobs.ListResponse) error) (next string, err error) {
	in := f.in
	in.State, in.CreatedAfter, in.CreatedBefore = bus.State(f.state), f.createdAfter.pointer(), f.createdBefore.pointer()
	for left := limit; ; {
		in.Limit = mostListed
		if limit > 0 {
			in.Limit = min(left, mostListed)
		}
		var page jobs.ListResponse
		if err := conn.API(ctx, "jobs", "list", in, &page); err != nil {
			return "", err
		}
		if err := each(page); err != nil {
			return "", err
		}
		left -= len(page.Jobs)
		if page.Next == "" || limit > 0 && left <= 0 {
			return page.Next, nil
		}
		in.After = page.Next
	}
}
