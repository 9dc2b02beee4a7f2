package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/capabilities"
)

// entry is an entry of a library, as operations answer with it.
type entry struct {
	ID        uuid.UUID       `json:"id"`
	Name      string          `json:"name"`
	Path      string          `json:"path"`
	EntryType string          `json:"entry_type"`
	Metadata  json.RawMessage `json:"metadata"`
	Content   string          `json:"content,omitempty"`
	CreatedAt time.Time       `json:"created_at"`
	UpdatedAt time.Time       `json:"updated_at"`
	Sidecars  []struct {
		Filename string `json:"filename"`
		Size     int64  `json:"size"`
		Digest   string `json:"digest"`
	} `json:"sidecars"`
}

type entryPage struct {
	Entries []entry `json:"entries"`
	Next    string  `json:"next,omitempty"`
}

func (c *cli) entryCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "entry", Short: "List, show and export entries of a library", Args: cobra.ArbitraryArgs, RunE: group}
	cmd.AddCommand(c.listEntriesCommand(), c.showEntryCommand(), c.exportEntriesCommand())
	return cmd
}

func (c *cli) listEntriesCommand() *cobra.Command {
	filter := &entryFilter{}
	var after string
	var limit int
	cmd := &cobra.Command{
		Use: "list", Short: "List entries", Args: cobra.NoArgs,
		Example: `  airlock entry list --type receipt --path /inbox/
  airlock entry list --kind receipt --since 2026-01-01 --where category=dining`,
	}
	library := libraryFlag(cmd)
	filter.flags(cmd)
	f := cmd.Flags()
	f.StringVar(&after, "after", "", "go on after a page; default: with the first")
	f.IntVar(&limit, "limit", 50, "how many, at most 500")
	c.jsonFlag(cmd)
	cmd.RunE = c.withConn(func(ctx context.Context, conn *bus.Conn, _ []string) error {
		page, err := filter.page(ctx, conn, library.UUID, after, limit)
		if err != nil {
			return err
		}
		if c.json {
			return c.printJSON(page)
		}
		t := c.table("path", "type", "created", "files")
		for _, e := range page.Entries {
			t.AppendRow(row(e.Path, e.EntryType, ago(e.CreatedAt), len(e.Sidecars)))
		}
		t.Render()
		if page.Next != "" {
			c.printf("more: --after %s\n", page.Next)
		}
		return nil
	})
	return cmd
}

func (c *cli) showEntryCommand() *cobra.Command {
	var file string
	var original bool
	cmd := &cobra.Command{
		Use:   "show PATH|ID",
		Short: "Show an entry and the files beside it, or one of the files, or its content",
		Long:  "Show an entry and the files beside it, or one of the files, or its content: that of a receipt is the mail it came with, as it came.",
		Example: `  airlock entry show /inbox/bill.pdf
  airlock entry show /inbox/bill.pdf --file receipt_analysis.json
  airlock entry show /receipts/2026-11-17-lamps-0a1b2c3d --content > receipt.eml`,
		Args: oneArg("the entry's path or id"),
	}
	library := libraryFlag(cmd)
	cmd.Flags().StringVar(&file, "file", "", "print this file, such as receipt_analysis.json; default: what is known of the entry")
	cmd.Flags().BoolVar(&original, "content", false, "print the entry's content; default: what is known of the entry")
	cmd.MarkFlagsMutuallyExclusive("file", "content")
	c.jsonFlag(cmd)
	cmd.RunE = c.withConn(func(ctx context.Context, conn *bus.Conn, args []string) error {
		in := map[string]string{"path": args[0]}
		if _, err := uuid.Parse(args[0]); err == nil {
			in = map[string]string{"entry_id": args[0]}
		}
		var e entry
		if err := operate(ctx, conn, "query:vdfs.get_entry", library.UUID, in, &e); err != nil {
			return err
		}
		switch {
		case file != "":
			return c.printSidecar(ctx, conn, library.UUID, e.ID, file)
		case original && e.Content == "":
			return fmt.Errorf("entry %s has no content; see the files beside it without --content", args[0])
		case original:
			return c.printContent(ctx, conn, library.UUID, e.Content)
		case c.json:
			return c.printJSON(e)
		}
		c.printf("%s\n  id         %s\n  type       %s\n  created    %s\n", e.Path, e.ID, e.EntryType, e.CreatedAt.Format(time.RFC3339))
		c.printf("  metadata   %s\n", printable(string(e.Metadata)))
		if e.Content != "" {
			c.printf("  content    %s\n", e.Content)
		}
		for _, s := range e.Sidecars {
			c.printf("  file       %s, %d bytes\n", s.Filename, s.Size)
		}
		return nil
	})
	return cmd
}

