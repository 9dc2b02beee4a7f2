package main

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/operations/credentials"
)

func (c *cli) credentialsCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "credentials", Short: "Keep the secrets of a library, which services put into requests", Args: cobra.ArbitraryArgs, RunE: group,
		Long: `Keep the secrets of a library, which services put into requests outside of the sandbox. No command prints one. On its way to the service a
secret is as well guarded as the connection to NATS: the socket in the data directory, or TLS. No stream has it.`,
	}
	cmd.AddCommand(c.addCredentialCommand(), c.listCredentialsCommand(), c.showCredentialCommand(), c.removeCredentialCommand(), c.rotateKeyCommand())
	return cmd
}

// credentialPage is what credentials.list answers.
type credentialPage struct {
	Credentials []credentials.Listed `json:"credentials"`
	Next        string               `json:"next"`
}

func allCredentials(ctx context.Context, conn *bus.Conn, library uuid.UUID) ([]credentials.Listed, error) {
	all := []credentials.Listed{}
	for after := ""; ; {
		var page credentialPage
		if err := operate(ctx, conn, "query:credentials.list", library, map[string]any{"after": after, "limit": 1000}, &page); err != nil {
			return nil, err
		}
		all = append(all, page.Credentials...)
		if after = page.Next; after == "" {
			return all, nil
		}
	}
}

func (c *cli) listCredentialsCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "list", Short: "List the credentials of a library", Args: cobra.NoArgs, Example: `  airlock credentials list`}
	library := libraryFlag(cmd)
	c.jsonFlag(cmd)
	cmd.RunE = c.withConn(func(ctx context.Context, conn *bus.Conn, _ []string) error {
		all, err := allCredentials(ctx, conn, library.UUID)
		if err != nil {
			return err
		}
		if c.json {
			return c.printJSON(all)
		}
		if len(all) == 0 {
			c.printf("library %s has no credential; `airlock credentials add ID` adds one\n", library.UUID)
			return nil
		}
		t := c.table("credential", "type", "added", "changed")
		for _, one := range all {
			t.AppendRow(row(printable(one.ID), one.Type, ago(one.CreatedAt), ago(one.UpdatedAt)))
		}
		t.Render()
		return nil
	})
	return cmd
}

func (c *cli) showCredentialCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "show ID", Short: "Show a credential without its secret", Args: oneArg("the credential's id"), Example: `  airlock credentials show mail`,
	}
	library := libraryFlag(cmd)
	c.jsonFlag(cmd)
	cmd.RunE = c.withConn(func(ctx context.Context, conn *bus.Conn, args []string) error {
		all, err := allCredentials(ctx, conn, library.UUID)
		if err != nil {
			return err
		}
		for _, one := range all {
			switch {
			case one.ID != args[0]:
			case c.json:
				return c.printJSON(one)
			default:
				c.printf("credential %s\n", printable(one.ID))
				c.line("type", "%s", one.Type)
				c.line("added", "%s", ago(one.CreatedAt))
				c.line("changed", "%s", ago(one.UpdatedAt))
				return nil
			}
		}
		return fmt.Errorf("library %s has no credential %q; `airlock credentials list` shows what it has", library.UUID, args[0])
	})
	return cmd
}

func (c *cli) removeCredentialCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "remove ID", Short: "Remove a credential", Args: oneArg("the credential's id"), Example: `  airlock credentials remove mail`,
	}
	library := libraryFlag(cmd)
	c.jsonFlag(cmd)
	cmd.RunE = c.withConn(func(ctx context.Context, conn *bus.Conn, args []string) error {
		var out struct {
			Deleted bool `json:"deleted"`
		}
		c.act(bus.AuditRecord{Operation: "credentials.remove", Library: library.UUID, Detail: args[0]})
		err := operate(ctx, conn, "action:credentials.delete", library.UUID, map[string]any{"credential_id": args[0]}, &out)
		switch {
		case err != nil:
			return err
		case !out.Deleted:
			return fmt.Errorf("library %s has no credential %q; `airlock credentials list` shows what it has", library.UUID, args[0])
		case c.json:
			return c.printJSON(out)
		}
		c.printf("credential %s is removed\n", printable(args[0]))
		return nil
	})
	return cmd
}

func (c *cli) rotateKeyCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "rotate-key", Short: "Seal all credentials with the master key in force", Args: cobra.NoArgs,
		Long: `Seal all credentials with the master key in force. To change it: rename master.key in the data directory to master.key.previous, or put the
old key into AIRLOCK_MASTER_KEY_PREVIOUS and the new one in its place; start all services of operations again; run this command; when it says
that none is left, take the previous key away. Credentials can be used all the while.`,
		Example: `  airlock credentials rotate-key`,
	}
	c.jsonFlag(cmd)
	cmd.RunE = c.withConn(func(ctx context.Context, conn *bus.Conn, _ []string) error {
		var out credentials.Rewrapped
		c.act(bus.AuditRecord{Operation: "credentials.rotate-key"})
		if err := conn.API(ctx, "credentials", "rewrap", struct{}{}, &out); err != nil {
			return err
		}
		if c.json {
			return c.printJSON(out)
		}
		c.printf("master key %s has sealed %d credentials anew\n", out.KeyID, out.Rewrapped)
		if out.Left > 0 {
			return fmt.Errorf("%d credentials are sealed with keys that the service does not have: start it with the previous key beside the new one (see --help)", out.Left)
		}
		c.printf("none is left that another key sealed: a previous one can go\n")
		return nil
	})
	return cmd
}
