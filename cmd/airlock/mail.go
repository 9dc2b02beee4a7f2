package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/operations/credentials"
	"github.com/airlock-run/airlock/operations/mail"
)

func (c *cli) mailCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "mail", Short: "Connect mailboxes, whose new mail starts jobs", Args: cobra.ArbitraryArgs, RunE: group,
		Long: `Connect mailboxes. An account is a mailbox on an IMAP server with the credential of its id, or a folder of files; one process in the cluster
watches it, and tells of new mail by the event mail.arrived, which starts jobs.`,
	}
	cmd.AddCommand(c.addMailCommand(), c.listMailCommand(), c.testMailCommand(), c.removeMailCommand())
	return cmd
}

// providers are mail servers that are known by who runs them, with what an access token has to be for.
var providers = map[string]struct{ host, scope string }{
	"google":    {"imap.gmail.com", "https://mail.google.com/"},
	"microsoft": {"outlook.office365.com", "https://outlook.office.com/IMAP.AccessAsUser.All"},
}

func (c *cli) addMailCommand() *cobra.Command {
	n, settings := &newCredential{}, mail.Settings{}
	cmd := &cobra.Command{
		Use: "add ID", Short: "Add a mail account, in the place of one that has its id", Args: oneArg("the account's id"),
		Long: `Add a mail account, in the place of one that has its id, and try it. What is missing is asked for at a terminal, the password without echo.
The credential is kept under the account's id. With --type oauth2 a browser is opened to sign in.

With --folder, the mail is in files on the machine of the operations, and no credential is needed: a directory with cur and new is read as a Maildir,
another one as a folder into which files .eml are dropped. The operations have to be started with --mail-folders and a directory it is in.`,
		Example: `  airlock mail add work --host imap.example.com --username kim@example.com
  airlock mail add work --host mail.example.com --security starttls --username kim --secret-file -
  airlock mail add gmail --type oauth2 --provider google --client-id 123.apps.googleusercontent.com --username kim@gmail.com
  airlock mail add inbox --folder /var/mail/kim`,
	}
	n.flags(cmd, credentials.Basic, "basic or oauth2")
	f := cmd.Flags()
	f.StringVar(&settings.Host, "host", "", "the IMAP server; default: the provider's, or asked for")
	f.IntVar(&settings.Port, "port", 0, "its port; default: 993 with TLS, 143 otherwise")
	f.StringVar(&settings.Security, "security", mail.TLS, "tls, starttls or plain")
	f.StringVar(&settings.Mailbox, "mailbox", "INBOX", "the mailbox to watch")
	f.StringVar(&settings.Folder, "folder", "", "a Maildir or folder of .eml, in the place of a server; default: none")
	for _, of := range []string{"host", "port", "security", "username", "secret-file", "type", "provider"} {
		cmd.MarkFlagsMutuallyExclusive("folder", of)
	}
	library := libraryFlag(cmd)
	c.jsonFlag(cmd)
	cmd.RunE = c.withConn(func(ctx context.Context, conn *bus.Conn, args []string) error {
		account := mail.Account{ID: args[0], Library: library.UUID, Settings: settings}
		if settings.Folder != "" {
			return c.addFolder(ctx, conn, account)
		}
		made, err := c.makeMailCredential(ctx, n, &account.Settings)
		if err != nil {
			return err
		}
		c.act(bus.AuditRecord{Operation: "mail.add", Library: library.UUID, Detail: fmt.Sprintf("%s at %s", account.ID, account.Host)})
		err = operate(ctx, conn, "action:credentials.store", library.UUID, map[string]any{"credential_id": account.ID, "credential": made}, new(any))
		if err != nil {
			return err
		}
		return c.keepMail(ctx, conn, account)
	})
	return cmd
}

// addFolder adds an account that is a folder, which needs no credential.
func (c *cli) addFolder(ctx context.Context, conn *bus.Conn, account mail.Account) error {
	path, err := filepath.Abs(account.Folder)
	if err != nil {
		return fmt.Errorf("find folder: %w", err)
	}
	account.Settings = mail.Settings{Folder: path, Mailbox: account.Mailbox}
	c.act(bus.AuditRecord{Operation: "mail.add", Library: account.Library, Detail: fmt.Sprintf("%s in %s", account.ID, path)})
	return c.keepMail(ctx, conn, account)
}

// keepMail has an account kept and tried.
func (c *cli) keepMail(ctx context.Context, conn *bus.Conn, account mail.Account) error {
	if err := conn.API(ctx, "mail", "add", account, &account); err != nil {
		return err
	}
	tried, err := tryMail(ctx, conn, account)
	if err != nil {
		return inFront(fmt.Sprintf("account %s is kept, but it cannot be used yet: ", account.ID), err)
	}
	if c.json {
		return c.printJSON(account)
	}
	c.printf("account %s is kept: %s, mailbox %s; new mail is told of from now on\n", printable(account.ID), mailPlace(account), printable(account.Mailbox))
	c.printMailboxes(tried)
	return nil
}

// mailPlace is where the mail of an account is.
func mailPlace(a mail.Account) string { return printable(cmp.Or(a.Folder, a.Host)) }

