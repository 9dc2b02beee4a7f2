package mail_test

import (
	"context"
	"encoding/json"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/internal/dovecot"
	"github.com/airlock-run/airlock/operations/mail"
	"github.com/airlock-run/airlock/operations/operationstest"
	"github.com/airlock-run/airlock/operations/store/storetest"
)

// heard collects what is published, and fails as often as it is told to.
type heard struct {
	mu     sync.Mutex
	fail   int
	byID   map[string]mail.Arrival
	newest chan mail.Arrival
}

func newHeard() *heard {
	return &heard{byID: map[string]mail.Arrival{}, newest: make(chan mail.Arrival, 100)}
}

func (h *heard) Publish(_ context.Context, event *bus.Event) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.fail > 0 {
		h.fail--
		return bus.Errorf(bus.Unavailable, "not now")
	}
	var a mail.Arrival
	if err := json.Unmarshal(event.Data, &a); err != nil {
		return err
	}
	if _, known := h.byID[event.ID]; !known {
		h.byID[event.ID] = a
		h.newest <- a
	}
	return nil
}

func (h *heard) next(t *testing.T) mail.Arrival {
	t.Helper()
	select {
	case a := <-h.newest:
		return a
	case <-time.After(30 * time.Second):
		t.Fatal("nothing is told of new mail")
		return mail.Arrival{}
	}
}

// watch has a process watch until stop is called.
func watch(t *testing.T, w *world, h *operationstest.Harness, events mail.Events) (stop func()) {
	t.Helper()
	service, _, _ := w.service(t, h.Conn, h.DB)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if err := service.Watch(ctx, events); err != nil {
			t.Errorf("watch: %v", err)
		}
	}()
	stop = sync.OnceFunc(func() {
		cancel()
		<-ended
	})
	t.Cleanup(stop)
	return stop
}

func TestWatch(t *testing.T) {
	t.Parallel()
	server := dovecot.Start(t)
	w := &world{tls: server.TLS(t)}
	h := operationstest.New(t, storetest.SQLite(t), w.domain)
	account(t, h, settings(server), dovecot.Password)
	server.Deliver(t, user(h), newMail(1))
	events := newHeard()
	events.fail = 1 // it is told once that is possible
	first := watch(t, w, h, events)
	second := watch(t, w, h, events)
	began := events.next(t)
	if began.Account != "work" || began.Mailbox != "INBOX" || began.UIDNext != 2 || began.UIDValidity == 0 {
		t.Errorf("told of %+v", began)
	}
	for n := uint32(2); n < 5; n++ {
		server.Deliver(t, user(h), newMail(int(n)))
		if got := events.next(t); got.UIDNext != n+1 || got.UIDValidity != began.UIDValidity {
			t.Errorf("told of %+v, want UID %d", got, n)
		}
	}
	first()
	server.Deliver(t, user(h), newMail(5))
	if got := events.next(t); got.UIDNext != 6 {
		t.Errorf("told of %+v by the other watcher", got)
	}
	second()
	watch(t, w, h, events)
	server.Deliver(t, user(h), newMail(6))
	if got := events.next(t); got.UIDNext != 7 {
		t.Errorf("told of %+v by a new watcher", got)
	}
	if n := len(events.byID); n != 6 {
		t.Errorf("%d events, want 6: %v", n, events.byID)
	}
}

func TestWatchTellsHowAccountsStand(t *testing.T) {
	t.Parallel()
	server := dovecot.Start(t)
	w := &world{tls: server.TLS(t)}
	h := operationstest.New(t, storetest.SQLite(t), w.domain)
	events := newHeard()
	watch(t, w, h, events)
	account(t, h, settings(server), "wrong-password")
	stands := func(want func(*mail.State) bool) *mail.State {
		t.Helper()
		for deadline := time.Now().Add(30 * time.Second); ; <-time.After(20 * time.Millisecond) {
			var all struct{ Accounts []mail.Account }
			api(t, h, "list", mail.Which{Library: h.Library}, &all)
			if len(all.Accounts) == 1 && want(all.Accounts[0].State) {
				return all.Accounts[0].State
			}
			if time.Now().After(deadline) {
				t.Fatalf("it stands so: %+v", all.Accounts)
			}
		}
	}
	failed := stands(func(s *mail.State) bool { return s.Error != "" })
	if failed.Code != bus.FailedPrecondition || !strings.Contains(failed.Error, "refuses credential work") || failed.Failures != 1 || time.Until(*failed.Next) < 30*time.Second {
		t.Errorf("it stands so: %+v", failed)
	}
	// A person mends it: the account is added once more, and tried at once.
	account(t, h, mail.Settings{Host: "127.0.0.1", Port: server.PlainPort, Security: mail.StartTLS}, dovecot.Password)
	server.Deliver(t, user(h), newMail(1))
	events.next(t)
	if good := stands(func(s *mail.State) bool { return s.Arrived != nil }); good.Error != "" || good.Watched == nil || good.Next != nil {
		t.Errorf("it stands so: %+v", good)
	}
}
