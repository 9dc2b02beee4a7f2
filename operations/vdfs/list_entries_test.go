package vdfs_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/airlock-run/airlock/operations/operationstest"
	"github.com/airlock-run/airlock/operations/store/storetest"
)

type page struct {
	Entries []entry `json:"entries"`
	Next    string  `json:"next"`
}

func paths(p page) []string {
	all := make([]string, 0, len(p.Entries))
	for _, e := range p.Entries {
		all = append(all, e.Path)
	}
	return all
}

func TestListEntries(t *testing.T) {
	t.Parallel()
	operationstest.Exercise(t, domain, operationstest.Example{
		Method: "query:vdfs.list_entries", AnyInput: true,
		Input: func(tb testing.TB, h *operationstest.Harness) any {
			create(tb, h, "/"+uuid.NewString())
			return object{}
		},
		Bad: map[string]any{
			"a limit too large": object{"limit": 501}, "a limit below 0": object{"limit": -1}, "limit as text": object{"limit": "5"},
			"NUL": object{"after": "\x00"}, "a prefix too long": object{"path_prefix": strings.Repeat("p", 1025)},
		},
	})
	storetest.Each(t, func(t *testing.T, newURL func(testing.TB) string) {
		h := operationstest.New(t, newURL(t), domain)
		for _, path := range []string{"/mail", "/mail/b", "/mail/a", "/mailbox", "/Mail", "/é", "/notes/1"} {
			create(t, h, path)
		}
		h.OK(t, "action:vdfs.create_entry", set(newEntry("/mail/c"), "entry_type", "note"), nil)
		all := []string{"/Mail", "/mail", "/mail/a", "/mail/b", "/mail/c", "/mailbox", "/notes/1", "/é"}

		for name, tt := range map[string]struct {
			in   object
			want []string
			next string
		}{
			"all by path":         {object{}, all, ""},
			"a prefix":            {object{"path_prefix": "/mail"}, all[1:6], ""},
			"a folder":            {object{"path_prefix": "/mail/"}, all[2:5], ""},
			"a prefix of nothing": {object{"path_prefix": "/x"}, []string{}, ""},
			"a wildcard of SQL":   {object{"path_prefix": "/%"}, []string{}, ""},
			"a type":              {object{"entry_type": "note"}, all[4:5], ""},
			"a type in a folder":  {object{"path_prefix": "/mail/", "entry_type": "receipt"}, all[2:4], ""},
			"a limit":             {object{"limit": 3}, all[:3], "/mail/a"},
			"after":               {object{"after": "/mail/a", "limit": 3}, all[3:6], "/mailbox"},
			"the last page":       {object{"after": "/mailbox", "limit": 2}, all[6:], ""},
			"behind the end":      {object{"after": "/\U0010FFFF"}, []string{}, ""},
		} {
			t.Run(name, func(t *testing.T) {
				var got page
				h.OK(t, "query:vdfs.list_entries", tt.in, &got)
				if diff := cmp.Diff(tt.want, paths(got)); diff != "" || got.Next != tt.next {
					t.Errorf("next is %q, want %q; paths differ (-want +got):\n%s", got.Next, tt.next, diff)
				}
			})
		}
		t.Run("nothing of another library", func(t *testing.T) {
			if answer, err := h.Call(t, "query:vdfs.list_entries", uuid.New(), object{}); err != nil || string(answer) != `{"entries":[]}` {
				t.Errorf("answer is %s, %v", answer, err)
			}
		})
	})
}

func TestListEntriesEndsALargePageEarly(t *testing.T) {
	t.Parallel()
	h := operationstest.New(t, storetest.SQLite(t), domain)
	const entries = 50
	for i := range entries {
		in := set(newEntry(fmt.Sprintf("/%03d", i)), "metadata", object{"m": strings.Repeat("\"", 30<<10)})
		h.OK(t, "action:vdfs.create_entry", in, nil)
	}
	seen, pages, after := 0, 0, ""
	for more := true; more; pages++ {
		var got page
		h.OK(t, "query:vdfs.list_entries", object{"after": after, "limit": 500}, &got)
		seen += len(got.Entries)
		after, more = got.Next, got.Next != ""
	}
	if seen != entries || pages < 2 {
		t.Errorf("saw %d entries on %d pages, want %d on several", seen, pages, entries)
	}
}
