package notify

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/operations"
	"github.com/airlock-run/airlock/operations/store"
)

const (
	defaultPage = 50
	maxPage     = 500
)

// Filter is what airlock.api.notify.list is asked: notifications of a library, the newest first.
type Filter struct {
	Library   uuid.UUID `json:"library"`
	Extension string    `json:"extension,omitempty"`
	// All has those that were read, too.
	All    bool   `json:"all,omitempty"`
	Before string `json:"before,omitempty"`
	Limit  int    `json:"limit,omitempty"`
}

// Notification is one of a library.
type Notification struct {
	ID        uuid.UUID  `json:"id"`
	Extension string     `json:"extension"`
	Job       uuid.UUID  `json:"job_id"`
	Level     string     `json:"level"`
	Title     string     `json:"title"`
	Text      string     `json:"text,omitempty"`
	Entry     string     `json:"entry_id,omitempty"`
	CreatedAt time.Time  `json:"created_at"`
	ReadAt    *time.Time `json:"read_at,omitempty"`
}

// Page is some of them. An empty Next means there are no more.
type Page struct {
	Notifications []Notification `json:"notifications"`
	Next          string         `json:"next,omitempty"`
}

// Read marks notifications as read: those of IDs, or all of the library.
type Read struct {
	Library uuid.UUID   `json:"library"`
	IDs     []uuid.UUID `json:"ids,omitempty"`
	All     bool        `json:"all,omitempty"`
}

// Endpoints are what people ask: airlock.api.notify.list, read and erase.
func Endpoints(db *store.DB) []bus.Endpoint {
	k := &keeper{db}
	return []bus.Endpoint{
		bus.APIEndpoint("notify", "list", k.answerList), bus.APIEndpoint("notify", "read", k.answerRead),
		operations.EraseEndpoint("notify", db, "notifications"),
	}
}

func (k *keeper) answerList(ctx context.Context, request json.RawMessage) (any, error) {
	in, err := operations.Decode[Filter](request)
	if err != nil {
		return nil, err
	}
	if in.Limit == 0 {
		in.Limit = defaultPage
	}
	if in.Limit < 1 || in.Limit > maxPage {
		return nil, bus.Errorf(bus.InvalidArgument, "limit is %d, want 1 to %d", in.Limit, maxPage)
	}
	page := Page{}
	err = k.db.Read(ctx, func(tx *store.Tx) error {
		page = Page{Notifications: []Notification{}}
		return tx.Query(ctx, func(scan func(...any) error) error {
			var n Notification
			var id, job string
			var created, read int64
			if err := scan(&id, &n.Extension, &job, &n.Level, &n.Title, &n.Text, &n.Entry, &created, &read); err != nil {
				return err
			}
			if n.ID, err = uuid.Parse(id); err != nil {
				return fmt.Errorf("read id of notification: %w", err)
			}
			n.Job, _ = uuid.Parse(job)
			n.CreatedAt = store.Time(created)
			if read > 0 {
				at := store.Time(read)
				n.ReadAt = &at
			}
			page.Notifications = append(page.Notifications, n)
			return nil
		}, `SELECT id, extension, job_id, level, title, body, entry_id, created_at, read_at FROM notifications
			WHERE library_id = $1 AND ($2 = '' OR extension = $2) AND ($3 OR read_at = 0) AND ($4 = '' OR id < $4) ORDER BY id DESC LIMIT $5`,
			in.Library.String(), in.Extension, in.All, in.Before, in.Limit+1)
	})
	if err != nil {
		return nil, fmt.Errorf("list notifications: %w", err)
	}
	if len(page.Notifications) > in.Limit {
		page.Notifications = page.Notifications[:in.Limit]
		page.Next = page.Notifications[in.Limit-1].ID.String()
	}
	return page, nil
}

func (k *keeper) answerRead(ctx context.Context, request json.RawMessage) (any, error) {
	in, err := operations.Decode[Read](request)
	if err != nil {
		return nil, err
	}
	if in.All == (len(in.IDs) > 0) || len(in.IDs) > maxPage {
		return nil, bus.Errorf(bus.InvalidArgument, "want 1 to %d ids, or all", maxPage)
	}
	var read int64
	err = k.db.Write(ctx, func(tx *store.Tx) error {
		read = 0
		now := store.Micros(time.Now())
		if in.All {
			n, err := tx.Exec(ctx, `UPDATE notifications SET read_at = $1 WHERE library_id = $2 AND read_at = 0`, now, in.Library.String())
			read = n
			return err
		}
		for _, id := range in.IDs {
			n, err := tx.Exec(ctx, `UPDATE notifications SET read_at = $1 WHERE library_id = $2 AND id = $3 AND read_at = 0`, now, in.Library.String(), id.String())
			if err != nil {
				return err
			}
			read += n
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("mark notifications as read: %w", err)
	}
	return map[string]int64{"read": read}, nil
}
