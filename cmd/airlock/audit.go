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

// auditQuery is what the flags of the audit command say.
type auditQuery struct {
	filter                        bus.AuditFilter
	library, job                  string
	since, until                  timeValue
	limit                         int
	before                        uint64
	denied, allowed, acts, follow bool
}

func (c *cli) auditCommand() *cobra.Command {
	q := &auditQuery{}
	cmd := &cobra.Command{
		Use: "audit", Short: "Show who did what, and was refused what, newest first", Args: cobra.NoArgs,
		Long: `Show the audit, newest first: each call that the door refused, each action that was sent, each use of a credential, reads as counts, and
what people did. With --follow it shows what comes from now on, until it is interrupted; with --json each record is a line of its own.`,
		Example: `  airlock audit --denied --extension finance --since 24h
  airlock audit --job 0190a5d0-4d6a-7c2e-b5a4-1f0e8d6c3b2a --json
  airlock audit --follow --operation action:vdfs.write_sidecar`,
	}
	q.since.ago, q.until.ago = true, true
	f := cmd.Flags()
	f.StringVar(&q.filter.Extension, "extension", "", "only records of this extension; default: any")
	f.StringVar(&q.library, "library", "", "only records about this library; default: any")
	f.StringVar(&q.job, "job", "", "only records of the job of this id; default: any")
	f.StringVar(&q.filter.Method, "operation", "", "only records of this operation, such as ai.ocr, action:vdfs.write_sidecar or extension.load; default: any")
	f.BoolVar(&q.denied, "denied", false, "only what was refused")
	f.BoolVar(&q.allowed, "allowed", false, "only calls that were let through")
	f.BoolVar(&q.acts, "acts", false, "only what people did")
	f.Var(&q.since, "since", `only records of this time or later, such as 2026-12-24, "2026-12-24 18:00" or 24h for a day ago; default: any`)
	f.Var(&q.until, "until", "only records before this time; default: any")
	f.IntVar(&q.limit, "limit", 50, "how many")
	f.Uint64Var(&q.before, "before", 0, "go on before a place, as the page before says; default: with the newest")
	f.BoolVar(&q.follow, "follow", false, "show what comes, not what there is")
	c.jsonFlag(cmd)
	cmd.MarkFlagsMutuallyExclusive("denied", "allowed", "acts")
	for _, paged := range []string{"limit", "before", "since", "until"} {
		cmd.MarkFlagsMutuallyExclusive("follow", paged)
	}
	cmd.RunE = c.withConn(func(ctx context.Context, conn *bus.Conn, _ []string) error {
		if err := q.check(); err != nil {
			return usageError{err}
		}
		if q.follow {
			return conn.FollowAudit(ctx, q.filter, nil, c.printRecord)
		}
		return c.auditPages(ctx, conn, q)
	})
	return cmd
}

// check completes the filter.
func (q *auditQuery) check() (err error) {
	if q.library != "" {
		if q.filter.Library, err = uuid.Parse(q.library); err != nil {
			return fmt.Errorf("--library %q is no library id, want a UUID", q.library)
		}
	}
	if q.job != "" {
		if q.filter.Job, err = uuid.Parse(q.job); err != nil {
			return fmt.Errorf("--job %q is no job id, want a UUID", q.job)
		}
	}
	if strings.ContainsAny(q.filter.Extension, " *>_") {
		return fmt.Errorf("--extension %q is no extension id", q.filter.Extension)
	}
	if q.limit < 1 {
		return errors.New("--limit must be 1 or more")
	}
	switch {
	case q.denied:
		q.filter.Decision = bus.AuditDenied
	case q.allowed:
		q.filter.Decision = bus.AuditAllowed
	case q.acts:
		q.filter.Decision = bus.AuditAct
	}
	q.filter.Since, q.filter.Until = q.since.Time, q.until.Time
	return nil
}

// mostRecords is how many records are read at once.
const mostRecords = 1000

func (c *cli) auditPages(ctx context.Context, conn *bus.Conn, q *auditQuery) error {
	next := q.before
	for left := q.limit; left > 0; {
		page, more, err := conn.AuditPage(ctx, q.filter, next, min(left, mostRecords))
		if err != nil {
			return err
		}
		for _, r := range page {
			if err := c.printRecord(r); err != nil {
				return err
			}
		}
		left -= len(page)
		if next = more; next == 0 {
			return nil
		}
	}
	_, _ = fmt.Fprintf(c.stderr, "more: --before %d\n", next)
	return nil
}

// printRecord prints a record: as a line of JSON, or for people.
func (c *cli) printRecord(r bus.AuditEntry) error {
	if c.json {
		lines := json.NewEncoder(c.stdout)
		lines.SetEscapeHTML(false)
		if err := lines.Encode(r); err != nil {
			return fmt.Errorf("print: %w", err)
		}
		return nil
	}
	c.printf("%s  %s\n", r.At.Local().Format(time.DateTime+".000"), strings.Join(told(r), "  "))
	return nil
}

// told are the words of a record, for people. They come over the bus, so nothing of them reaches the terminal as it is.
func told(r bus.AuditEntry) []string {
	words := []string{fmt.Sprintf("%-7s", r.Decision)}
	say := func(when bool, format string, args ...any) {
		if when {
			words = append(words, printable(fmt.Sprintf(format, args...)))
		}
	}
	say(r.Decision == bus.AuditAct, "%s", r.By)
	say(r.Extension != "" && r.JobName == "", "%s", r.Extension)
	say(r.JobName != "", "%s:%s", r.Extension, r.JobName)
	say(r.Method() != "", "%s", r.Method())
	say(r.Method() == "" && r.Decision == bus.AuditDenied, "what is no method")
	say(r.Detail != "", "%s", r.Detail)
	say(r.Count > 1, "%d times", r.Count)
	say(r.Credential != "", "credential %s", r.Credential)
	say(r.Code != "", "%s", r.Code)
	say(r.Rule != "", "by %q", r.Rule)
	say(r.MS > 0, "%.1f ms", r.MS)
	say(r.Job != uuid.Nil, "job %s", r.Job)
	say(r.Library != uuid.Nil, "library %s", r.Library)
	return words
}
