package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/operations/notify"
)

func (c *cli) notificationCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "notification", Short: "Read what extensions tell", Args: cobra.ArbitraryArgs, RunE: group}
	cmd.AddCommand(c.listNotificationsCommand(), c.readNotificationCommand())
	return cmd
}

func (c *cli) listNotificationsCommand() *cobra.Command {
	var filter notify.Filter
	cmd := &cobra.Command{
		Use: "list", Short: "List what extensions have told and nobody has read, newest first", Args: cobra.NoArgs,
		Example: `  airlock notification list
  airlock notification list --extension finance --all`,
	}
	library := libraryFlag(cmd)
	f := cmd.Flags()
	f.StringVar(&filter.Extension, "extension", "", "only of this extension; default: any")
	f.BoolVar(&filter.All, "all", false, "those that were read, too")
	f.StringVar(&filter.Before, "before", "", "go on after a page; default: with the newest")
	f.IntVar(&filter.Limit, "limit", 50, "how many, at most 500")
	c.jsonFlag(cmd)
	cmd.RunE = c.withConn(func(ctx context.Context, conn *bus.Conn, _ []string) error {
		filter.Library = library.UUID
		var page notify.Page
		if err := conn.API(ctx, "notify", "list", filter, &page); err != nil {
			return err
		}
		if c.json {
			return c.printJSON(page)
		}
		t := c.table("notification", "of", "level", "told", "title", "text")
		for _, n := range page.Notifications {
			t.AppendRow(row(n.ID, printable(n.Extension), n.Level, ago(n.CreatedAt), printable(n.Title), printable(n.Text)))
		}
		t.Render()
		if page.Next != "" {
			c.printf("more: --before %s\n", page.Next)
		}
		return nil
	})
	return cmd
}

func (c *cli) readNotificationCommand() *cobra.Command {
	var all bool
	cmd := &cobra.Command{
		Use: "read [ID]...", Short: "Mark notifications as read", Args: cobra.ArbitraryArgs,
		Example: `  airlock notification read 01a204c4-5d0c-7f5e-8f3a-0d9a3a2b1c4e
  airlock notification read --all`,
	}
	library := libraryFlag(cmd)
	cmd.Flags().BoolVar(&all, "all", false, "all of the library")
	c.jsonFlag(cmd)
	cmd.RunE = c.withConn(func(ctx context.Context, conn *bus.Conn, args []string) error {
		in := notify.Read{Library: library.UUID, All: all}
		if all == (len(args) > 0) {
			return usageError{errors.New("say which notifications, or --all")}
		}
		for _, arg := range args {
			id, err := uuid.Parse(arg)
			if err != nil {
				return usageError{fmt.Errorf("%q is no id of a notification, want a UUID", arg)}
			}
			in.IDs = append(in.IDs, id)
		}
		var out struct {
			Read int `json:"read"`
		}
		if err := conn.API(ctx, "notify", "read", in, &out); err != nil {
			return err
		}
		if c.json {
			return c.printJSON(out)
		}
		c.printf("%d are read\n", out.Read)
		return nil
	})
	return cmd
}
