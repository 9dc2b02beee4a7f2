package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"github.com/airlock-run/airlock/bus"
)

// entryFilter is which entries a command is about.
type entryFilter struct {
	kind, prefix, since, until, sort string
	where                            []string
}

func (e *entryFilter) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&e.kind, "type", "", "only entries of this type, such as receipt; default: any")
	f.StringVar(&e.kind, "kind", "", "the same as --type; default: any")
	f.StringVar(&e.prefix, "path", "", "only entries whose path begins so; default: any")
	f.StringVar(&e.since, "since", "", "only entries whose metadata field date is this day or later, such as 2026-01-31; default: any")
	f.StringVar(&e.until, "until", "", "only entries whose metadata field date is this day or before; default: any")
	f.StringArrayVar(&e.where, "where", nil,
		"only entries whose metadata fits: FIELD=VALUE, or >, >=, <, <= instead of =, or ^= for a beginning; may be given again; default: any")
	f.StringVar(&e.sort, "sort", "path", "path, created_at, updated_at, or metadata.FIELD of a field that is indexed; with - in front the last first")
}

// operators are those of --where, the longer ones before those they begin with.
var operators = []struct{ sign, op string }{{">=", "gte"}, {"<=", "lte"}, {"^=", "prefix"}, {"=", "eq"}, {">", "gt"}, {"<", "lt"}}

type fieldFilter struct {
	Field string `json:"field"`
	Op    string `json:"op"`
	Value any    `json:"value"`
}

// filters are what the metadata has to fit.
func (e *entryFilter) filters() ([]fieldFilter, error) {
	filters := []fieldFilter{}
	for _, day := range []struct{ flag, text, op string }{{"since", e.since, "gte"}, {"until", e.until, "lte"}} {
		if day.text == "" {
			continue
		}
		if _, err := time.Parse(time.DateOnly, day.text); err != nil {
			return nil, usageError{fmt.Errorf("--%s %q: want a day such as 2026-01-31", day.flag, day.text)}
		}
		filters = append(filters, fieldFilter{"date", day.op, day.text})
	}
	for _, text := range e.where {
		filter, err := parseWhere(text)
		if err != nil {
			return nil, err
		}
		filters = append(filters, filter)
	}
	return filters, nil
}

// parseWhere reads FIELD=VALUE. A value that is a number, true or false is one; quotes make it text.
func parseWhere(text string) (filter fieldFilter, err error) {
	at := strings.IndexAny(text, "=<>^")
	if at < 1 {
		return filter, usageError{fmt.Errorf("--where %q: want FIELD=VALUE, such as category=dining or total>=50", text)}
	}
	for _, o := range operators {
		value, found := strings.CutPrefix(text[at:], o.sign)
		if !found {
			continue
		}
		filter = fieldFilter{text[:at], o.op, value}
		var known any
		decoder := json.NewDecoder(strings.NewReader(value))
		decoder.UseNumber()
		if err := decoder.Decode(&known); err == nil && !decoder.More() {
			switch known.(type) {
			case json.Number, bool, string:
				filter.Value = known
			}
		}
		return filter, nil
	}
	return filter, usageError{fmt.Errorf("--where %q: want =, >, >=, <, <= or ^= between field and value", text)}
}

// page asks for some of the entries, from after on.
func (e *entryFilter) page(ctx context.Context, conn *bus.Conn, library uuid.UUID, after string, limit int) (page entryPage, err error) {
	filters, err := e.filters()
	if err != nil {
		return page, err
	}
	in := map[string]any{"entry_type": e.kind, "path_prefix": e.prefix, "after": after, "limit": limit, "filters": filters, "sort": e.sort}
	return page, operate(ctx, conn, "query:vdfs.list_entries", library, in, &page)
}

// all asks for all entries, and has each looked at.
func (e *entryFilter) all(ctx context.Context, conn *bus.Conn, library uuid.UUID, look func(entry) error) error {
	for after := ""; ; {
		page, err := e.page(ctx, conn, library, after, 500)
		if err != nil {
			return err
		}
		for _, found := range page.Entries {
			if err := look(found); err != nil {
				return err
			}
		}
		if page.Next == "" {
			return nil
		}
		if page.Next == after {
			return errors.New("the list does not go on")
		}
		after = page.Next
	}
}
