package mail

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/google/uuid"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/operations/store"
)

// Arrived is the type of the event that tells of new mail. It may be told once too often, and what it says may be old: it is a reason to look.
// Its id is made of what it says, so that the same is told once.
const Arrived = "mail.arrived"

// Arrival is the data of Arrived.
type Arrival struct {
	Account     string `json:"account"`
	Mailbox     string `json:"mailbox"`
	UIDValidity uint32 `json:"uid_validity"`
	UIDNext     uint32 `json:"uid_next"`
}

// State is how an account stands.
type State struct {
	// Watched is when its mailbox was looked at last; Arrived what was told of it last.
	Watched *time.Time `json:"watched_at,omitempty"`
	Arrived *Arrival   `json:"arrived,omitempty"`
	// Error is why that failed; the next try is at Next.
	Error    string     `json:"error,omitempty"`
	Code     bus.Code   `json:"code,omitempty"`
	Failures int        `json:"failures,omitempty"`
	Next     *time.Time `json:"next_try,omitempty"`
}

const (
	// watchTime is how long an account is one watcher's, unless that renews it each claimPause.
	watchTime  = 30 * time.Second
	claimPause = 5 * time.Second
	// lookPause is after how long a mailbox is looked at that the server has told nothing of: RFC 2177 has IDLE begun anew after 29 minutes,
	// and routers forget connections before that.
	lookPause = 5 * time.Minute
	// pollPause is lookPause for servers without IDLE.
	pollPause = time.Minute
	// firstRetry is after how long what failed is tried again; it doubles up to lastRetry. What a person has to mend begins at slowRetry.
	firstRetry, slowRetry, lastRetry = 5 * time.Second, time.Minute, 15 * time.Minute
	// confirmTime bounds writing down how an account stands.
	confirmTime = 10 * time.Second
)

// Events is where events are published; *bus.Conn is one.
type Events interface {
	Publish(ctx context.Context, event *bus.Event) error
}

// Watch watches the mailboxes of all accounts that no other process watches, by IDLE where the server has it, and tells of new mail, until ctx
// ends. An account is watched by one process at a time: whose row says so.
func (s *Service) Watch(ctx context.Context, events Events) error {
	w := &watcher{service: s, events: events, name: uuid.NewString(), running: map[watchKey]context.CancelFunc{}}
	tick := time.NewTicker(claimPause)
	defer tick.Stop()
	for {
		if err := w.claim(ctx); err != nil && ctx.Err() == nil {
			s.config.Logger.WarnContext(ctx, "mail accounts cannot be read", "error", err)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			w.wg.Wait()
			return w.release(context.WithoutCancel(ctx))
		}
	}
}

// watchKey names an account as it was added last: whoever adds it once more wants it tried at once.
type watchKey struct {
	accountKey
	added int64
}

type watcher struct {
	service *Service
	events  Events
	name    string
	running map[watchKey]context.CancelFunc
	wg      sync.WaitGroup
}

// claim takes the accounts nobody watches, and gives up those that are gone, changed, or another's.
func (w *watcher) claim(ctx context.Context) error {
	now := time.Now()
	mine := map[watchKey]Account{}
	err := w.service.db.Write(ctx, func(tx *store.Tx) error {
		clear(mine)
		_, err := tx.Exec(ctx, `UPDATE mail_accounts SET watcher = $1, watcher_until = $2 WHERE watcher = $1 OR watcher_until < $3`,
			w.name, store.Micros(now.Add(watchTime)), store.Micros(now))
		if err != nil {
			return fmt.Errorf("claim mail accounts: %w", err)
		}
		return tx.Query(ctx, func(scan func(...any) error) error {
			var of, id, text, state string
			var added int64
			err := scan(&of, &id, &text, &state, &added)
			if err != nil {
				return err
			}
			a := Account{ID: id, State: &State{}}
			if a.Library, err = uuid.Parse(of); err == nil {
				err = errors.Join(json.Unmarshal([]byte(text), &a.Settings), json.Unmarshal([]byte(state), a.State))
			}
			if err != nil {
				return fmt.Errorf("read mail account %s: %w", id, err)
			}
			mine[watchKey{a.key(), added}] = a
			return nil
		}, `SELECT library_id, account_id, settings, state, updated_at FROM mail_accounts WHERE watcher = $1`, w.name)
	})
	if err != nil {
		if len(w.running) > 0 && ctx.Err() == nil {
			w.service.config.Logger.DebugContext(ctx, "mail is watched on", "accounts", len(w.running))
		}
		return err
	}
	for key, stop := range w.running {
		if _, still := mine[key]; !still {
			stop()
			delete(w.running, key)
		}
	}
	for key, account := range mine {
		if w.running[key] == nil {
			watching, stop := context.WithCancel(ctx)
			w.running[key] = stop
			w.wg.Go(func() { w.watch(watching, &account) })
		}
	}
	return nil
}

// release lets others watch at once.
func (w *watcher) release(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, confirmTime)
	defer cancel()
	return w.service.db.Write(ctx, func(tx *store.Tx) error {
		if _, err := tx.Exec(ctx, `UPDATE mail_accounts SET watcher_until = 0 WHERE watcher = $1`, w.name); err != nil {
			return fmt.Errorf("release mail accounts: %w", err)
		}
		return nil
	})
}

