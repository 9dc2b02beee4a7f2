package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/client"
	"github.com/airlock-run/airlock/internal/node"
)

// cli is what all commands share.
type cli struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	config         node.Config
	json           bool
	// downgrade lets load and reload install what is older than what was installed before.
	downgrade bool
	// acts are what the command does that belongs into the audit.
	acts     []bus.AuditRecord
	warnOnce sync.Once
}

func newRoot(c *cli) *cobra.Command {
	root := &cobra.Command{
		Use:   "airlock",
		Short: "Run untrusted WebAssembly extensions as durable jobs on NATS",
		Long: `Airlock runs untrusted WebAssembly extensions as durable jobs on NATS. Nothing an extension does reaches the
outside except through one door, and that door checks every call.

Start with "airlock up": everything in one process, which the other commands find by its data directory.`,
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          cobra.ArbitraryArgs,
		RunE:          group,
	}
	root.SetOut(c.stdout)
	root.SetErr(c.stderr)
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	config, err := node.FromEnvironment()
	if err != nil {
		root.PersistentPreRunE = func(*cobra.Command, []string) error { return usageError{err} }
	}
	c.config = config
	c.busFlags(root)
	root.AddCommand(
		c.upCommand(), c.workerCommand(), c.operationsCommand(),
		c.extensionCommand(), c.policyCommand(), c.libraryCommand(), c.credentialsCommand(), c.mailCommand(), c.notificationCommand(), c.jobCommand(), c.queueCommand(), c.usageCommand(), c.auditCommand(), c.scheduleCommand(), c.triggerCommand(), c.eventCommand(), c.entryCommand(), c.callCommand(),
		c.backupCommand(), c.restoreCommand(), c.authCommand(), c.demoCommand(), c.versionCommand(),
	)
	checkUsage(root)
	return root
}

// checkUsage makes what a command says of its arguments and flags an error of usage.
func checkUsage(cmd *cobra.Command) {
	args := cmd.Args
	cmd.Args = func(cmd *cobra.Command, given []string) error {
		var err error
		if args != nil {
			err = args(cmd, given)
		}
		if err == nil {
			err = errors.Join(cmd.ValidateRequiredFlags(), cmd.ValidateFlagGroups())
		}
		if _, is := errors.AsType[usageError](err); err == nil || is {
			return err
		}
		return usageError{err}
	}
	for _, sub := range cmd.Commands() {
		checkUsage(sub)
	}
}

// group is what a command does that only has commands below it: without one it shows them.
func group(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usageError{fmt.Errorf("unknown command %q; `%s --help` lists what there is", strings.Join(args, " "), cmd.CommandPath())}
	}
	return cmd.Help()
}

// busFlags are of every command: how to reach an Airlock that runs.
func (c *cli) busFlags(root *cobra.Command) {
	f := root.PersistentFlags()
	f.StringVar(&c.config.DataDir, "data-dir", c.config.DataDir, "where streams, database, keys and caches are (AIRLOCK_DATA_DIR)")
	f.StringVar(&c.config.NATSURL, "nats-url", c.config.NATSURL, "NATS of a cluster, such as nats://host:4222 (AIRLOCK_NATS_URL)")
	f.StringVar(&c.config.NATSCredentials, "nats-credentials", c.config.NATSCredentials, "NATS credentials file (AIRLOCK_NATS_CREDENTIALS)")
	f.StringVar(&c.config.NATSNKey, "nats-nkey", c.config.NATSNKey, "file with the key of a NATS user, as airlock auth makes it (AIRLOCK_NATS_NKEY)")
	f.StringVar(&c.config.NATSCA, "nats-ca", c.config.NATSCA, "certificates that the server's must be signed by; default: those the system trusts (AIRLOCK_NATS_CA)")
	f.StringVar(&c.config.NATSAPIPrefix, "nats-api-prefix", c.config.NATSAPIPrefix, "where JetStream is asked, by who has a NATS account of its own; default: $JS.API (AIRLOCK_NATS_API_PREFIX)")
	f.StringVar(&c.config.LogLevel, "log-level", c.config.LogLevel, "debug, info, warn or error (AIRLOCK_LOG_LEVEL)")
}

