package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/operations/config"
)

func (c *cli) settingsCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "settings", Short: "Show, make and remove the settings of an extension", Args: cobra.ArbitraryArgs, RunE: group,
		Long: `Show, make and remove the settings of an extension, which it reads with query:config.get. There are settings for all libraries,
and with --library for one; of those both have, the library's hold, and where neither has one, the default of the config_schema in the
extension's manifest. Settings are no place for secrets.`,
	}
	cmd.AddCommand(c.getSettingsCommand(), c.setSettingsCommand(), c.unsetSettingsCommand())
	return cmd
}

func (c *cli) getSettingsCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "get ID", Short: "Show what an extension gets, and who made it so", Args: oneArg("the extension's id"),
		Example: `  airlock extension settings get finance
  airlock extension settings get finance --library 0b8f1d5e-6a43-4c7e-9f21-6f1c0c1e6d2b`,
	}
	library := settingsFlag(cmd)
	c.jsonFlag(cmd)
	cmd.RunE = c.withConn(func(ctx context.Context, conn *bus.Conn, args []string) error {
		var made config.Made
		if err := conn.API(ctx, "config", "get", config.Get{Extension: args[0], Library: library.UUID}, &made); err != nil {
			return err
		}
		return c.printSettings(made, library.UUID)
	})
	return cmd
}

func (c *cli) setSettingsCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "set ID SETTINGS", Short: "Make settings, in the place of those that there were",
		Args: cobra.MatchAll(cobra.ExactArgs(2), cobra.OnlyValidArgs),
		Long: `Make settings, in the place of those that there were: a JSON object, @file, or @- for standard input. What does not fit the
extension's config_schema is refused, and the old ones stay.`,
		Example: `  airlock extension settings set finance '{"currency": "EUR"}'
  airlock extension settings set finance @settings.json --library 0b8f1d5e-6a43-4c7e-9f21-6f1c0c1e6d2b`,
	}
	library := settingsFlag(cmd)
	c.jsonFlag(cmd)
	cmd.RunE = c.withConn(func(ctx context.Context, conn *bus.Conn, args []string) error {
		text, err := c.readInput(args[1])
		if err != nil {
			return err
		}
		if !json.Valid(text) {
			return usageError{errors.New(`settings are no JSON: want an object such as {"currency": "EUR"}, @file, or @-`)}
		}
		return c.changeSettings(ctx, conn, config.Set{Extension: args[0], Library: library.UUID, Settings: text})
	})
	return cmd
}

func (c *cli) unsetSettingsCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "unset ID", Short: "Remove settings, so that others or the defaults hold", Args: oneArg("the extension's id"),
		Example: `  airlock extension settings unset finance`,
	}
	library := settingsFlag(cmd)
	c.jsonFlag(cmd)
	cmd.RunE = c.withConn(func(ctx context.Context, conn *bus.Conn, args []string) error {
		return c.changeSettings(ctx, conn, config.Set{Extension: args[0], Library: library.UUID})
	})
	return cmd
}

func (c *cli) changeSettings(ctx context.Context, conn *bus.Conn, change config.Set) error {
	verb := "set"
	if change.Settings == nil {
		verb = "unset"
	}
	c.act(bus.AuditRecord{Operation: "extension.settings", Extension: change.Extension, Library: change.Library, Detail: verb})
	var made config.Made
	if err := conn.API(ctx, "config", "set", change, &made); err != nil {
		return err
	}
	return c.printSettings(made, change.Library)
}

func (c *cli) printSettings(made config.Made, library uuid.UUID) error {
	if c.json {
		return c.printJSON(made)
	}
	t := c.table("settings", "")
	t.AppendRow(row("for all libraries", compactJSON(made.Everywhere)))
	if library != uuid.Nil {
		t.AppendRow(row("for this one", compactJSON(made.Settings)))
	}
	effective := compactJSON(made.Effective)
	if made.Effective == nil {
		effective = "they do not fit the extension's config_schema as it is now, or lack what it requires"
	}
	t.AppendRow(row("what it gets", effective))
	t.Render()
	return nil
}

// compactJSON is JSON without space, "none" for none.
func compactJSON(text json.RawMessage) string {
	var b bytes.Buffer
	if len(text) == 0 || string(text) == "null" || json.Compact(&b, text) != nil {
		return "none"
	}
	return b.String()
}

// settingsFlag names a library, or all.
func settingsFlag(cmd *cobra.Command) *libraryValue {
	value := &libraryValue{}
	cmd.Flags().Var(value, "library", "library whose settings it is about; default: those for all libraries")
	return value
}
