package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/capabilities"
	"github.com/airlock-run/airlock/extensions"
)

func (c *cli) libraryCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "library", Short: "Create libraries, and say what extensions may do in them", Args: cobra.ArbitraryArgs, RunE: group,
		Long: `Create libraries, and say what extensions may do in them. A library is somebody's data. An extension acts in it only if its owner granted
it something there.`,
	}
	list := &cobra.Command{
		Use: "list", Short: "List libraries", Args: cobra.NoArgs, Example: `  airlock library list`,
		RunE: c.withConn(func(ctx context.Context, conn *bus.Conn, _ []string) error { return c.listLibraries(ctx, conn) }),
	}
	show := &cobra.Command{
		Use: "show LIBRARY", Short: "Show a library and what its owner granted", Args: oneArg("the library's id"),
		Example: `  airlock library show a1510c00-0000-4000-8000-000000000001`,
		RunE: c.withConn(func(ctx context.Context, conn *bus.Conn, args []string) error {
			library, _, err := findLibrary(ctx, conn, args[0])
			if err != nil {
				return err
			}
			return c.printLibrary(library)
		}),
	}
	revoke := &cobra.Command{
		Use: "revoke LIBRARY EXTENSION", Short: "Take back what a library's owner granted to an extension", Args: twoArgs("the library's id and the extension's"),
		Example: `  airlock library revoke a1510c00-0000-4000-8000-000000000001 finance`,
		RunE: c.withConn(func(ctx context.Context, conn *bus.Conn, args []string) error {
			c.actOn("library.revoke", args)
			return c.changeLibrary(ctx, conn, args[0], func(l *capabilities.Library) error {
				if _, ok := l.Grants[args[1]]; !ok {
					return fmt.Errorf("library %s has granted nothing to %s", l.ID, printable(args[1]))
				}
				delete(l.Grants, args[1])
				return nil
			})
		}),
	}
	for _, sub := range []*cobra.Command{list, show, revoke} {
		c.jsonFlag(sub)
	}
	cmd.AddCommand(c.createLibraryCommand(), list, show, c.grantCommand(), revoke, c.exportLibraryCommand(), c.eraseLibraryCommand())
	return cmd
}

func twoArgs(what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) != 2 {
			return usageError{fmt.Errorf("%s wants two arguments, %s; it got %d", cmd.CommandPath(), what, len(args))}
		}
		return nil
	}
}

func (c *cli) createLibraryCommand() *cobra.Command {
	l := &capabilities.Library{Grants: map[string]capabilities.LibraryGrant{}}
	cmd := &cobra.Command{
		Use: "create [LIBRARY]", Short: "Create a library; without an id, the one of who names none, or another if that is there", Args: cobra.MaximumNArgs(1),
		Example: `  airlock library create --name Household --owner kim`,
	}
	cmd.Flags().StringVar(&l.Name, "name", "", "what people call it; default: nothing")
	cmd.Flags().StringVar(&l.Owner, "owner", "", "whose it is; default: nobody's in particular")
	c.jsonFlag(cmd)
	cmd.RunE = c.withConn(func(ctx context.Context, conn *bus.Conn, args []string) error {
		l.ID, l.CreatedAt = defaultLibrary, time.Now().UTC()
		if len(args) == 1 {
			id, err := capabilities.ParseLibrary(args[0])
			if err != nil {
				return err
			}
			l.ID = id
		}
		defer func() { c.act(bus.AuditRecord{Operation: "library.create", Library: l.ID}) }()
		err := putLibrary(ctx, conn, l, 0)
		if bus.CodeOf(err) == bus.FailedPrecondition && len(args) == 0 {
			l.ID = uuid.New()
			err = putLibrary(ctx, conn, l, 0)
		}
		if bus.CodeOf(err) == bus.FailedPrecondition {
			return fmt.Errorf("library %s is there already; `airlock library show %s` shows it", l.ID, l.ID)
		}
		if err != nil {
			return err
		}
		if c.json {
			return c.printJSON(l)
		}
		c.printf("library %s is created\n", l.ID)
		return nil
	})
	return cmd
}

func (c *cli) grantCommand() *cobra.Command {
	var grant capabilities.LibraryGrant
	var scope string
	cmd := &cobra.Command{
		Use: "grant LIBRARY EXTENSION", Short: "Let an extension act in a library", Args: twoArgs("the library's id and the extension's"),
		Long: `Let an extension act in a library, in the place of what was granted to it before. Without --methods it is granted all its manifest asks,
now and later, but for sensitive operations, which have to be named in full.`,
		Example: `  airlock library grant a1510c00-0000-4000-8000-000000000001 finance
  airlock library grant a1510c00-0000-4000-8000-000000000001 finance --methods query:,action:vdfs. --scope '{"sidecars": ["ocr.txt"]}'`,
	}
	cmd.Flags().StringSliceVar(&grant.Methods, "methods", nil, "patterns of methods, such as query:ai.ocr or vdfs.; default: all the manifest asks")
	cmd.Flags().StringVar(&scope, "scope", "", "targets that narrow the methods, as JSON: http, credentials, sidecars, entries, dispatch, events; default: none")
	c.jsonFlag(cmd)
	cmd.RunE = c.withConn(func(ctx context.Context, conn *bus.Conn, args []string) error {
		id, err := extensions.ParseID(args[1])
		if err != nil {
			return err
		}
		if scope != "" {
			decoder := json.NewDecoder(strings.NewReader(scope))
			decoder.DisallowUnknownFields()
			if err := decoder.Decode(&grant.Scope); err != nil {
				return fmt.Errorf("decode --scope: %w", err)
			}
		}
		grant.GrantedAt = time.Now().UTC()
		c.actOn("library.grant", args)
		return c.changeLibrary(ctx, conn, args[0], func(l *capabilities.Library) error {
			if l.Grants == nil {
				l.Grants = map[string]capabilities.LibraryGrant{}
			}
			l.Grants[string(id)] = grant
			return nil
		})
	})
	return cmd
}

