package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/client"
)

// dueTimes is how many due times of a schedule are shown.
const dueTimes = 3

// scheduled is a schedule as it is printed as JSON.
type scheduled struct {
	*bus.Recurring
	// Next is when it is due next; empty while it is paused.
	Next []time.Time `json:"next"`
}

func withDueTimes(r *bus.Recurring) scheduled {
	s := scheduled{r, []time.Time{}}
	for at := time.Now(); !r.Paused && len(s.Next) < dueTimes; {
		next, err := r.Next(at)
		if err != nil || next.IsZero() {
			break
		}
		s.Next, at = append(s.Next, next), next
	}
	return s
}

func (c *cli) scheduleCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "schedule", Short: "Have jobs start again and again", Args: cobra.ArbitraryArgs, RunE: group}
	list := &cobra.Command{
		Use: "list", Short: "List schedules", Args: cobra.NoArgs, Example: `  airlock schedule list`,
		RunE: c.withConn(func(ctx context.Context, conn *bus.Conn, _ []string) error { return c.listSchedules(ctx, conn) }),
	}
	show := &cobra.Command{
		Use: "show NAME", Short: "Show a schedule and when it is due next", Args: oneArg("the schedule's name"), Example: `  airlock schedule show nightly`,
		RunE: c.withConn(func(ctx context.Context, conn *bus.Conn, args []string) error {
			r, err := conn.Recurring(ctx, args[0])
			if err != nil {
				return hintSchedules(err)
			}
			return c.printSchedule(r)
		}),
	}
	remove := &cobra.Command{
		Use: "remove NAME", Short: "Remove a schedule; jobs that it has started go on", Args: oneArg("the schedule's name"), Example: `  airlock schedule remove nightly`,
		RunE: c.withConn(func(ctx context.Context, conn *bus.Conn, args []string) error {
			c.act(bus.AuditRecord{Operation: "schedule.remove", Detail: args[0]})
			if err := conn.RemoveRecurring(ctx, args[0]); err != nil {
				return hintSchedules(err)
			}
			if c.json {
				return c.printJSON(map[string]any{"name": args[0], "removed": true})
			}
			c.printf("%s is removed\n", args[0])
			return nil
		}),
	}
	pause := c.pauseScheduleCommand("pause", "Have a schedule start nothing until it is resumed", true)
	resume := c.pauseScheduleCommand("resume", "Let a paused schedule start jobs again; what it was due for meanwhile is left out", false)
	for _, sub := range []*cobra.Command{list, show, remove, pause, resume} {
		c.jsonFlag(sub)
	}
	cmd.AddCommand(c.addScheduleCommand(), list, show, remove, pause, resume)
	return cmd
}

// hintSchedules says where names of schedules are to be found.
func hintSchedules(err error) error {
	if bus.CodeOf(err) == bus.NotFound {
		return fmt.Errorf("%s; `airlock schedule list` shows what there is", sentence(err))
	}
	return err
}

func (c *cli) pauseScheduleCommand(verb, short string, paused bool) *cobra.Command {
	return &cobra.Command{
		Use: verb + " NAME", Short: short, Args: oneArg("the schedule's name"), Example: "  airlock schedule " + verb + " nightly",
		RunE: c.withConn(func(ctx context.Context, conn *bus.Conn, args []string) error {
			c.act(bus.AuditRecord{Operation: "schedule." + verb, Detail: args[0]})
			if err := conn.PauseRecurring(ctx, args[0], paused); err != nil {
				return hintSchedules(err)
			}
			r, err := conn.Recurring(ctx, args[0])
			if err != nil {
				return err
			}
			return c.printSchedule(r)
		}),
	}
}

