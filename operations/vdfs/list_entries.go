package vdfs

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/operations/store"
)

const (
	defaultLimit = 50
	maxLimit     = 500
	// maxPage ends a page early, so that it fits a message whatever the size of the metadata in it.
	maxPage = 2 << 20
)

type listInput struct {
	// PathPrefix is the beginning of paths, as text: /mail/ is what is below /mail, and /mail is also /mailbox.
	PathPrefix string `json:"path_prefix"`
	EntryType  string `json:"entry_type"`
	After      string `json:"after"`
	Limit      int    `json:"limit"`
}

type listOutput struct {
	Entries []*entry `json:"entries"`
	// Next is the after of the next page; left out on the last one.
	Next string `json:"next,omitempty"`
}

// errPageFull ends a page before its limit of entries.
var errPageFull = errors.New("page is full")

func (c *catalogue) listEntries(ctx context.Context, call *bus.Call, in listInput) (out listOutput, err error) {
	if in.Limit == 0 {
		in.Limit = defaultLimit
	}
	if in.Limit < 1 || in.Limit > maxLimit {
		return out, bus.Errorf(bus.InvalidArgument, "limit is %d, want 1 to %d", in.Limit, maxLimit)
	}
	for field, text := range map[string]string{"path_prefix": in.PathPrefix, "entry_type": in.EntryType, "after": in.After} {
		if len(text) > maxPath {
			return out, bus.Errorf(bus.InvalidArgument, "%s is %d bytes, at most %d are possible", field, len(text), maxPath)
		}
		if err := checkText(field, text); err != nil {
			return out, err
		}
	}
	err = c.db.Read(ctx, func(tx *store.Tx) error {
		out = listOutput{Entries: []*entry{}}
		query, args := in.query(call.Library.String())
		size := 0
		err := tx.Query(ctx, func(scan func(...any) error) error {
			e, err := scanEntry(scan)
			if err != nil {
				return err
			}
			size += len(e.Metadata) + len(e.Path) + len(e.Name)
			if len(out.Entries) == in.Limit || size > maxPage && len(out.Entries) > 0 {
				out.Next = out.Entries[len(out.Entries)-1].Path
				return errPageFull
			}
			out.Entries = append(out.Entries, e)
			return nil
		}, query, args...)
		if err != nil && !errors.Is(err, errPageFull) {
			return fmt.Errorf("list entries: %w", err)
		}
		return addSidecars(ctx, tx, call.Library, out.Entries)
	})
	return out, err
}

// query asks for one entry more than the limit, which tells whether there is a next page.
func (in listInput) query(library string) (string, []any) {
	where, args := []string{"library_id = $1"}, []any{library}
	add := func(condition string, value string) {
		args = append(args, value)
		where = append(where, condition+" $"+strconv.Itoa(len(args)))
	}
	if in.PathPrefix != "" {
		add("path >=", in.PathPrefix)
		if end := pathRange(in.PathPrefix); end != "" {
			add("path <", end)
		}
	}
	if in.EntryType != "" {
		add("entry_type =", in.EntryType)
	}
	if in.After != "" {
		add("path >", in.After)
	}
	return `SELECT ` + entryColumns + ` FROM entries WHERE ` + strings.Join(where, " AND ") +
		` ORDER BY path LIMIT ` + strconv.Itoa(in.Limit+1), args
}
