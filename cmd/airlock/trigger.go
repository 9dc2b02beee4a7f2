package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/extensions"
	"github.com/airlock-run/airlock/internal/node"
)

// trigger is one as it is printed as JSON.
type trigger struct {
	bus.TriggerID

	Filter extensions.Filter `json:"filter,omitzero"`
	Paused bool              `json:"paused"`

	priority bus.Priority
}

func (c *cli) triggerCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "trigger", Short: "Show what binds jobs to events, pause it, and set it off by hand", Args: cobra.ArbitraryArgs, RunE: group,
		Long: `Show what binds jobs to events, pause it, and set it off by hand. Triggers are written in the manifests of extensions. A command that
is about one takes the job's full name, and the pattern of events where the job has several triggers.`,
	}
	cmd.AddCommand(c.listTriggersCommand(), c.pauseTriggerCommand("pause", true), c.pauseTriggerCommand("resume", false), c.fireCommand())
	return cmd
}

func (c *cli) listTriggersCommand() *cobra.Command {
	var extension string
	cmd := &cobra.Command{
		Use: "list", Short: "List triggers", Args: cobra.NoArgs,
		Example: `  airlock trigger list
  airlock trigger list --extension finance --json`,
	}
	cmd.Flags().StringVar(&extension, "extension", "", "id of the extension whose triggers are listed; default: all")
	c.jsonFlag(cmd)
	cmd.RunE = c.withConn(func(ctx context.Context, conn *bus.Conn, _ []string) error {
		all, err := triggers(ctx, conn, extension)
		if err != nil {
			return err
		}
		if c.json {
			return c.printJSON(all)
		}
		if len(all) == 0 {
			c.printf("there is no trigger: extensions have them in their manifests\n")
			return nil
		}
		t := c.table("event", "filter", "job", "")
		for _, one := range all {
			t.AppendRow(row(one.Event, oneLine(one.Filter.String(), 60), one.Extension+":"+one.Job, map[bool]string{true: "paused"}[one.Paused]))
		}
		t.Render()
		return nil
	})
	return cmd
}

func (c *cli) pauseTriggerCommand(verb string, pause bool) *cobra.Command {
	cmd := &cobra.Command{
		Use: verb + " EXTENSION:JOB [EVENT]", Args: triggerArgs,
		Example: "  airlock trigger " + verb + " finance:process_receipt\n  airlock trigger " + verb + ` finance:process_receipt "mail.*"`,
	}
	cmd.Short = "Let events start jobs by a trigger again; what came meanwhile is left out"
	if pause {
		cmd.Short = "Have events start nothing by a trigger until it is resumed; jobs that wait or run go on"
	}
	c.jsonFlag(cmd)
	cmd.RunE = c.withConn(func(ctx context.Context, conn *bus.Conn, args []string) error {
		one, err := findTrigger(ctx, conn, args)
		if err != nil {
			return err
		}
		c.act(bus.AuditRecord{Operation: "trigger." + verb, Extension: one.Extension, JobName: one.Job, Detail: one.Event})
		if pause {
			err = conn.PauseTrigger(ctx, one.TriggerID)
		} else {
			err = conn.ResumeTrigger(ctx, one.TriggerID)
		}
		if err != nil {
			return err
		}
		if one.Paused = pause; c.json {
			return c.printJSON(one)
		}
		if pause {
			c.printf("paused: %s starts nothing by %s until `airlock trigger resume %s:%s`\n", one.Event, one.Extension+":"+one.Job, one.Extension, one.Job)
		} else {
			c.printf("resumed: %s starts %s:%s\n", one.Event, one.Extension, one.Job)
		}
		return nil
	})
	return cmd
}