// makeMailCredential asks for what the flags do not say, and makes the credential.
func (c *cli) makeMailCredential(ctx context.Context, n *newCredential, settings *mail.Settings) (*credentials.Credential, error) {
	if n.kind != credentials.Basic && n.kind != credentials.OAuth2 {
		return nil, usageError{fmt.Errorf("--type %q: want basic or oauth2", n.kind)}
	}
	known := providers[n.provider]
	settings.Host = cmp.Or(settings.Host, known.host)
	if len(n.scopes) == 0 && known.scope != "" {
		n.scopes = []string{known.scope}
	}
	for _, missing := range []struct {
		what, flag string
		value      *string
	}{{"IMAP server", "host", &settings.Host}, {"user name", "username", &n.username}} {
		if *missing.value != "" {
			continue
		}
		var err error
		if *missing.value, err = c.askFor(missing.what, missing.flag); err != nil {
			return nil, err
		}
	}
	settings.Username = n.username
	return c.makeCredential(ctx, n)
}

// askFor asks for a line at a terminal.
func (c *cli) askFor(what, flag string) (string, error) {
	terminal, isFile := c.stdin.(*os.File)
	if !isFile || !term.IsTerminal(int(terminal.Fd())) {
		return "", usageError{fmt.Errorf("--%s is missing, and there is no terminal to ask for the %s at", flag, what)}
	}
	_, _ = fmt.Fprintf(c.stderr, "%s: ", what)
	line, err := bufio.NewReader(terminal).ReadString('\n')
	if line = strings.TrimSpace(line); line == "" {
		return "", errors.Join(fmt.Errorf("the %s is missing", what), err)
	}
	return line, nil
}

// inFront puts words in front of an error's.
func inFront(words string, err error) error {
	e := *bus.AsError(err)
	e.Message = words + e.Message
	return &e
}

func tryMail(ctx context.Context, conn *bus.Conn, account mail.Account) (*mail.Tried, error) {
	tried := &mail.Tried{}
	err := conn.API(ctx, "mail", "test", mail.Which{Library: account.Library, Account: account.ID}, tried)
	return tried, err
}

func (c *cli) printMailboxes(tried *mail.Tried) {
	t := c.table("mailbox", "use", "messages")
	for _, m := range tried.Mailboxes {
		t.AppendRow(row(printable(m.Name), m.Use, m.Messages))
	}
	t.Render()
}

func (c *cli) listMailCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "list", Short: "List the mail accounts of a library, and how they stand", Args: cobra.NoArgs, Example: `  airlock mail list`,
	}
	library := libraryFlag(cmd)
	c.jsonFlag(cmd)
	cmd.RunE = c.withConn(func(ctx context.Context, conn *bus.Conn, _ []string) error {
		var all struct {
			Accounts []mail.Account `json:"accounts"`
		}
		if err := conn.API(ctx, "mail", "list", mail.Which{Library: library.UUID}, &all); err != nil {
			return err
		}
		if c.json {
			return c.printJSON(all.Accounts)
		}
		if len(all.Accounts) == 0 {
			c.printf("library %s has no mail account; `airlock mail add ID` adds one\n", library.UUID)
			return nil
		}
		t := c.table("account", "server or folder", "mailbox", "state", "looked at", "next try")
		for _, a := range all.Accounts {
			looked, next := "", ""
			if a.State.Watched != nil {
				looked = ago(*a.State.Watched)
			}
			if a.State.Next != nil {
				next = "in " + max(time.Until(*a.State.Next), 0).Round(time.Second).String()
			}
			t.AppendRow(row(printable(a.ID), mailPlace(a), printable(a.Mailbox), mailState(a.State), looked, next))
		}
		t.Render()
		return nil
	})
	return cmd
}

func mailState(s *mail.State) string {
	switch {
	case s.Error != "":
		return printable(s.Error)
	case s.Watched != nil:
		return "watched"
	default:
		return "not looked at yet"
	}
}

func (c *cli) testMailCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "test ID", Short: "Connect to a mail account, and list its mailboxes", Args: oneArg("the account's id"), Example: `  airlock mail test work`,
	}
	library := libraryFlag(cmd)
	c.jsonFlag(cmd)
	cmd.RunE = c.withConn(func(ctx context.Context, conn *bus.Conn, args []string) error {
		tried, err := tryMail(ctx, conn, mail.Account{ID: args[0], Library: library.UUID})
		if err != nil {
			return err
		}
		if c.json {
			return c.printJSON(tried.Mailboxes)
		}
		c.printMailboxes(tried)
		return nil
	})
	return cmd
}

func (c *cli) removeMailCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "remove ID", Short: "Remove a mail account and its credential; what was read from it stays", Args: oneArg("the account's id"), Example: `  airlock mail remove work`,
	}
	library := libraryFlag(cmd)
	c.jsonFlag(cmd)
	cmd.RunE = c.withConn(func(ctx context.Context, conn *bus.Conn, args []string) error {
		c.act(bus.AuditRecord{Operation: "mail.remove", Library: library.UUID, Detail: args[0]})
		if err := conn.API(ctx, "mail", "remove", mail.Which{Library: library.UUID, Account: args[0]}, nil); err != nil {
			return err
		}
		err := operate(ctx, conn, "action:credentials.delete", library.UUID, map[string]string{"credential_id": args[0]}, new(any))
		if err != nil {
			return inFront(fmt.Sprintf("account %s is removed, its credential not: ", args[0]), err)
		}
		if c.json {
			return c.printJSON(map[string]string{"removed": args[0]})
		}
		c.printf("account %s is removed, with its credential if it had one\n", printable(args[0]))
		return nil
	})
	return cmd
}
