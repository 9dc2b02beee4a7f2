package main

import (
	"context"
	"errors"
	"fmt"
	"os/user"
	"strings"

	"github.com/spf13/cobra"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/extensions"
)

func (c *cli) approveCommand() *cobra.Command {
	var by string
	cmd := &cobra.Command{
		Use: "approve ID VERSION", Short: "Let a version into force that asks for more than the one before", Args: twoArgs("the extension's id and the version's"),
		Long: `Let a version into force that asks for more than the one before. Who approved what, and when, is kept with the version.`,
		Example: `  airlock extension approve finance 3f1c0a9be2d4
  airlock extension approve finance 3f1c0a9be2d4 --by kim`,
	}
	cmd.Flags().StringVar(&by, "by", "", "who approves; default: the user who runs the command")
	cmd.Flags().BoolVar(&c.downgrade, "allow-downgrade", false, "approve it even if it is older than what was in force before")
	c.jsonFlag(cmd)
	cmd.RunE = c.withConnAndCatalogue(func(ctx context.Context, conn *bus.Conn, catalogue *extensions.Catalogue, args []string) error {
		id, err := extensions.ParseID(args[0])
		if err != nil {
			return err
		}
		if by == "" {
			by = "unknown"
			if who, err := user.Current(); err == nil {
				by = who.Username
			}
		}
		held, err := heldVersion(ctx, catalogue, id, args[1])
		if err != nil {
			return err
		}
		c.act(bus.AuditRecord{Operation: "extension.approve", Extension: string(id), Detail: named(held)})
		if err := c.trusted(ctx, conn, &held); err != nil {
			return err
		}
		if c.downgrade {
			if err := catalogue.LowerFloor(ctx, id, held.Manifest.Version); err != nil {
				return err
			}
		}
		installed, err := catalogue.Approve(ctx, id, held.Version, by)
		if err != nil {
			return downgradeAdvice(err)
		}
		if c.json {
			return c.printJSON(installed)
		}
		c.printf("%s %s is in force, approved by %s\n", id, named(installed), printable(by))
		c.describe(installed)
		return nil
	})
	return cmd
}

// heldVersion finds a version that is held by the beginning of its name.
func heldVersion(ctx context.Context, catalogue *extensions.Catalogue, id extensions.ID, text string) (extensions.Installed, error) {
	versions, err := catalogue.Versions(ctx, id)
	if err != nil {
		return extensions.Installed{}, err
	}
	var found []extensions.Installed
	for _, v := range versions {
		if digits := strings.TrimPrefix(string(v.Version), "sha256:"); v.Held != nil && len(text) >= 6 && strings.HasPrefix(digits, strings.TrimPrefix(text, "sha256:")) {
			found = append(found, v)
		}
	}
	switch len(found) {
	case 0:
		return extensions.Installed{}, fmt.Errorf("no version %s of %s is held; `airlock extension show %s` shows which are", printable(text), id, id)
	case 1:
		return found[0], nil
	}
	return extensions.Installed{}, errors.New("several versions that are held begin like that: write more of it")
}

// tellHeld says what a version asks for beyond the one in force.
func (c *cli) tellHeld(i extensions.Installed) {
	c.printf("%s %s asks for more than the version in force, which stays until somebody approves:\n", i.Manifest.ID, named(i))
	for _, more := range i.Held.Asks {
		c.printf("  + %s\n", printable(more))
	}
	c.printf("approve it with `airlock extension approve %s %s`\n", i.Manifest.ID, i.Version.Short())
}
