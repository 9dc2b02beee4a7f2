package vdfs_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/operations/operationstest"
	"github.com/airlock-run/airlock/operations/store/storetest"
)

func newEntry(path string) object {
	return object{"name": "a name", "path": path, "entry_type": "receipt", "metadata": object{"total": 1}}
}

func without(o object, field string) object {
	delete(o, field)
	return o
}

func set(o object, field string, value any) object {
	o[field] = value
	return o
}

func TestCreateEntry(t *testing.T) {
	t.Parallel()
	operationstest.Exercise(t, domain, operationstest.Example{
		Method: "action:vdfs.create_entry",
		Input:  func(testing.TB, *operationstest.Harness) any { return newEntry("/a/" + uuid.NewString()) },
		Bad: map[string]any{
			"a relative path":          newEntry("a"),
			"the root":                 newEntry("/"),
			"a parent in the path":     newEntry("/a/../b"),
			"an empty part":            newEntry("/a//b"),
			"a slash at the end":       newEntry("/a/"),
			"a dot":                    newEntry("/a/."),
			"a line break":             newEntry("/a\nb"),
			"NUL":                      newEntry("/a\x00b"),
			"a path too long":          newEntry("/" + strings.Repeat("p", 1024)),
			"no name":                  without(newEntry("/a"), "name"),
			"a name too long":          set(newEntry("/a"), "name", strings.Repeat("n", 256)),
			"a tab in the name":        set(newEntry("/a"), "name", "a\tb"),
			"no entry type":            without(newEntry("/a"), "entry_type"),
			"an entry type too long":   set(newEntry("/a"), "entry_type", strings.Repeat("t", 65)),
			"metadata as an array":     set(newEntry("/a"), "metadata", []int{1}),
			"metadata as text":         set(newEntry("/a"), "metadata", "{}"),
			"metadata that is too big": set(newEntry("/a"), "metadata", object{"a": strings.Repeat("m", 64<<10)}),
		},
		Effects: func(tb testing.TB, h *operationstest.Harness) int {
			return count(tb, h, `SELECT count(*) FROM entries`)
		},
	})
	storetest.Each(t, func(t *testing.T, newURL func(testing.TB) string) {
		h := operationstest.New(t, newURL(t), domain)
		t.Run("already_exists, but not in another library", func(t *testing.T) {
			create(t, h, "/twice")
			h.Refused(t, bus.AlreadyExists, "action:vdfs.create_entry", newEntry("/twice"))
			if _, err := h.Call(t, "action:vdfs.create_entry", uuid.New(), newEntry("/twice")); err != nil {
				t.Error(err)
			}
		})
		t.Run("ok at the limits", func(t *testing.T) {
			in := newEntry("/" + strings.Repeat("p", 1023))
			in["name"], in["entry_type"] = strings.Repeat("n", 255), strings.Repeat("t", 64)
			in["metadata"] = object{"a": strings.Repeat("m", 64<<10-len(`{"a":""}`))}
			h.OK(t, "action:vdfs.create_entry", in, nil)
		})
		t.Run("ok with text of every kind", func(t *testing.T) {
			in := `{"name": "😀 'x' \"y\" %_", "path": "/é/<&>/😀 '%_", "entry_type": "t",
				"metadata": {"nul": "\u0000", "big": 12345678901234567890.10, "deep": {"a": [null, true]}}}`
			var made, found entry
			h.OK(t, "action:vdfs.create_entry", in, &made)
			h.OK(t, "query:vdfs.get_entry", object{"path": "/é/<&>/😀 '%_"}, &found)
			if diff := cmp.Diff(made, found); diff != "" {
				t.Errorf("made and found differ (-made +found):\n%s", diff)
			}
		})
		t.Run("metadata is an object where it is left out", func(t *testing.T) {
			for path, in := range map[string]object{
				"/none": without(newEntry("/none"), "metadata"), "/null": set(newEntry("/null"), "metadata", nil),
			} {
				var e entry
				h.OK(t, "action:vdfs.create_entry", in, &e)
				if e.Metadata == nil || len(e.Metadata) != 0 || e.Sidecars == nil {
					t.Errorf("%s: metadata is %v and sidecars %v, want both empty", path, e.Metadata, e.Sidecars)
				}
			}
		})
	})
}

func TestGetEntry(t *testing.T) {
	t.Parallel()
	operationstest.Exercise(t, domain, operationstest.Example{
		Method: "query:vdfs.get_entry", Owned: true,
		Input: func(tb testing.TB, h *operationstest.Harness) any {
			return object{"entry_id": create(tb, h, "/"+uuid.NewString()).ID}
		},
		Bad: map[string]any{
			"both": object{"entry_id": uuid.NewString(), "path": "/a"}, "no UUID": object{"entry_id": "1"}, "a bad path": object{"path": "a"},
		},
	})
	h := operationstest.New(t, storetest.SQLite(t), domain)
	made := create(t, h, "/mail/1")
	h.OK(t, "action:vdfs.write_sidecar", object{"entry_id": made.ID, "filename": "b.txt", "data": "YQ=="}, nil)
	h.OK(t, "action:vdfs.write_sidecar", object{"entry_id": made.ID, "filename": "a.txt", "data": ""}, nil)
	made.Sidecars = []sidecar{{"a.txt", 0, bus.Digest(nil)}, {"b.txt", 1, bus.Digest([]byte("a"))}}
	for name, in := range map[string]object{
		"by id": {"entry_id": made.ID}, "by path": {"path": "/mail/1"}, "by id in capitals": {"entry_id": strings.ToUpper(made.ID)},
	} {
		t.Run("ok "+name, func(t *testing.T) {
			t.Parallel()
			var found entry
			h.OK(t, "query:vdfs.get_entry", in, &found)
			if diff := cmp.Diff(made, found); diff != "" {
				t.Error(diff)
			}
		})
	}
	for name, in := range map[string]object{"an unknown id": {"entry_id": uuid.NewString()}, "an unknown path": {"path": "/mail"}} {
		t.Run("not_found for "+name, func(t *testing.T) {
			t.Parallel()
			h.Refused(t, bus.NotFound, "query:vdfs.get_entry", in)
		})
	}
	t.Run("not_found for a path of another library", func(t *testing.T) {
		t.Parallel()
		if _, err := h.Call(t, "query:vdfs.get_entry", uuid.New(), object{"path": "/mail/1"}); bus.CodeOf(err) != bus.NotFound {
			t.Errorf("error is %v, want not_found", err)
		}
	})
}
