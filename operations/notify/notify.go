package notify

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/operations"
	"github.com/airlock-run/airlock/operations/store"
)

const (
	// MaxKept is how many notifications a library keeps: older ones go, those that were read first.
	MaxKept = 10_000
	// maxTitle and maxText bound one, in bytes.
	maxTitle = 200
	maxText  = 4 << 10
)

// Levels say how much it matters.
var levels = map[string]bool{"info": true, "warning": true, "error": true}

// Operations returns the operations of this domain.
func Operations(db *store.DB) []operations.Operation {
	k := &keeper{db}
	return []operations.Operation{
		operations.Action("notify.send", k.send, operations.Describe("tells the people of the library something"),
			operations.Sample(`{"title": "A receipt wants a look", "text": "The total could not be read.", "level": "warning"}`)),
	}
}

type keeper struct{ db *store.DB }

type sendInput struct {
	Title string `json:"title" jsonschema:"a line of 1 to 200 bytes"`
	Text  string `json:"text,omitempty" jsonschema:"more of it, at most 4096 bytes"`
	Level string `json:"level,omitempty" jsonschema:"info, warning or error, default info" schema:"default=info"`
	Entry string `json:"entry_id,omitempty" jsonschema:"id of the entry it is about"`
}

type sent struct {
	ID uuid.UUID `json:"notification_id" jsonschema:"id of the notification"`
}

func (in *sendInput) check() error {
	if in.Level == "" {
		in.Level = "info"
	}
	entry, err := uuid.Parse(in.Entry)
	switch {
	case strings.TrimSpace(in.Title) == "" || len(in.Title) > maxTitle || strings.ContainsAny(in.Title, "\r\n"):
		return bus.Errorf(bus.InvalidArgument, "title is one line of 1 to %d bytes", maxTitle)
	case len(in.Text) > maxText:
		return bus.Errorf(bus.InvalidArgument, "text has %d bytes, at most %d are possible", len(in.Text), maxText)
	case !levels[in.Level]:
		return bus.Errorf(bus.InvalidArgument, "level %.40q: want info, warning or error", in.Level)
	case in.Entry != "" && (err != nil || entry.String() != in.Entry):
		return bus.Errorf(bus.InvalidArgument, "entry_id %.80q is no id of an entry, want a UUID", in.Entry)
	case !utf8.ValidString(in.Title+in.Text) || strings.ContainsRune(in.Title+in.Text, 0):
		return bus.Errorf(bus.InvalidArgument, "title and text are UTF-8 without NUL")
	}
	return nil
}

func (k *keeper) send(ctx context.Context, tx *store.Tx, call *bus.Call, in sendInput) (sent, error) {
	if err := in.check(); err != nil {
		return sent{}, err
	}
	id := uuid.Must(uuid.NewV7())
	_, err := tx.Exec(ctx, `INSERT INTO notifications (library_id, id, extension, job_id, level, title, body, entry_id, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		call.Library.String(), id.String(), call.Extension, call.Job.String(), in.Level, in.Title, in.Text, in.Entry, store.Micros(time.Now()))
	if err != nil {
		return sent{}, fmt.Errorf("keep notification: %w", err)
	}
	var kept int
	if err := tx.QueryRow(ctx, `SELECT COUNT(*) FROM notifications WHERE library_id = $1`, call.Library.String()).Scan(&kept); err != nil {
		return sent{}, fmt.Errorf("count notifications: %w", err)
	}
	if kept > MaxKept { // ids are in the order of time
		_, err = tx.Exec(ctx, `DELETE FROM notifications WHERE library_id = $1 AND id IN
			(SELECT id FROM notifications WHERE library_id = $1 AND id <> $2 ORDER BY CASE WHEN read_at > 0 THEN 0 ELSE 1 END, id LIMIT $3)`,
			call.Library.String(), id.String(), kept-MaxKept)
		if err != nil {
			return sent{}, fmt.Errorf("remove old notifications: %w", err)
		}
	}
	return sent{id}, nil
}