func (c *cli) fireCommand() *cobra.Command {
	var eventType string
	cmd := &cobra.Command{
		Use: "fire EXTENSION:JOB [EVENT]", Short: "Start a job as an event would, of which no other trigger hears", Args: triggerArgs,
		Long: `Start a job as an event would, of which no other trigger hears: to try a trigger, or to make up for an event. It starts whether the
trigger is paused or not, and whatever its filter; who may hear of events is not asked.`,
		Example: `  airlock trigger fire finance:process_receipt --data @receipt.eml
  airlock trigger fire finance:email_scan mail.arrived --data '{"account":"work","mailbox":"INBOX"}'`,
	}
	library := libraryFlag(cmd)
	of := eventFlags(cmd)
	cmd.Flags().StringVar(&eventType, "type", "", "the event's type, for a trigger of many; default: the trigger's")
	c.jsonFlag(cmd)
	cmd.RunE = c.withConn(func(ctx context.Context, conn *bus.Conn, args []string) error {
		one, err := findTrigger(ctx, conn, args)
		if err != nil {
			return err
		}
		if eventType == "" {
			eventType = one.Event
		}
		if !extensions.EventPattern(one.Event).Matches(eventType) || strings.HasSuffix(eventType, "*") {
			return usageError{fmt.Errorf("the trigger is for %s: name one of these with --type", one.Event)}
		}
		event, err := of.event(c, library.UUID, eventType)
		if err != nil {
			return err
		}
		job := &bus.Job{Extension: one.Extension, Name: one.Job, Priority: one.priority}
		c.act(bus.AuditRecord{Operation: "trigger.fire", Extension: one.Extension, JobName: one.Job, Library: library.UUID, Detail: eventType})
		if err := conn.Fire(ctx, event, job); err != nil {
			return err
		}
		started := startedJob{ID: job.ID, Name: job.FullName()}
		if c.json {
			return c.printJSON(map[string]any{"id": event.ID, "type": event.Type, "library": event.Library, "jobs": []startedJob{started}})
		}
		c.printf("starts %s, job %s\n", started.Name, started.ID)
		return nil
	})
	return cmd
}

func triggerArgs(cmd *cobra.Command, args []string) error {
	if len(args) < 1 || len(args) > 2 {
		return usageError{fmt.Errorf("%s wants the job's full name, such as finance:email_scan, and the trigger's events where it has several; it got %d arguments", cmd.CommandPath(), len(args))}
	}
	return nil
}

// triggers are those of an extension, or of all for an empty id, by extension and in the order of its manifest.
func triggers(ctx context.Context, conn *bus.Conn, extension string) ([]trigger, error) {
	catalogue, err := node.Catalogue(ctx, conn, nil)
	if err != nil {
		return nil, err
	}
	var installed []extensions.Installed
	if extension == "" {
		installed, err = catalogue.All(ctx)
	} else {
		installed = make([]extensions.Installed, 1)
		installed[0], err = find(ctx, catalogue, extension)
	}
	if err != nil {
		return nil, err
	}
	all, ids := []trigger{}, []bus.TriggerID{}
	for _, e := range installed {
		for _, t := range e.Manifest.Triggers {
			id := bus.TriggerID{Extension: string(e.Manifest.ID), Job: t.Job, Event: string(t.Event)}
			all, ids = append(all, trigger{TriggerID: id, Filter: t.Filter, priority: bus.Priority(e.Manifest.JobSettings(t.Job).Priority)}), append(ids, id)
		}
	}
	paused, err := conn.PausedTriggers(ctx, ids)
	if err != nil {
		return nil, err
	}
	for i := range all {
		all[i].Paused = paused[all[i].TriggerID]
	}
	return all, nil
}

// findTrigger finds the trigger of a job by its full name and, if there is a second argument, its pattern of events. Several with the same
// are one here: they differ in their filters.
func findTrigger(ctx context.Context, conn *bus.Conn, args []string) (trigger, error) {
	extension, job, ok := strings.Cut(args[0], ":")
	if !ok {
		return trigger{}, usageError{fmt.Errorf("%q is no full name of a job: want EXTENSION:JOB, such as finance:email_scan", args[0])}
	}
	all, err := triggers(ctx, conn, extension)
	if err != nil {
		return trigger{}, err
	}
	all = slices.DeleteFunc(all, func(t trigger) bool { return t.Job != job || len(args) > 1 && t.Event != args[1] })
	all = slices.CompactFunc(all, func(a, b trigger) bool { return a.TriggerID == b.TriggerID })
	switch {
	case len(all) == 0:
		return trigger{}, fmt.Errorf("there is no trigger of %s; `airlock trigger list` shows what there is", strings.Join(args, " on "))
	case len(all) > 1:
		events := make([]string, len(all))
		for i, t := range all {
			events[i] = t.Event
		}
		return trigger{}, usageError{errors.New(args[0] + " has several triggers: name the events after it, one of " + strings.Join(events, ", "))}
	}
	return all[0], nil
}
