package main

import (
	"context"
	"errors"
	"fmt"
	"mime"
	"path/filepath"

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
	var data, contentType, subject, source, id string
	cmd := &cobra.Command{
		Use:   "publish TYPE",
		Short: "Publish an event, which starts the jobs bound to its type",
		Example: `  airlock event publish mail.received --data @receipt.eml
  airlock event publish order.created --data '{"order":17}'`,
		Args: oneArg("the event's type, such as mail.received"),
	}
	library := libraryFlag(cmd)
	f := cmd.Flags()
	f.StringVar(&data, "data", "", "the event's data: text, @file, or @- for standard input; default: none")
	f.StringVar(&contentType, "content-type", "", "media type of the data; default: by the file's name, else application/json")
	f.StringVar(&subject, "subject", "", "what the event is about (CloudEvents subject); default: none")
	f.StringVar(&source, "source", "airlock/cli", "who publishes (CloudEvents source)")
	f.StringVar(&id, "id", "", "id of the event; the same id and source again start nothing; default: a new one")
	c.jsonFlag(cmd)
	cmd.RunE = c.withConn(func(ctx context.Context, conn *bus.Conn, args []string) error {
		content, err := c.readInput(data)
		if err != nil {
			return err
		}
		if contentType == "" {
			contentType = mediaType(data)
		}
		if contentType == "application/json" && len(content) > 0 {
			if err := checkJSON("data", content); err != nil {
				return fmt.Errorf("%w; name its type with --content-type if it is something else", err)
			}
		}
		event := bus.NewEvent(library.UUID, source, args[0], contentType, content)
		event.Subject = subject
		if id != "" {
			event.ID = id
		}
		return c.publish(ctx, conn, event)
	})
	return cmd
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
		c.printf("  starts nothing: no extension is bound to %s\n", event.Type)
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
	started := []startedJob{}
	for _, e := range all {
		if !e.Manifest.Grant().RunsIn(event.Library) {
			continue
		}
		for _, name := range e.Manifest.JobsFor(event.Type) {
			id := string(e.Manifest.ID)
			started = append(started, startedJob{ID: event.JobID(id, name), Name: id + ":" + name})
		}
	}
	return started, nil
}