// watch watches an account until ctx ends.
func (w *watcher) watch(ctx context.Context, a *Account) {
	for ctx.Err() == nil {
		if a.State.Next != nil { // also of a try of another watcher
			if !sleep(ctx, time.Until(*a.State.Next)) {
				return
			}
		}
		err := w.follow(ctx, a)
		if ctx.Err() != nil {
			return
		}
		known := bus.AsError(err)
		a.State.Failures++
		next := time.Now().Add(retryAfter(known, a.State.Failures)).UTC()
		a.State.Error, a.State.Code, a.State.Next = known.Message, known.Code, &next
		w.service.config.Logger.WarnContext(ctx, "mail is not watched", "library", a.Library, "account", a.ID, "error", err, "next_try", next)
		w.keep(ctx, a)
	}
}

// retryAfter is when a failed try is followed by another.
func retryAfter(err *bus.Error, failures int) time.Duration {
	first := slowRetry
	if err.Code == bus.Unavailable || err.Code == bus.DeadlineExceeded {
		first = firstRetry
	}
	return max(min(first<<min(failures-1, 10), lastRetry), err.RetryAfter)
}

func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// follow connects, and tells of new mail until that fails.
func (w *watcher) follow(ctx context.Context, a *Account) error {
	if a.Folder != "" {
		return w.followFolder(ctx, a)
	}
	arrived := make(chan struct{}, 1)
	c, err := w.service.connectWith(ctx, a, func() {
		select {
		case arrived <- struct{}{}:
		default:
		}
	})
	if err != nil {
		return err
	}
	defer func() { _ = c.Close() }()
	stop := context.AfterFunc(ctx, func() { _ = c.Close() })
	defer stop()
	for {
		c.wire.allow(0)
		// Selecting anew is what tells UIDNEXT, of all servers.
		selected, err := c.openMailbox(place{Account: a.ID, Mailbox: a.Mailbox}, false)
		if err != nil {
			return c.failure(ctx, err)
		}
		if err := w.tell(ctx, a, selected, nil); err != nil {
			return err
		}
		if err := c.wait(ctx, arrived); err != nil {
			return c.failure(ctx, err)
		}
	}
}

// tell publishes that there is new mail, and then writes down that it has, and what is wrong all the same.
func (w *watcher) tell(ctx context.Context, a *Account, selected *imap.SelectData, trouble *bus.Error) error {
	now := time.Now().UTC()
	arrival := Arrival{Account: a.ID, Mailbox: a.Mailbox, UIDValidity: selected.UIDValidity, UIDNext: uint32(selected.UIDNext)}
	isNew := a.State.Arrived == nil || *a.State.Arrived != arrival
	if isNew && selected.NumMessages > 0 {
		data, err := json.Marshal(arrival)
		if err != nil {
			return fmt.Errorf("encode event: %w", err)
		}
		event := bus.NewEvent(a.Library, "/mail/"+a.ID, Arrived, "application/json", data)
		event.ID = uuid.NewSHA1(a.Library, append([]byte(a.ID+"\x00"+a.address()+"\x00"), data...)).String()
		if err := w.events.Publish(ctx, event); err != nil {
			return err
		}
	}
	a.State = &State{Watched: &now, Arrived: &arrival}
	if trouble != nil {
		a.State.Error, a.State.Code = trouble.Message, trouble.Code
	}
	w.keep(ctx, a)
	return nil
}

// keep writes down how an account stands, unless it was changed meanwhile or is another's. What is not kept is found out again.
func (w *watcher) keep(ctx context.Context, a *Account) {
	ctx, cancel := context.WithTimeout(ctx, confirmTime)
	defer cancel()
	text, err := json.Marshal(a.State)
	if err == nil {
		err = w.service.db.Write(ctx, func(tx *store.Tx) error {
			_, err := tx.Exec(ctx, `UPDATE mail_accounts SET state = $1 WHERE library_id = $2 AND account_id = $3 AND watcher = $4`,
				string(text), a.Library.String(), a.ID, w.name)
			return err
		})
	}
	if err != nil && ctx.Err() == nil {
		w.service.config.Logger.WarnContext(ctx, "how a mail account stands is not kept", "account", a.ID, "error", err)
	}
}

// wait waits until the server says something of the mailbox, or for as long as one waits for that.
func (c *session) wait(ctx context.Context, arrived <-chan struct{}) error {
	if !c.Caps().Has(imap.CapIdle) {
		sleep(ctx, pollPause)
		return ctx.Err()
	}
	idle, err := c.Idle()
	if err != nil {
		return fmt.Errorf("wait for mail: %w", err)
	}
	timer := time.NewTimer(lookPause)
	defer timer.Stop()
	select {
	case <-arrived:
	case <-timer.C:
	case <-c.Closed():
	case <-ctx.Done():
	}
	if err := errors.Join(idle.Close(), idle.Wait()); err != nil {
		return fmt.Errorf("wait for mail: %w", err)
	}
	return ctx.Err()
}
