package storetest

import (
	"context"
	"sync"
	"time"
)

func watchEmpty(t trial) {
	w := t.watch(t.Context())
	w.want(t, "caught up")
	t.put("finance", []byte("1"))
	w.want(t, "finance=1")
}

func watchChanges(t trial) {
	t.put("finance", []byte("1"))
	t.put("finance", []byte("2"))
	w := t.watch(t.Context())
	w.want(t, "finance=2", "caught up")
	t.put("com.example.counter", []byte("3"))
	w.want(t, "com.example.counter=3")
	if err := t.store.DeleteRecord(t.Context(), "finance"); err != nil {
		t.Fatal(err)
	}
	w.want(t, "finance deleted")
	t.put("finance", []byte("4"))
	w.want(t, "finance=4")
}

func watchSkipsDeleted(t trial) {
	t.put("finance", []byte("1"))
	t.put("counter", []byte("2"))
	if err := t.store.DeleteRecord(t.Context(), "finance"); err != nil {
		t.Fatal(err)
	}
	t.watch(t.Context()).want(t, "counter=2", "caught up")
}

func watchTwo(t trial) {
	a, b := t.watch(t.Context()), t.watch(t.Context())
	a.want(t, "caught up")
	b.want(t, "caught up")
	t.put("finance", []byte("1"))
	a.want(t, "finance=1")
	b.want(t, "finance=1")
}

func watchEnds(t trial) {
	watching, stop := context.WithCancel(t.Context())
	w := t.watch(watching)
	w.want(t, "caught up")
	stop()
	select {
	case err := <-w.ended:
		if err != nil {
			t.Errorf("it ended with %v, want nil", err)
		}
	case <-time.After(patience):
		t.Fatal("it did not end")
	}
	t.put("finance", []byte("1"))
	if len(w.seen) > 0 {
		t.Errorf("it told of %q after it had ended", <-w.seen)
	}
}

// watcher hears what a store tells, in words.
type watcher struct {
	seen  chan string
	ended chan error
}

func (t trial) watch(ctx context.Context) *watcher {
	t.Helper()
	w := &watcher{seen: make(chan string, 100), ended: make(chan error, 1)}
	watching, stop := context.WithCancel(ctx)
	var group sync.WaitGroup
	group.Go(func() {
		w.ended <- t.store.WatchRecords(watching, func() { w.seen <- "caught up" }, func(id string, record []byte, revision uint64) {
			switch {
			case revision == 0:
				w.seen <- id + " without a revision"
			case record == nil:
				w.seen <- id + " deleted"
			default:
				w.seen <- id + "=" + string(record)
			}
		})
	})
	t.Cleanup(func() {
		stop()
		group.Wait()
	})
	return w
}

func (w *watcher) want(t trial, want ...string) {
	t.Helper()
	for _, one := range want {
		select {
		case got := <-w.seen:
			if got != one {
				t.Fatalf("the watcher saw %q, want %q", got, one)
			}
		case err := <-w.ended:
			t.Fatalf("the watcher ended (%v) before %q", err, one)
		case <-time.After(patience):
			t.Fatalf("the watcher did not see %q", one)
		}
	}
}