func (c *cli) printSidecar(ctx context.Context, conn *bus.Conn, library, id uuid.UUID, file string) error {
	var out struct {
		Data []byte `json:"data"`
	}
	if err := operate(ctx, conn, "query:vdfs.read_sidecar", library, map[string]any{"entry_id": id, "filename": file}, &out); err != nil {
		return err
	}
	_, err := c.stdout.Write(out.Data)
	return err //nolint:wrapcheck // writing to standard output needs no more words
}

// printContent writes content to standard output, a part at a time.
func (c *cli) printContent(ctx context.Context, conn *bus.Conn, library uuid.UUID, reference string) error {
	r, err := openContent(ctx, conn, library, reference)
	if err == nil {
		_, err = io.Copy(c.stdout, r)
	}
	return err //nolint:wrapcheck // as above
}

func (c *cli) callCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "call METHOD [PAYLOAD]",
		Short: "Call an operation, as the person you are",
		Long: `Call an operation. A person's call goes past the door, which is for extensions; the operation serves it like any other. It is
published as the extension _operator, which none can be called, with attempt 0: of the users of a cluster the console's alone may do
that. The payload is JSON, @file, or @- for standard input. "airlock call" and "airlock operations call" are the same.`,
		Example: `  airlock call query:test.ping '{"hello":"world"}'
  airlock operations call query:ai.classify_text @request.json --library 0b8f1d5e-6a43-4c7e-9f21-6f1c0c1e6d2b`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) < 1 || len(args) > 2 {
				return usageError{fmt.Errorf("call wants a method and, if it needs one, a payload; it got %d arguments", len(args))}
			}
			return nil
		},
	}
	library := libraryFlag(cmd)
	cmd.RunE = c.withConn(func(ctx context.Context, conn *bus.Conn, args []string) error {
		payload := "null"
		if len(args) == 2 {
			payload = args[1]
		}
		data, err := c.readInput(payload)
		if err != nil {
			return err
		}
		if err := checkJSON("payload", data); err != nil {
			return err
		}
		if method, err := capabilities.ParseMethod(args[0]); err == nil && (method.Kind == capabilities.Action || strings.HasPrefix(method.Operation, "credentials.")) {
			c.act(bus.AuditRecord{Operation: "call", Library: library.UUID, Detail: string(method.Kind) + ":" + method.Operation})
		}
		var out json.RawMessage
		if err := operate(ctx, conn, args[0], library.UUID, json.RawMessage(data), &out); err != nil {
			return err
		}
		return c.printJSON(out)
	})
	return cmd
}

// operate calls an operation as a person.
func operate(ctx context.Context, conn *bus.Conn, name string, library uuid.UUID, in, out any) error {
	method, err := capabilities.ParseMethod(name)
	if err != nil {
		return err
	}
	payload, err := json.Marshal(in)
	if err != nil {
		return fmt.Errorf("encode payload: %w", err)
	}
	answer, err := conn.Call(ctx, &bus.Call{
		Extension: bus.Operator, Kind: bus.Kind(method.Kind), Operation: method.Operation, Version: method.Version,
		Library: library, Payload: payload,
	})
	if err != nil {
		return err
	}
	if err := json.Unmarshal(answer, out); err != nil {
		return fmt.Errorf("decode the answer of %s: %w", strings.TrimSpace(name), err)
	}
	return nil
}