// actOn notes what is done about an extension in a library, which the arguments name.
func (c *cli) actOn(operation string, args []string) {
	library, err := capabilities.ParseLibrary(args[0])
	if err != nil {
		return // nothing is done
	}
	c.act(bus.AuditRecord{Operation: operation, Library: library, Extension: args[1]})
}

// changeLibrary changes a library, and prints it as it is then.
func (c *cli) changeLibrary(ctx context.Context, conn *bus.Conn, id string, change func(*capabilities.Library) error) error {
	for {
		library, revision, err := findLibrary(ctx, conn, id)
		if err != nil {
			return err
		}
		if library.ErasingSince != nil {
			return fmt.Errorf("library %s is being erased: go on with `airlock library erase %s`", id, id)
		}
		if err := change(library); err != nil {
			return err
		}
		err = putLibrary(ctx, conn, library, revision)
		if bus.CodeOf(err) == bus.FailedPrecondition { // somebody else changed it
			continue
		}
		if err != nil {
			return err
		}
		return c.printLibrary(library)
	}
}

func putLibrary(ctx context.Context, conn *bus.Conn, l *capabilities.Library, revision uint64) error {
	if err := l.Compile(); err != nil {
		return err
	}
	record, err := json.Marshal(l)
	if err != nil {
		return fmt.Errorf("encode library: %w", err)
	}
	return conn.PutLibrary(ctx, l.ID, record, revision)
}

func findLibrary(ctx context.Context, conn *bus.Conn, text string) (*capabilities.Library, uint64, error) {
	id, err := capabilities.ParseLibrary(text)
	if err != nil {
		return nil, 0, err
	}
	record, revision, err := conn.Library(ctx, id)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, 0, fmt.Errorf("library %s is not listed; create it with `airlock library create %s`", id, id)
	}
	if err != nil {
		return nil, 0, err
	}
	library, err := capabilities.ParseLibraryRecord(record)
	return library, revision, err
}

func (c *cli) listLibraries(ctx context.Context, conn *bus.Conn) error {
	records, err := conn.Libraries(ctx)
	if err != nil {
		return err
	}
	all := make([]*capabilities.Library, 0, len(records))
	for id, record := range records {
		library, err := capabilities.ParseLibraryRecord(record)
		if err != nil {
			_, _ = fmt.Fprintf(c.stderr, "warning: library %s cannot be read and grants nothing: %v\n", id, err)
			continue
		}
		all = append(all, library)
	}
	slices.SortFunc(all, func(a, b *capabilities.Library) int {
		return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), cmp.Compare(a.ID.String(), b.ID.String()))
	})
	if c.json {
		return c.printJSON(all)
	}
	if len(all) == 0 {
		c.printf("there is no library; create one with `airlock library create`\n")
		return nil
	}
	t := c.table("library", "name", "owner", "granted to", "created", "")
	for _, l := range all {
		t.AppendRow(row(l.ID, oneLine(l.Name, 30), oneLine(l.Owner, 30), strings.Join(slices.Sorted(maps.Keys(l.Grants)), ", "), ago(l.CreatedAt),
			mark(l.ErasingSince != nil, "being erased")))
	}
	t.Render()
	return nil
}

func (c *cli) printLibrary(l *capabilities.Library) error {
	if c.json {
		return c.printJSON(l)
	}
	c.printf("library %s\n", l.ID)
	if l.Name != "" {
		c.line("name", "%s", oneLine(l.Name, 200))
	}
	if l.Owner != "" {
		c.line("owner", "%s", oneLine(l.Owner, 200))
	}
	if l.ErasingSince != nil {
		c.line("state", "is being erased; nothing runs in it")
	}
	if len(l.Grants) == 0 {
		c.line("grants", "none: no extension acts here")
	}
	for _, extension := range slices.Sorted(maps.Keys(l.Grants)) {
		grant := l.Grants[extension]
		what := strings.Join(grant.Methods, ", ")
		if what == "" {
			what = "all it asks but sensitive operations"
		}
		if narrowed, err := json.Marshal(grant.Scope); err == nil && string(narrowed) != "{}" {
			what += ", only " + string(narrowed)
		}
		c.line("grant", "%s: %s", extension, what)
	}
	return nil
}
