// Command write writes the mails of the set into a folder: a file *.eml each, and
// their labels as a list in labels.json.
//
//	go run ./internal/mailset/cmd/write -dir mails -tuned
//
// Without a group (-tuned, -heldout, -found) all are written. The held-out ones are for a
// program to judge by and not for you to read: see package mailset.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"github.com/airlock-run/airlock/internal/mailset"
	"github.com/airlock-run/airlock/internal/mailset/found"
	"github.com/airlock-run/airlock/internal/mailset/heldout"
	"github.com/airlock-run/airlock/internal/mailset/tuned"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "write:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	flags := flag.NewFlagSet("write", flag.ContinueOnError)
	dir := flags.String("dir", "", "the folder to write to; it is made if it is not there")
	onlyTuned := flags.Bool("tuned", false, "write the mails that may be looked at")
	onlyHeldOut := flags.Bool("heldout", false, "write the mails to judge by")
	onlyFound := flags.Bool("found", false, "write the mails of other projects' tests")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *dir == "" {
		return errors.New("say with -dir where to write to")
	}
	all := !*onlyTuned && !*onlyHeldOut && !*onlyFound
	var mails []mailset.Mail
	for _, group := range []struct {
		name   string
		wanted bool
		mails  func() ([]mailset.Mail, error)
	}{
		{"tuned", *onlyTuned, tuned.Mails}, {"held-out", *onlyHeldOut, heldout.Mails}, {"found", *onlyFound, found.Mails},
	} {
		if !all && !group.wanted {
			continue
		}
		more, err := group.mails()
		if err != nil {
			return fmt.Errorf("make %s mails: %w", group.name, err)
		}
		mails = append(mails, more...)
	}
	return write(*dir, mails)
}

func write(dir string, mails []mailset.Mail) error {
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return fmt.Errorf("make folder: %w", err)
	}
	type labelled struct {
		Name  string        `json:"name"`
		Label mailset.Label `json:"label"`
	}
	labels := make([]labelled, len(mails))
	for i, m := range mails {
		labels[i] = labelled{m.Name, m.Label}
		if err := os.WriteFile(filepath.Join(dir, m.Name+".eml"), m.Raw, 0o600); err != nil {
			return fmt.Errorf("write mail: %w", err)
		}
	}
	data, err := json.MarshalIndent(labels, "", "\t")
	if err != nil {
		return fmt.Errorf("write labels: %w", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "labels.json"), append(data, '\n'), 0o600); err != nil {
		return fmt.Errorf("write labels: %w", err)
	}
	return nil
}