func (c *cli) addScheduleCommand() *cobra.Command {
	var every time.Duration
	var spec, zone, name, input, priority string
	cmd := &cobra.Command{
		Use: "add NAME", Short: "Have a job start again and again", Args: oneArg("the schedule's name"),
		Long: `Have a job start again and again: each time it is due starts one job, never two, whatever crashes in between. Times in which no
server ran start it once, late. A cron line has five fields (minute, hour, day of month, month, day of week), or six with seconds
first, or is @hourly, @daily, @weekly, @monthly or @yearly.`,
		Example: `  airlock schedule add poll --every 5m --job finance:poll_mail
  airlock schedule add weekdays --cron "0 7 * * 1-5" --time-zone Europe/Berlin --job finance:report --input '{"days":1}'`,
	}
	library := libraryFlag(cmd)
	f := cmd.Flags()
	f.DurationVar(&every, "every", 0, "how often, such as 5m, at least 1s; default: none, as --cron says")
	f.StringVar(&spec, "cron", "", `when, such as "0 7 * * 1-5" or @daily; default: none, as --every says`)
	f.StringVar(&zone, "time-zone", "", "time zone of the cron line, such as Europe/Berlin; default: UTC")
	f.StringVar(&name, "job", "", "the job's full name, such as finance:poll_mail; has no default")
	f.StringVar(&input, "input", "", "the job's input: JSON, @file, or @- for standard input; default: none")
	f.StringVar(&priority, "priority", "", "high, normal or low; default: the manifest's")
	c.jsonFlag(cmd)
	_ = cmd.MarkFlagRequired("job")
	cmd.MarkFlagsMutuallyExclusive("every", "cron")
	cmd.MarkFlagsOneRequired("every", "cron")
	cmd.RunE = c.withConn(func(ctx context.Context, conn *bus.Conn, args []string) error {
		if f.Changed("every") {
			spec = "@every " + every.String()
		}
		data, err := c.readInput(input)
		if err != nil {
			return err
		}
		wanted := client.Job{Name: name, Library: library.UUID, Priority: client.Priority(priority)}
		if len(data) > 0 {
			if err := checkJSON("input", data); err != nil {
				return err
			}
			wanted.Input = json.RawMessage(data)
		}
		job, err := client.Use(conn).Prepare(ctx, wanted)
		if err != nil {
			return err
		}
		r := &bus.Recurring{
			Name: args[0], Spec: spec, TimeZone: zone, Extension: job.Extension, Job: job.Name, Library: job.Library,
			Priority: job.Priority, Input: job.Input,
		}
		c.act(bus.AuditRecord{Operation: "schedule.add", Extension: r.Extension, JobName: r.Job, Library: r.Library, Detail: r.Name})
		if err := conn.AddRecurring(ctx, r); err != nil {
			return err
		}
		return c.printSchedule(r)
	})
	return cmd
}

func (c *cli) listSchedules(ctx context.Context, conn *bus.Conn) error {
	all, err := conn.AllRecurring(ctx)
	if err != nil {
		return err
	}
	slices.SortFunc(all, func(a, b *bus.Recurring) int { return cmp.Compare(a.Name, b.Name) })
	out := make([]scheduled, len(all))
	for i, r := range all {
		out[i] = withDueTimes(r)
	}
	if c.json {
		return c.printJSON(out)
	}
	if len(out) == 0 {
		c.printf("there is no schedule; add one with `airlock schedule add NAME`\n")
		return nil
	}
	t := c.table("schedule", "when", "job", "next", "from")
	for _, s := range out {
		next, from := "paused", "by hand"
		if len(s.Next) > 0 {
			next = s.Next[0].Local().Format("2006-01-02 15:04:05")
		}
		if s.Manifest {
			from = "manifest"
		}
		t.AppendRow(row(s.Name, when(s.Recurring), s.Extension+":"+s.Job, next, from))
	}
	t.Render()
	return nil
}

// when is the spec for people.
func when(r *bus.Recurring) string {
	if r.TimeZone == "" {
		return r.Spec
	}
	return r.Spec + " " + r.TimeZone
}

func (c *cli) printSchedule(r *bus.Recurring) error {
	s := withDueTimes(r)
	if c.json {
		return c.printJSON(s)
	}
	c.printf("schedule %s\n", s.Name)
	c.line("when", "%s", when(r))
	c.line("job", "%s:%s", s.Extension, s.Job)
	c.line("library", "%s", s.Library)
	if s.Priority != "" && s.Priority != bus.Normal {
		c.line("priority", "%s", s.Priority)
	}
	if len(s.Input) > 0 {
		c.line("input", "%s", oneLine(string(s.Input), 200))
	}
	if s.Manifest {
		c.line("from", "the extension's manifest")
	}
	if s.Paused {
		c.line("paused", "until `airlock schedule resume %s`", s.Name)
	}
	for _, next := range s.Next {
		c.line("due", "%s (%s)", next.Local().Format("Mon 2006-01-02 15:04:05 MST"), in(next))
	}
	return nil
}
