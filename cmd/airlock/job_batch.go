package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/google/uuid"

	"github.com/airlock-run/airlock/client"
)

// batchLine is a line of the file that --batch names.
type batchLine struct {
	Job       string          `json:"job"`
	ID        uuid.UUID       `json:"id"`
	Library   uuid.UUID       `json:"library"`
	Input     json.RawMessage `json:"input"`
	Priority  client.Priority `json:"priority"`
	In        string          `json:"in"`
	At        string          `json:"at"`
	ExpiresIn string          `json:"expires_in"`
	ExpiresAt string          `json:"expires_at"`
	Unique    string          `json:"unique"`
	UniqueFor string          `json:"unique_for"`
	Attempts  int             `json:"attempts"`
	Timeout   string          `json:"timeout"`
}

// job is the line's job. What the line leaves out is as in job.
func (l *batchLine) job(job client.Job) (client.Job, error) {
	set := func(to *string, text string) {
		if text != "" {
			*to = text
		}
	}
	set(&job.Name, l.Job)
	set((*string)(&job.Priority), string(l.Priority))
	set(&job.Unique, l.Unique)
	job.ID = l.ID
	if l.Library != uuid.Nil {
		job.Library = l.Library
	}
	if len(l.Input) > 0 && string(l.Input) != "null" {
		job.Input = l.Input
	}
	if l.Attempts != 0 {
		job.MaxAttempts = l.Attempts
	}
	if l.In != "" || l.At != "" {
		job.In, job.At = 0, time.Time{}
	}
	if l.ExpiresIn != "" || l.ExpiresAt != "" {
		job.ExpiresAt = time.Time{}
	}
	var expiresIn time.Duration
	for name, field := range map[string]struct {
		text string
		to   *time.Duration
	}{
		"in": {l.In, &job.In}, "expires_in": {l.ExpiresIn, &expiresIn}, "unique_for": {l.UniqueFor, &job.UniqueFor}, "timeout": {l.Timeout, &job.Timeout},
	} {
		if field.text == "" {
			continue
		}
		d, err := time.ParseDuration(field.text)
		if err != nil {
			return job, fmt.Errorf("%s is %q, want a duration such as 5m", name, field.text)
		}
		*field.to = d
	}
	for name, field := range map[string]struct {
		text string
		to   *time.Time
	}{"at": {l.At, &job.At}, "expires_at": {l.ExpiresAt, &job.ExpiresAt}} {
		if field.text == "" {
			continue
		}
		at, err := parseTime(field.text)
		if err != nil {
			return job, fmt.Errorf("%s: %w", name, err)
		}
		*field.to = at
	}
	if expiresIn != 0 {
		if l.ExpiresAt != "" {
			return job, errors.New("it has expires_in and expires_at, want one of them")
		}
		job.ExpiresAt = time.Now().Add(expiresIn)
	}
	return job, nil
}

// batch is the jobs of a file, and the line of each.
type batch struct {
	name  string
	jobs  []client.Job
	lines []int
}

// at says where in the file something is.
func (b *batch) at(line int, err error) error {
	return fmt.Errorf("%s:%d: %s; nothing was enqueued", b.name, line, sentence(err))
}

// readBatch reads and checks all jobs of a file.
func (c *cli) readBatch(ctx context.Context, airlock *client.Client, s *submission) (*batch, error) {
	b := &batch{name: s.batch}
	from := c.stdin
	if s.batch == "-" {
		b.name = "standard input"
	} else {
		file, err := os.Open(s.batch)
		if err != nil {
			return nil, err //nolint:wrapcheck // it names the file
		}
		defer func() { _ = file.Close() }()
		from = file
	}
	type place struct {
		name, key string
		library   uuid.UUID
	}
	keys := map[place]int{}
	lines := bufio.NewReaderSize(from, 1<<16)
	for n := 1; ; n++ {
		text, err := lines.ReadBytes('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("read %s: %w", b.name, err)
		}
		last := err != nil
		if text = bytes.TrimSpace(text); len(text) > 0 {
			job, err := readLine(ctx, airlock, text, s.job)
			if err != nil {
				return nil, b.at(n, err)
			}
			if job.Unique != "" {
				at := place{job.Name, job.Unique, job.Library}
				if before := keys[at]; before > 0 {
					return nil, b.at(n, fmt.Errorf("line %d has the unique key %q too", before, job.Unique))
				}
				keys[at] = n
			}
			b.jobs, b.lines = append(b.jobs, job), append(b.lines, n)
		}
		if last {
			return b, nil
		}
	}
}

// readLine reads and checks the job of a line, and gives it its id.
func readLine(ctx context.Context, airlock *client.Client, text []byte, defaults client.Job) (client.Job, error) {
	var line batchLine
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&line); err != nil {
		return client.Job{}, fmt.Errorf("it is no job: %w", err)
	}
	if decoder.More() {
		return client.Job{}, errors.New("there is more than one job on the line")
	}
	job, err := line.job(defaults)
	if err != nil {
		return client.Job{}, err
	}
	prepared, err := airlock.Prepare(ctx, job)
	if err != nil {
		return client.Job{}, err
	}
	job.ID = prepared.ID
	return job, nil
}

func (c *cli) submitBatch(ctx context.Context, airlock *client.Client, s *submission) error {
	b, err := c.readBatch(ctx, airlock, s)
	if err != nil {
		return err
	}
	if len(b.jobs) > client.MaxBatch {
		_, _ = fmt.Fprintf(c.stderr, "%d jobs: %d at a time are enqueued together or not at all\n", len(b.jobs), client.MaxBatch)
	}
	ids, enqueueing := airlock.EnqueueMany(ctx, b.jobs)
	if c.json {
		out := struct {
			Jobs []submitted `json:"jobs"`
		}{make([]submitted, len(ids))}
		for i, id := range ids {
			out.Jobs[i] = submitted{ID: id, Name: b.jobs[i].Name, Library: b.jobs[i].Library}
		}
		if err := c.printJSON(out); err != nil {
			return err
		}
	} else {
		for _, id := range ids {
			c.printf("%s\n", id)
		}
	}
	if enqueueing != nil {
		return b.stopped(len(ids), enqueueing)
	}
	return nil
}

// stopped says how far enqueueing came.
func (b *batch) stopped(kept int, err error) error {
	came := "nothing was enqueued"
	if kept > 0 {
		came = fmt.Sprintf("the %d jobs up to line %d are enqueued, and no more", kept, b.lines[kept-1])
	}
	duplicate, ok := errors.AsType[*client.DuplicateError](err)
	if !ok {
		if errors.Is(err, client.ErrUnavailable) {
			came += " for certain"
		}
		return fmt.Errorf("%s; %s", sentence(err), came)
	}
	for i := kept; i < len(b.jobs); i++ {
		if b.jobs[i].Unique == duplicate.Key {
			return fmt.Errorf("%s:%d: job %s holds the unique key %q already; %s", b.name, b.lines[i], duplicate.Job, duplicate.Key, came)
		}
	}
	return fmt.Errorf("job %s holds the unique key %q already; %s", duplicate.Job, duplicate.Key, came)
}
