package jobs

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/operations"
	"github.com/airlock-run/airlock/operations/store"
)

const (
	defaultLimit = 50
	maxLimit     = 500
)

// Job is a line of the list.
type Job struct {
	ID        uuid.UUID    `json:"id"`
	Extension string       `json:"extension"`
	Name      string       `json:"job"`
	Library   uuid.UUID    `json:"library"`
	Priority  bus.Priority `json:"priority,omitempty"`
	State     bus.State    `json:"state"`
	// Attempt is the newest attempt that left a record, 0 for none.
	Attempt    uint64    `json:"attempt"`
	Failures   int       `json:"failures"`
	CreatedAt  time.Time `json:"created_at"`
	Due        time.Time `json:"due,omitzero"`
	StartedAt  time.Time `json:"started_at,omitzero"`
	FinishedAt time.Time `json:"finished_at,omitzero"`
	// Error is the newest failure's, cut at 1 KiB; empty for a job that completed.
	Error    string  `json:"error,omitempty"`
	Progress float64 `json:"progress"`
	Message  string  `json:"message,omitempty"`
}

// ListRequest is what airlock.api.jobs.list takes. Empty fields do not filter.
type ListRequest struct {
	State     bus.State `json:"state,omitempty"`
	Extension string    `json:"extension,omitempty"`
	Name      string    `json:"job,omitempty"`
	Library   string    `json:"library,omitempty"`
	// Limit is 1 to 500. Default 50.
	Limit int `json:"limit,omitempty"`
	// After is the Next of the page before.
	After string `json:"after,omitempty"`
}

// ListResponse is what airlock.api.jobs.list answers: jobs, newest first.
type ListResponse struct {
	Jobs []Job `json:"jobs"`
	// Next is the After of the next page; empty on the last one.
	Next string `json:"next,omitempty"`
}

const jobColumns = `id, extension, name, library_id, priority, state, attempt, failures, created_at, due, started_at,
	finished_at, error, progress, message`

func scanJob(scan func(...any) error, now time.Time, more ...any) (Job, error) {
	var job Job
	var id, library string
	var created, due, started, finished int64
	err := scan(append([]any{
		&id, &job.Extension, &job.Name, &library, &job.Priority, &job.State, &job.Attempt, &job.Failures, &created, &due, &started,
		&finished, &job.Error, &job.Progress, &job.Message,
	}, more...)...)
	if err != nil {
		return job, err
	}
	if job.ID, err = uuid.Parse(id); err != nil {
		return job, fmt.Errorf("read job: %w", err)
	}
	if job.Library, err = uuid.Parse(library); err != nil {
		return job, fmt.Errorf("read job: %w", err)
	}
	job.CreatedAt, job.Due = store.Time(created), store.Time(due)
	job.StartedAt, job.FinishedAt = store.Time(started), store.Time(finished)
	// The stream makes a scheduled job available when it is due, and writes no record of it.
	if job.State == bus.StateScheduled && !job.Due.After(now) {
		job.State = bus.StateAvailable
	}
	return job, nil
}

func (j *Jobs) list(ctx context.Context, request json.RawMessage) (any, error) {
	in, err := operations.Decode[ListRequest](request)
	if err != nil {
		return nil, err
	}
	if in.Limit == 0 {
		in.Limit = defaultLimit
	}
	now := time.Now()
	query, args, err := in.query(now)
	if err != nil {
		return nil, err
	}
	var out ListResponse
	err = j.db.Read(ctx, func(tx *store.Tx) error {
		out = ListResponse{Jobs: []Job{}}
		return tx.Query(ctx, func(scan func(...any) error) error {
			job, err := scanJob(scan, now)
			if err != nil {
				return err
			}
			if len(out.Jobs) == in.Limit {
				last := out.Jobs[in.Limit-1]
				out.Next = cursor(last.CreatedAt, last.ID)
				return nil
			}
			out.Jobs = append(out.Jobs, job)
			return nil
		}, query, args...)
	})
	if err != nil {
		return nil, fmt.Errorf("list jobs: %w", err)
	}
	return out, nil
}

// query asks for one job more than the limit, which tells whether there is a next page.
func (in ListRequest) query(now time.Time) (query string, args []any, err error) {
	if in.Limit < 1 || in.Limit > maxLimit {
		return "", nil, bus.Errorf(bus.InvalidArgument, "limit is %d, want 1 to %d", in.Limit, maxLimit)
	}
	where := []string{"1 = 1"}
	add := func(condition string, values ...any) {
		for _, v := range values {
			args = append(args, v)
			condition = strings.Replace(condition, "?", "$"+strconv.Itoa(len(args)), 1)
		}
		where = append(where, condition)
	}
	switch {
	case in.State == "":
	case !slices.Contains(states, in.State):
		return "", nil, bus.Errorf(bus.InvalidArgument, "there is no state %.64q; want one of %v", string(in.State), states)
	case in.State == bus.StateAvailable:
		add("(state = ? OR state = ? AND due <= ?)", string(in.State), string(bus.StateScheduled), store.Micros(now))
	case in.State == bus.StateScheduled:
		add("state = ? AND due > ?", string(in.State), store.Micros(now))
	default:
		add("state = ?", string(in.State))
	}
	if in.Extension != "" {
		add("extension = ?", plain(in.Extension))
	}
	if in.Name != "" {
		add("name = ?", plain(in.Name))
	}
	if in.Library != "" {
		library, err := uuid.Parse(in.Library)
		if err != nil {
			return "", nil, bus.Errorf(bus.InvalidArgument, "library %.64q is no UUID", in.Library)
		}
		add("library_id = ?", library.String())
	}
	if in.After != "" {
		at, id, err := parseCursor(in.After)
		if err != nil {
			return "", nil, err
		}
		add("(created_at, id) < (?, ?)", at, id.String())
	}
	return `SELECT ` + jobColumns + ` FROM jobs WHERE ` + strings.Join(where, " AND ") +
		` ORDER BY created_at DESC, id DESC LIMIT ` + strconv.Itoa(in.Limit+1), args, nil
}

var states = []bus.State{
	bus.StateScheduled, bus.StateAvailable, bus.StateRunning, bus.StateWaiting,
	bus.StateCompleted, bus.StateCancelled, bus.StateExpired, bus.StateDead,
}

// cursor names a place in the list: after the job of this time and id.
func cursor(created time.Time, id uuid.UUID) string {
	return strconv.FormatInt(store.Micros(created), 10) + "." + id.String()
}

func parseCursor(text string) (int64, uuid.UUID, error) {
	micros, id, _ := strings.Cut(text, ".")
	at, err := strconv.ParseInt(micros, 10, 64)
	if err != nil {
		return 0, uuid.Nil, bus.Errorf(bus.InvalidArgument, "after %.64q is not the next of a page", text)
	}
	parsed, err := uuid.Parse(id)
	if err != nil {
		return 0, uuid.Nil, bus.Errorf(bus.InvalidArgument, "after %.64q is not the next of a page", text)
	}
	return at, parsed, nil
}
