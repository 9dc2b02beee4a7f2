package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"mime"
	"path/filepath"
	"slices"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/extensions"
	"github.com/airlock-run/airlock/internal/node"
)

func (c *cli) eventCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "event", Short: "Publish events", Args: cobra.ArbitraryArgs, RunE: group}
	cmd.AddCommand(c.publishCommand())
	return cmd
}

func (c *cli) publishCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "publish TYPE",
		Short: "Publish an event, which starts the jobs bound to its type",
		Example: `  airlock event publish mail.received --data @receipt.eml
  airlock event publish order.created --data '{"order":17}'`,
		Args: oneArg("the event's type, such as mail.received"),
	}
	library := libraryFlag(cmd)
	of := eventFlags(cmd)
	c.jsonFlag(cmd)
	cmd.RunE = c.withConn(func(ctx context.Context, conn *bus.Conn, args []string) error {
		event, err := of.event(c, library.UUID, args[0])
		if err != nil {
			return err
		}
		return c.publish(ctx, conn, event)
	})
	return cmd
}

// eventOf is what the flags say of an event.
type eventOf struct{ data, contentType, subject, source, id string }

func eventFlags(cmd *cobra.Command) *eventOf {
	of := &eventOf{}
	f := cmd.Flags()
	f.StringVar(&of.data, "data", "", "the event's data: text, @file, or @- for standard input; default: none")
	f.StringVar(&of.contentType, "content-type", "", "media type of the data; default: by the file's name, else application/json")
	f.StringVar(&of.subject, "subject", "", "what the event is about (CloudEvents subject); default: none")
	f.StringVar(&of.source, "source", "airlock/cli", "who publishes (CloudEvents source)")
	f.StringVar(&of.id, "id", "", "id of the event; the same id and source again start nothing; default: a new one")
	return of
}

// event makes the event of a type.
func (of *eventOf) event(c *cli, library uuid.UUID, eventType string) (*bus.Event, error) {
	content, err := c.readInput(of.data)
	if err != nil {
		return nil, err
	}
	contentType := cmp.Or(of.contentType, mediaType(of.data))
	if contentType == "application/json" && len(content) > 0 {
		if err := checkJSON("data", content); err != nil {
			return nil, fmt.Errorf("%w; name its type with --content-type if it is something else", err)
		}
	}
	event := bus.NewEvent(library, of.source, eventType, contentType, content)
	event.Subject, event.ID = of.subject, cmp.Or(of.id, event.ID)
	return event, nil
}

// mediaType guesses the type of what --data names.
func mediaType(data string) string {
	if len(data) > 1 && data[0] == '@' {
		switch extension := filepath.Ext(data); extension {
		case ".eml":
			return "message/rfc822"
		case "":
		default:
			if media, _, err := mime.ParseMediaType(mime.TypeByExtension(extension)); err == nil {
				return media
			}
			return "application/octet-stream"
		}
	}
	return "application/json"
}

// startedJob is a job an event starts.
type startedJob struct {
	ID   uuid.UUID `json:"id"`
	Name string    `json:"job"`
}

func (c *cli) publish(ctx context.Context, conn *bus.Conn, event *bus.Event) error {
	started, err := jobsOf(ctx, conn, event)
	if err != nil {
		return err
	}
	if err := conn.Publish(ctx, event); err != nil {
		return err
	}
	if c.json {
		return c.printJSON(map[string]any{"id": event.ID, "type": event.Type, "library": event.Library, "jobs": started})
	}
	c.printf("event %s %s\n", event.Type, event.ID)
	for _, job := range started {
		c.printf("  starts %s, job %s\n", job.Name, job.ID)
	}
	if len(started) == 0 {
		c.printf("  starts nothing: no trigger is for it; `airlock trigger list` shows them\n")
	}
	return nil
}

// jobsOf lists the jobs an event starts, by what is installed now.
func jobsOf(ctx context.Context, conn *bus.Conn, event *bus.Event) ([]startedJob, error) {
	if err := event.Validate(); err != nil {
		return nil, err
	}
	catalogue, err := node.Catalogue(ctx, conn, nil)
	if err != nil {
		return nil, err
	}
	all, err := catalogue.All(ctx)
	if err != nil && !errors.Is(err, extensions.ErrNotInstalled) {
		return nil, err
	}
	facts := &extensions.Event{
		Type: event.Type, Source: event.Source, Subject: event.Subject, DataContentType: event.DataContentType, Data: event.Data,
	}
	var starting []bus.TriggerID
	for _, e := range all {
		if !e.Manifest.Grant().RunsIn(event.Library) {
			continue
		}
		for _, t := range e.Manifest.Starting(facts) {
			starting = append(starting, bus.TriggerID{Extension: string(e.Manifest.ID), Job: t.Job, Event: string(t.Event)})
		}
	}
	paused, err := conn.PausedTriggers(ctx, starting)
	if err != nil {
		return nil, err
	}
	started := []startedJob{}
	for _, t := range starting {
		job := startedJob{ID: event.JobID(t.Extension, t.Job), Name: t.Extension + ":" + t.Job}
		if !paused[t] && !slices.Contains(started, job) {
			started = append(started, job)
		}
	}
	return started, nil
}
