package notify_test

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/internal/pgtest"
	"github.com/airlock-run/airlock/operations"
	"github.com/airlock-run/airlock/operations/notify"
	"github.com/airlock-run/airlock/operations/operationstest"
	"github.com/airlock-run/airlock/operations/store"
	"github.com/airlock-run/airlock/operations/store/storetest"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

func domain(tb testing.TB, conn *bus.Conn, db *store.DB) []operations.Operation {
	tb.Helper()
	api, err := conn.Serve(bus.ServiceConfig{Name: "notify-api", Endpoints: notify.Endpoints(db)})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = api.Stop() })
	return notify.Operations(db)
}

func list(tb testing.TB, h *operationstest.Harness, filter notify.Filter) (page notify.Page) {
	tb.Helper()
	filter.Library = h.Library
	if err := h.Conn.API(tb.Context(), "notify", "list", filter, &page); err != nil {
		tb.Fatal(err)
	}
	return page
}

func TestSend(t *testing.T) {
	t.Parallel()
	operationstest.Exercise(t, domain, operationstest.Example{
		Method: "action:notify.send",
		Input: func(testing.TB, *operationstest.Harness) any {
			return map[string]any{"title": fmt.Sprint("title ", uuid.New())}
		},
		Effects: func(tb testing.TB, h *operationstest.Harness) int {
			tb.Helper()
			return len(list(tb, h, notify.Filter{Limit: 500}).Notifications)
		},
		Bad: map[string]any{
			"no title": `{"title": " "}`, "a long title": map[string]any{"title": strings.Repeat("x", 201)}, "two lines": `{"title": "a\nb"}`,
			"a long text": map[string]any{"title": "a", "text": strings.Repeat("x", 4097)}, "a level": `{"title": "a", "level": "fatal"}`,
			"an entry": `{"title": "a", "entry_id": "x"}`, "NUL": `{"title": "a\u0000b"}`,
		},
	})
}

func TestListAndRead(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, newURL func(testing.TB) string) {
		h := operationstest.New(t, newURL(t), domain)
		for i := range 5 {
			h.OK(t, "action:notify.send", map[string]any{"title": strconv.Itoa(i), "text": "more", "level": "warning"}, nil)
		}
		page := list(t, h, notify.Filter{Limit: 2})
		if len(page.Notifications) != 2 || page.Notifications[0].Title != "4" || page.Next == "" || page.Notifications[0].Level != "warning" || page.Notifications[0].Extension != operationstest.Extension {
			t.Fatalf("the first page is %+v", page)
		}
		rest := list(t, h, notify.Filter{Before: page.Next})
		if len(rest.Notifications) != 3 || rest.Notifications[2].Title != "0" || rest.Next != "" {
			t.Errorf("the next page is %+v", rest)
		}
		read := func(in notify.Read) (out struct{ Read int }) {
			t.Helper()
			in.Library = h.Library
			if err := h.Conn.API(t.Context(), "notify", "read", in, &out); err != nil {
				t.Fatal(err)
			}
			return out
		}
		if got := read(notify.Read{IDs: []uuid.UUID{page.Notifications[0].ID, uuid.New()}}); got.Read != 1 {
			t.Errorf("%d were read", got.Read)
		}
		if left, all := list(t, h, notify.Filter{}), list(t, h, notify.Filter{All: true}); len(left.Notifications) != 4 || len(all.Notifications) != 5 || all.Notifications[0].ReadAt == nil {
			t.Errorf("left are %+v of %+v", left, all)
		}
		if got := read(notify.Read{All: true}); got.Read != 4 {
			t.Errorf("%d were read", got.Read)
		}
		if err := h.Conn.API(t.Context(), "notify", "read", notify.Read{Library: h.Library}, nil); bus.CodeOf(err) != bus.InvalidArgument {
			t.Errorf("none named: %v", err)
		}
		if others := list(t, h, notify.Filter{Extension: "another"}); len(others.Notifications) != 0 {
			t.Errorf("of another extension: %+v", others)
		}
	})
}

func TestOldOnesGo(t *testing.T) {
	t.Parallel()
	h := operationstest.New(t, storetest.SQLite(t), domain)
	err := h.DB.Write(t.Context(), func(tx *store.Tx) error {
		for i := range notify.MaxKept {
			read := 0
			if i == 5 {
				read = 1
			}
			_, err := tx.Exec(t.Context(), `INSERT INTO notifications (library_id, id, extension, job_id, level, title, body, entry_id, created_at, read_at)
				VALUES ($1, $2, 'x', '', 'info', $3, '', '', 0, $4)`, h.Library.String(), fmt.Sprintf("00000000-0000-7000-8000-%012d", i), strconv.Itoa(i), read)
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	gone := func() (titles []string) {
		t.Helper()
		there := map[string]bool{}
		for next := ""; ; {
			page := list(t, h, notify.Filter{All: true, Limit: 500, Before: next})
			for _, n := range page.Notifications {
				there[n.Title] = true
			}
			if next = page.Next; next == "" {
				break
			}
		}
		for i := range notify.MaxKept {
			if !there[strconv.Itoa(i)] {
				titles = append(titles, strconv.Itoa(i))
			}
		}
		return titles
	}
	for _, want := range []string{"5", "0 5"} { // what was read goes first
		h.OK(t, "action:notify.send", `{"title": "new"}`, nil)
		if got := strings.Join(gone(), " "); got != want {
			t.Errorf("gone are %s, want %s", got, want)
		}
	}
}
