package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/internal/node"
)

func (c *cli) pauseExtensionCommand() *cobra.Command {
	return c.pausing(&cobra.Command{
		Use: "pause ID", Short: "Keep the jobs of an extension from beginning, in the whole cluster",
		Long: `Keep the jobs of an extension from beginning, in the whole cluster, until it is resumed. Those that run go on; jobs are still
taken, and wait.`,
		Example: `  airlock extension pause finance`,
	}, true)
}

func (c *cli) resumeExtensionCommand() *cobra.Command {
	return c.pausing(&cobra.Command{
		Use: "resume ID", Short: "Let the jobs of a paused extension begin again",
		Example: `  airlock extension resume finance`,
	}, false)
}

func (c *cli) pausing(cmd *cobra.Command, pause bool) *cobra.Command {
	cmd.Args = oneArg("the extension's id")
	c.jsonFlag(cmd)
	cmd.RunE = c.withConn(func(ctx context.Context, conn *bus.Conn, args []string) error {
		catalogue, err := node.Catalogue(ctx, conn, nil)
		if err != nil {
			return err
		}
		installed, err := find(ctx, catalogue, args[0])
		if err != nil {
			return err
		}
		id := string(installed.Manifest.ID)
		verb := map[bool]string{true: "pause", false: "resume"}[pause]
		c.act(bus.AuditRecord{Operation: "extension." + verb, Extension: id})
		if pause {
			err = conn.PauseExtension(ctx, id)
		} else {
			err = conn.ResumeExtension(ctx, id)
		}
		if err != nil {
			return err
		}
		c.awaitPause(ctx, conn, id, pause)
		if c.json {
			return c.printJSON(map[string]any{"extension": id, "paused": pause})
		}
		if pause {
			c.printf("%s is paused: its jobs wait until `airlock extension resume %s`\n", id, id)
		} else {
			c.printf("%s is resumed\n", id)
		}
		return nil
	})
	return cmd
}

// awaitPause waits until who deals jobs knows, so that what comes after this command sees its effect.
func (c *cli) awaitPause(ctx context.Context, conn *bus.Conn, id string, paused bool) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	for {
		known, err := pausedExtensions(ctx, conn)
		if err == nil && slices.Contains(known, id) == paused {
			return
		}
		if bus.CodeOf(err) == bus.Unavailable || ctx.Err() != nil {
			_, _ = fmt.Fprintf(c.stderr, "nobody deals jobs now; it holds as soon as somebody does\n")
			return
		}
		select {
		case <-ctx.Done():
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// pausedExtensions are the extensions that who deals jobs knows to be paused.
func pausedExtensions(ctx context.Context, conn *bus.Conn) ([]string, error) {
	status, err := conn.QueueStatus(ctx)
	if err != nil {
		return nil, err
	}
	paused := []string{}
	for _, e := range status.Extensions {
		if e.Paused {
			paused = append(paused, e.Extension)
		}
	}
	return paused, nil
}
