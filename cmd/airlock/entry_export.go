package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math/big"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/airlock-run/airlock/bus"
)

func (c *cli) exportEntriesCommand() *cobra.Command {
	filter := &entryFilter{}
	var format, sum, by string
	var columns []string
	cmd := &cobra.Command{
		Use: "export FILE", Short: "Write entries as CSV or JSON, - for standard output", Args: oneArg("the file to write, or -"),
		Long: `Write entries with their metadata as CSV, for spreadsheets, or as JSON lines. With --sum the sum of a field is told as well, of each value of
another field; entries that are duplicates of others (metadata field duplicate_of) are not counted.

Texts that a spreadsheet would take for a formula get a ' in front in CSV: they come from whoever wrote the mail.`,
		Example: `  airlock entry export receipts.csv --kind receipt --since 2026-01-01 --columns date,vendor,amount,currency,category
  airlock entry export - --kind receipt --where category=dining --format json
  airlock entry export - --kind receipt --sum amount --by currency`,
	}
	filter.flags(cmd)
	f := cmd.Flags()
	f.StringVar(&format, "format", "csv", "csv or json")
	f.StringSliceVar(&columns, "columns", nil, "metadata fields to write, and path, name, id; default: path and all fields there are")
	f.StringVar(&sum, "sum", "", "field whose sum to tell, such as amount; default: none")
	f.StringVar(&by, "by", "", "field by whose values to sum, such as currency; default: none")
	library := libraryFlag(cmd)
	c.jsonFlag(cmd)
	cmd.RunE = c.withConn(func(ctx context.Context, conn *bus.Conn, args []string) (err error) {
		if format != "csv" && format != "json" {
			return usageError{fmt.Errorf("--format %q: want csv or json", format)}
		}
		var found []map[string]string
		var lines bytes.Buffer
		sums := sums{field: sum, by: by, totals: map[string]*big.Rat{}, decimals: map[string]int{}}
		err = filter.all(ctx, conn, library.UUID, func(e entry) error {
			fields := flat(e)
			sums.add(fields)
			found = append(found, fields)
			return json.NewEncoder(&lines).Encode(e)
		})
		if err != nil {
			return err
		}
		out := c.stdout
		if args[0] != "-" {
			file, err := os.OpenFile(args[0], os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
			if err != nil {
				return err
			}
			defer func() { err = cmp.Or(err, file.Close()) }()
			out = file
		}
		if format == "json" {
			_, err = out.Write(lines.Bytes())
		} else {
			err = writeCSV(out, columns, found)
		}
		if err != nil {
			return fmt.Errorf("write entries: %w", err)
		}
		return c.tellExport(args[0], len(found), sums)
	})
	return cmd
}

// tellExport tells what was written, where it does not go between the lines.
func (c *cli) tellExport(file string, entries int, s sums) error {
	told := s.told()
	switch {
	case file == "-":
		for _, line := range told {
			_, _ = fmt.Fprintln(c.stderr, line)
		}
	case c.json:
		return c.printJSON(map[string]any{"file": file, "entries": entries, "sums": s.texts()})
	default:
		c.printf("%d entries are in %s\n", entries, file)
		for _, line := range told {
			c.printf("%s\n", line)
		}
	}
	return nil
}

// flat are the fields of an entry as text.
func flat(e entry) map[string]string {
	var metadata map[string]json.RawMessage
	_ = json.Unmarshal(e.Metadata, &metadata) // what is no object has no fields
	fields := map[string]string{}
	for name, value := range metadata {
		var text string
		if json.Unmarshal(value, &text) != nil {
			text = string(value)
		}
		fields[name] = text
	}
	fields["path"], fields["name"], fields["id"] = e.Path, e.Name, e.ID.String()
	return fields
}

func writeCSV(out io.Writer, columns []string, entries []map[string]string) error {
	if len(columns) == 0 {
		names := map[string]bool{}
		for _, fields := range entries {
			for name := range fields {
				names[name] = true
			}
		}
		for _, own := range []string{"path", "name", "id"} {
			delete(names, own)
		}
		columns = append([]string{"path"}, slices.Sorted(maps.Keys(names))...)
	}
	w := csv.NewWriter(out)
	if err := w.Write(columns); err != nil {
		return err
	}
	for _, fields := range entries {
		line := make([]string, len(columns))
		for i, column := range columns {
			line[i] = harmless(fields[column])
		}
		if err := w.Write(line); err != nil {
			return err
		}
	}
	w.Flush()
	return w.Error()
}

// harmless is a text that no spreadsheet takes for a formula: https://owasp.org/www-community/attacks/CSV_Injection.
func harmless(text string) string {
	if text == "" || !strings.ContainsRune("=+-@\t\r\n", rune(text[0])) {
		return text
	}
	if _, err := strconv.ParseFloat(text, 64); err == nil {
		return text
	}
	return "'" + text
}

// sums are the sums of a field, of each value of another. They are exact.
type sums struct {
	field, by string
	totals    map[string]*big.Rat
	decimals  map[string]int
}

func (s *sums) add(fields map[string]string) {
	text := fields[s.field]
	amount, ok := new(big.Rat).SetString(text)
	if s.field == "" || !ok || len(text) > 40 || strings.ContainsAny(text, "eE/_xX") || fields["duplicate_of"] != "" {
		return
	}
	of := fields[s.by]
	if s.by == "" {
		of = ""
	}
	if s.totals[of] == nil {
		s.totals[of] = new(big.Rat)
	}
	s.totals[of].Add(s.totals[of], amount)
	if _, fraction, found := strings.Cut(text, "."); found {
		s.decimals[of] = max(s.decimals[of], len(fraction))
	}
}

func (s *sums) texts() map[string]string {
	texts := map[string]string{}
	for of, total := range s.totals {
		texts[of] = total.FloatString(s.decimals[of])
	}
	return texts
}

func (s *sums) told() (lines []string) {
	texts := s.texts()
	for _, of := range slices.Sorted(maps.Keys(texts)) {
		lines = append(lines, strings.TrimSpace(fmt.Sprintf("sum of %s: %s %s", printable(s.field), texts[of], printable(of))))
	}
	return lines
}
