package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/capabilities"
	"github.com/airlock-run/airlock/extensions"
	"github.com/airlock-run/airlock/internal/node"
)

func (c *cli) explainCommand() *cobra.Command {
	var targets []string
	cmd := &cobra.Command{
		Use: "explain ID METHOD", Short: "Say whether an extension may make a call, by which rules, and what would change that", Args: twoArgs("the extension's id and the method"),
		Long: `Say whether an extension may make a call, by which rules, and what would change that. A call is allowed when the extension's manifest asks
for it, the policy allows it, and the owner of the library granted it. That an event starts a job is decided like a call of
query:events.hear.`,
		Example: `  airlock extension explain finance action:vdfs.write_sidecar --target sidecar=ocr.txt
  airlock extension explain finance query:http.request --target url=https://api.example.com/v1/items --target credential=shop
  airlock extension explain finance query:events.hear --target event=mail.received`,
	}
	library := libraryFlag(cmd)
	cmd.Flags().StringArrayVar(&targets, "target", nil, "what the call is aimed at, KEY=VALUE: url or host, http-method, credential, sidecar, entry, event, extension; default: nothing")
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
		method, err := capabilities.ParseMethod(args[1])
		if err != nil {
			return usageError{err}
		}
		target, err := readTarget(targets)
		if err != nil {
			return usageError{err}
		}
		authority, err := currentAuthority(ctx, conn)
		if err != nil {
			return err
		}
		request := &capabilities.Request{Method: method, JobLibrary: library.UUID, Target: target}
		e := authority.Explain(installed.Manifest.Grant(), request)
		if err := c.printExplanation(installed, request, e); err != nil || c.json {
			return err
		}
		if !e.Allowed && len(targets) == 0 && method.Aimed() {
			c.line("target", "none was named, and it decides too: name what the call is aimed at with --target")
		}
		return nil
	})
	return cmd
}

// currentAuthority decides as a worker does now.
func currentAuthority(ctx context.Context, conn *bus.Conn) (*capabilities.Authority, error) {
	authority := capabilities.NewAuthority()
	policy, revision, err := policyInForce(ctx, conn)
	if err != nil {
		return nil, err
	}
	authority.SetPolicy(policy, revision)
	records, err := conn.Libraries(ctx)
	if err != nil {
		return nil, err
	}
	libraries := map[uuid.UUID]*capabilities.Library{}
	for key, record := range records {
		id, err := capabilities.ParseLibrary(key)
		if err != nil {
			continue
		}
		if libraries[id], err = capabilities.ParseLibraryRecord(record); err != nil {
			libraries[id] = &capabilities.Library{ID: id}
		}
	}
	authority.SetLibraries(libraries)
	return authority, nil
}

// readTarget reads what a call is aimed at.
func readTarget(texts []string) (t capabilities.Target, err error) {
	url, method := "", ""
	for _, text := range texts {
		key, value, found := strings.Cut(text, "=")
		if !found || value == "" {
			return t, fmt.Errorf("--target %q: want KEY=VALUE", text)
		}
		switch key {
		case "url":
			url = value
		case "host":
			url = "https://" + value + "/"
		case "http-method":
			method = value
		case "credential":
			t.Credential = value
		case "sidecar":
			t.Sidecar = value
		case "entry":
			t.Entry = value
		case "event":
			t.Event = value
		case "extension":
			t.Extensions = append(t.Extensions, value)
		default:
			return t, fmt.Errorf("--target %q: want url, host, http-method, credential, sidecar, entry, event or extension", text)
		}
	}
	if url != "" {
		t.Address, err = capabilities.ParseAddress(url, method)
	}
	return t, err
}

func (c *cli) printExplanation(installed extensions.Installed, r *capabilities.Request, e capabilities.Explanation) error {
	if c.json {
		return c.printJSON(e)
	}
	verdict := "may not"
	if e.Allowed {
		verdict = "may"
	}
	c.printf("%s %s %s call %s in library %s\n", installed.Manifest.ID, installed.Manifest.Version, verdict, r.Method, r.JobLibrary)
	for _, source := range e.Sources {
		said, by := "denied", "no rule"
		if source.Allowed {
			said = "allowed"
		}
		if source.Rule != "" {
			by = source.Rule
		}
		c.line(source.Source, "%s by %s", said, by)
	}
	if !e.Allowed {
		c.line("rule", "%s", e.Rule)
		c.line("why", "%s", printable(e.Reason))
	}
	for _, source := range e.Sources {
		if source.Advice != "" && source.Advice != e.Reason {
			c.line("also", "%s", printable(source.Advice))
		}
	}
	return nil
}
