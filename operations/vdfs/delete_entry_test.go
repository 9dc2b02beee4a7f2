package vdfs_test

import (
	"testing"

	"github.com/google/uuid"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/operations/operationstest"
	"github.com/airlock-run/airlock/operations/store"
	"github.com/airlock-run/airlock/operations/store/storetest"
)

func TestDeleteEntry(t *testing.T) {
	t.Parallel()
	operationstest.Exercise(t, domain, operationstest.Example{
		Method: "action:vdfs.delete_entry", Owned: true,
		Input: func(tb testing.TB, h *operationstest.Harness) any {
			return object{"entry_id": create(tb, h, "/"+uuid.NewString()).ID}
		},
		Bad: map[string]any{"no id": object{}, "no UUID": object{"entry_id": "x"}},
		Effects: func(tb testing.TB, h *operationstest.Harness) int {
			return -count(tb, h, `SELECT count(*) FROM entries`)
		},
	})
	storetest.Each(t, func(t *testing.T, newURL func(testing.TB) string) {
		h := operationstest.New(t, newURL(t), domain)
		kept := create(t, h, "/kept")
		shared, own := random(store.MaxInline+1), random(store.MaxInline+1)
		h.OK(t, "action:vdfs.write_sidecar", file(kept.ID, "a", shared), nil)
		reference := put(t, h, random(100))
		var e entry
		h.OK(t, "action:vdfs.create_entry", set(newEntry("/gone"), "content", reference), &e)
		for name, data := range map[string][]byte{"shared": shared, "own": own, "text": []byte("some words")} {
			h.OK(t, "action:vdfs.write_sidecar", file(e.ID, name, data), nil)
		}
		h.OK(t, "action:vdfs.delete_entry", object{"entry_id": e.ID}, nil)
		h.Refused(t, bus.NotFound, "query:vdfs.get_entry", object{"entry_id": e.ID})
		h.Refused(t, bus.NotFound, "action:vdfs.delete_entry", object{"entry_id": e.ID})
		h.Refused(t, bus.NotFound, "query:vdfs.read_sidecar", object{"entry_id": e.ID, "filename": "own"})
		h.OK(t, "query:vdfs.read_sidecar", object{"entry_id": kept.ID, "filename": "a"}, nil)
		for _, table := range []string{"entry_texts", "entry_docs WHERE entry_id <> '" + kept.ID + "'", "sidecars WHERE filename <> 'a'"} {
			if n := count(t, h, `SELECT count(*) FROM `+table); n != 0 {
				t.Errorf("%d rows are left in %s", n, table)
			}
		}
		h.OK(t, "action:vdfs.create_entry", newEntry("/gone"), nil)
	})
}

func TestListSidecars(t *testing.T) {
	t.Parallel()
	operationstest.Exercise(t, domain, operationstest.Example{
		Method: "query:vdfs.list_sidecars", Owned: true,
		Input: func(tb testing.TB, h *operationstest.Harness) any {
			return object{"entry_id": create(tb, h, "/"+uuid.NewString()).ID}
		},
		Bad: map[string]any{"no id": object{}, "no UUID": object{"entry_id": "x"}},
	})
}

func TestDeleteSidecar(t *testing.T) {
	t.Parallel()
	operationstest.Exercise(t, domain, operationstest.Example{
		Method: "action:vdfs.delete_sidecar", Owned: true,
		Input: func(tb testing.TB, h *operationstest.Harness) any {
			id := create(tb, h, "/"+uuid.NewString()).ID
			h.OK(tb, "action:vdfs.write_sidecar", file(id, "a", random(10)), nil)
			return object{"entry_id": id, "filename": "a"}
		},
		Bad: badSidecars(nil),
		Effects: func(tb testing.TB, h *operationstest.Harness) int {
			return -count(tb, h, `SELECT count(*) FROM sidecars`)
		},
	})
	storetest.Each(t, func(t *testing.T, newURL func(testing.TB) string) {
		h := operationstest.New(t, newURL(t), domain)
		id := create(t, h, "/e").ID
		h.OK(t, "action:vdfs.write_sidecar", file(id, "b", []byte("b")), nil)
		h.OK(t, "action:vdfs.write_sidecar", file(id, "a", []byte("a")), nil)
		var list struct{ Sidecars []sidecar }
		h.OK(t, "query:vdfs.list_sidecars", object{"entry_id": id}, &list)
		if len(list.Sidecars) != 2 || list.Sidecars[0] != (sidecar{"a", 1, bus.Digest([]byte("a"))}) {
			t.Errorf("listed %v", list.Sidecars)
		}
		h.OK(t, "action:vdfs.delete_sidecar", object{"entry_id": id, "filename": "a"}, nil)
		h.Refused(t, bus.NotFound, "action:vdfs.delete_sidecar", object{"entry_id": id, "filename": "a"})
		h.OK(t, "query:vdfs.list_sidecars", object{"entry_id": id}, &list)
		if len(list.Sidecars) != 1 || list.Sidecars[0].Filename != "b" {
			t.Errorf("listed %v, want b alone", list.Sidecars)
		}
		if n := count(t, h, `SELECT count(*) FROM blobs`); n != 1 {
			t.Errorf("%d blobs, want that of b", n)
		}
	})
}
