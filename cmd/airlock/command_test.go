package main

import (
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// commands are all commands that do something.
func commands(t *testing.T) []*cobra.Command {
	t.Helper()
	var all []*cobra.Command
	var walk func(*cobra.Command)
	walk = func(cmd *cobra.Command) {
		if slices.Contains([]string{"help", "completion"}, cmd.Name()) {
			return
		}
		if cmd.Runnable() && (!cmd.HasSubCommands() || cmd.Name() == "worker" || cmd.Name() == "queue" || cmd.CommandPath() == "airlock operations") {
			all = append(all, cmd)
		}
		for _, sub := range cmd.Commands() {
			walk(sub)
		}
	}
	walk(newRoot(&cli{stdin: strings.NewReader(""), stdout: io.Discard, stderr: io.Discard}))
	if len(all) < 30 {
		t.Fatalf("found %d commands", len(all))
	}
	return all
}

// roles run until they are stopped and print a log; call prints what an operation answers, which is JSON.
var withoutJSON = []string{"airlock up", "airlock worker", "airlock operations", "airlock demo", "airlock call", "airlock operations call"}

func TestEveryCommandPrintsJSON(t *testing.T) {
	t.Parallel()
	for _, cmd := range commands(t) {
		if (cmd.Flags().Lookup("json") == nil) != slices.Contains(withoutJSON, cmd.CommandPath()) {
			t.Errorf("%s: has --json: %v", cmd.CommandPath(), cmd.Flags().Lookup("json") != nil)
		}
	}
}

// Each example is a command line that the command takes.
func TestEveryCommandHasAnExample(t *testing.T) {
	t.Parallel()
	for _, cmd := range commands(t) {
		path := cmd.CommandPath()
		if cmd.Example == "" {
			t.Errorf("%s has no example", path)
		}
		for line := range strings.Lines(cmd.Example) {
			line, _, _ = strings.Cut(line, " >")
			given := words(line)
			if len(given) < 2 || given[0] != "airlock" {
				t.Errorf("%s: example %q is no command line", path, line)
				continue
			}
			root := newRoot(&cli{stdin: strings.NewReader(""), stdout: io.Discard, stderr: io.Discard})
			shown, rest, err := root.Find(given[1:])
			if err == nil {
				err = shown.ParseFlags(rest)
			}
			if err == nil {
				err = shown.ValidateArgs(shown.Flags().Args())
			}
			if err != nil {
				t.Errorf("%s: example %q: %v", path, strings.TrimSpace(line), err)
			}
		}
	}
}

// The help of each flag says what holds without it.
func TestEveryFlagNamesItsDefault(t *testing.T) {
	t.Parallel()
	for _, cmd := range commands(t) {
		cmd.LocalNonPersistentFlags().VisitAll(func(flag *pflag.Flag) {
			none := slices.Contains([]string{"", "0", "0s", "[]"}, flag.DefValue)
			if flag.Value.Type() != "bool" && none && !strings.Contains(flag.Usage, "default") && !strings.Contains(flag.Usage, "; 0 for") {
				t.Errorf("%s --%s does not say its default: %q", cmd.CommandPath(), flag.Name, flag.Usage)
			}
		})
	}
}
