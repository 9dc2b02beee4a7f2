package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/airlock-run/airlock/extensions/finance/process"
	"github.com/airlock-run/airlock/internal/mailset"
	"github.com/airlock-run/airlock/internal/mailset/found"
	"github.com/airlock-run/airlock/internal/mailset/heldout"
	"github.com/airlock-run/airlock/internal/mailset/tuned"
	"github.com/airlock-run/airlock/operations/ai/classify"
	"github.com/airlock-run/airlock/operations/ai/ocr"
)

// errShort tells that a goal is not reached.
var errShort = errors.New("short of a goal")

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "eval:", err)
		os.Exit(1)
	}
}

func run(args []string, out io.Writer) error {
	flags := flag.NewFlagSet("eval", flag.ContinueOnError)
	dir := flags.String("dir", "", "a folder with mails (*.eml), each with its label beside it (*.json), or all in labels.json, by name; default: the labelled set")
	wrong := flags.Bool("wrong", false, "print what was read wrong in mails that are not held out")
	detail := flags.Bool("detail", false, "print which receipts were found, by source and language, why the others were not, and how fields were read wrong")
	only := flags.String("only", "", "only mails whose name contains this")
	if err := flags.Parse(args); err != nil {
		return err
	}
	mails, err := gather(*dir)
	if err != nil {
		return fmt.Errorf("load mails: %w", err)
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return err
	}
	reader, err := ocr.New(ocr.Config{CacheDir: filepath.Join(cache, "airlock-eval")})
	if err != nil {
		return err
	}
	defer reader.Close()
	classifier, err := classify.New()
	if err != nil {
		return err
	}
	process.Register()
	mails = slices.DeleteFunc(mails, func(m truth) bool { return !strings.Contains(m.name, *only) })
	all, err := readAll(mails, host{reader: reader, classifier: classifier})
	if err != nil {
		return err
	}
	counts := tally{}
	for i, m := range mails {
		problems := counts.judge(m, all[i])
		if *wrong && m.group != "heldout" {
			for _, problem := range problems {
				fmt.Fprintf(out, "%s\t%s\n", m.name, problem)
			}
		}
	}
	if !counts.print(out, *detail) {
		return errShort
	}
	return nil
}

// readAll runs the job over all mails, as many at a time as there are CPUs.
func readAll(mails []truth, h host) ([]host, error) {
	all := make([]host, len(mails))
	var group errgroup.Group
	group.SetLimit(runtime.NumCPU())
	for i, m := range mails {
		group.Go(func() (err error) {
			if all[i], err = h.read(m.raw); err != nil {
				return fmt.Errorf("%s: %w", m.name, err)
			}
			return nil
		})
	}
	return all, group.Wait()
}

// ownMails are those that the extension's own tests read. They were made along with it.
const ownMails = "extensions/finance/process/testdata/mails"

// gather returns the mails of a folder or, without one, the labelled set and the extension's own.
func gather(dir string) ([]truth, error) {
	if dir != "" {
		return load(dir)
	}
	all, err := load(ownMails)
	if err != nil {
		return nil, err
	}
	for group, mails := range map[string]func() ([]mailset.Mail, error){"tuned": tuned.Mails, "heldout": heldout.Mails, "found": found.Mails} {
		made, err := mails()
		if err != nil {
			return nil, fmt.Errorf("make %s mails: %w", group, err)
		}
		for _, m := range made {
			all = append(all, truthOf(m, group))
		}
	}
	slices.SortFunc(all, func(a, b truth) int { return strings.Compare(a.name, b.name) })
	return all, nil
}

// truthOf returns the label of a mail as what is to be read.
func truthOf(m mailset.Mail, group string) truth {
	l := m.Label
	t := truth{name: m.Name, group: group, locale: l.Locale, source: l.Source, raw: m.Raw, isReceipt: l.Receipt, fields: map[string]string{}}
	for measure, value := range map[string]string{
		"total": l.Total, "tax": l.Tax, "currency": l.Currency, "date": l.Date, "vendor": l.Vendor, "category": l.Category, "payment": l.PaymentMethod, "order": l.OrderNumber,
	} {
		if value != "" {
			t.fields[measure] = value
		}
	}
	return t
}

// groupOf is the one a mail of a folder is counted in.
func groupOf(l mailset.Label) string {
	if l.HeldOut {
		return "heldout"
	}
	return "tuned"
}

// load reads a folder of mails.
func load(dir string) ([]truth, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.eml"))
	if err != nil || len(files) == 0 {
		return nil, errors.Join(err, fmt.Errorf("no *.eml in %q", dir))
	}
	together, err := labelsOf(dir)
	if err != nil {
		return nil, err
	}
	var all []truth
	for _, file := range files {
		raw, err := os.ReadFile(file) //nolint:gosec // the person at the keyboard names the folder
		if err != nil {
			return nil, err
		}
		base := strings.TrimSuffix(file, ".eml")
		if l, ok := together[filepath.Base(base)]; ok {
			all = append(all, truthOf(mailset.Mail{Name: filepath.Base(base), Raw: raw, Label: l}, groupOf(l)))
			continue
		}
		data, err := os.ReadFile(base + ".json") //nolint:gosec // as above
		if err != nil {
			return nil, err
		}
		var l mailset.Label
		if err := json.Unmarshal(data, &l); err != nil {
			return nil, fmt.Errorf("%s.json: %w", base, err)
		}
		all = append(all, truthOf(mailset.Mail{Name: filepath.Base(base), Raw: raw, Label: l}, groupOf(l)))
	}
	return all, nil
}

// labelsOf reads the labels of a folder that has them in one file: a list of names and labels.
func labelsOf(dir string) (map[string]mailset.Label, error) {
	data, err := os.ReadFile(filepath.Join(dir, "labels.json")) //nolint:gosec // the person at the keyboard names the folder
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil //nolint:nilnil // there may be none
	}
	if err != nil {
		return nil, err
	}
	var list []struct {
		Name  string        `json:"name"`
		Label mailset.Label `json:"label"`
	}
	if err := json.Unmarshal(data, &list); err != nil {
		return nil, fmt.Errorf("labels.json: %w", err)
	}
	all := map[string]mailset.Label{}
	for _, l := range list {
		all[strings.TrimSuffix(l.Name, ".eml")] = l.Label
	}
	return all, nil
}