// jsonFlag is of commands whose output a script may want.
func (c *cli) jsonFlag(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&c.json, "json", false, "print JSON")
}

func (c *cli) logger() (*slog.Logger, error) {
	var level slog.Level
	if err := level.UnmarshalText([]byte(c.config.LogLevel)); err != nil {
		return nil, usageError{fmt.Errorf("log level %q: want debug, info, warn or error", c.config.LogLevel)}
	}
	return slog.New(slog.NewTextHandler(c.stderr, &slog.HandlerOptions{Level: level})), nil
}

// connect reaches the Airlock that runs: the cluster of --nats-url, or the process that has the data directory.
func (c *cli) connect() (*bus.Conn, error) {
	config := c.config.Cluster()
	config.Name, config.CallTimeout = "airlock tool", 10*time.Second
	if c.config.NATSURL != "" {
		return bus.Connect(config)
	}
	config.Credentials, config.NKey, config.CA = "", "", ""
	config.Socket = filepath.Join(c.config.DataDir, bus.SocketName)
	conn, err := bus.Connect(config)
	if errors.Is(err, bus.ErrNotReachable) {
		return nil, fmt.Errorf("no airlock runs with the data directory %s: start one with `airlock up`, or name a cluster with --nats-url", c.config.DataDir)
	}
	return conn, err
}

// printJSON writes indented JSON.
func (c *cli) printJSON(v any) error {
	encoder := json.NewEncoder(c.stdout)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		return fmt.Errorf("print: %w", err)
	}
	return nil
}

func (c *cli) printf(format string, args ...any) { _, _ = fmt.Fprintf(c.stdout, format, args...) }

// defaultLibrary is the library of who names none: one person's own.
var defaultLibrary = client.DefaultLibrary

// libraryFlag is a flag that names a library.
func libraryFlag(cmd *cobra.Command) *libraryValue {
	value := libraryValue{defaultLibrary}
	if text := os.Getenv("AIRLOCK_LIBRARY"); text != "" {
		if library, err := uuid.Parse(text); err == nil {
			value.UUID = library
		}
	}
	cmd.Flags().Var(&value, "library", "library whose data it is about (AIRLOCK_LIBRARY)")
	return &value
}

type libraryValue struct{ uuid.UUID }

// Set implements pflag.Value.
func (v *libraryValue) Set(text string) error {
	library, err := uuid.Parse(text)
	if err != nil || library == uuid.Nil {
		return fmt.Errorf("%q is no library id, want a UUID", text)
	}
	v.UUID = library
	return nil
}

// Type implements pflag.Value.
func (v *libraryValue) Type() string { return "uuid" }

// readInput reads what a flag names: the text itself, @file, or @- for standard input.
func (c *cli) readInput(text string) ([]byte, error) {
	path, isFile := strings.CutPrefix(text, "@")
	switch {
	case !isFile:
		return []byte(text), nil
	case path == "-":
		data, err := io.ReadAll(c.stdin)
		if err != nil {
			return nil, fmt.Errorf("read standard input: %w", err)
		}
		return data, nil
	default:
		return os.ReadFile(path) //nolint:gosec,wrapcheck // the person at the keyboard names it, and its error names it too
	}
}

// checkJSON says where a text stops being JSON.
func checkJSON(what string, data []byte) error {
	var v any
	err := json.Unmarshal(data, &v)
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		before := string(data[:min(int(syntax.Offset), len(data))])
		line := 1 + strings.Count(before, "\n")
		column := len(before) - strings.LastIndexByte(before, '\n') - 1
		return fmt.Errorf("%s is not JSON: line %d, column %d: %w", what, line, column, err)
	}
	if err != nil {
		return fmt.Errorf("%s is not JSON: %w", what, err)
	}
	return nil
}

// sentence is an error for people: of one that came over the bus without its code.
func sentence(err error) string {
	if wire, ok := errors.AsType[*bus.Error](err); ok {
		return wire.Message
	}
	return err.Error()
}
