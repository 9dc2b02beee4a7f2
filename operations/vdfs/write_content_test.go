package vdfs_test

import (
	"bytes"
	"testing"

	"github.com/google/uuid"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/operations"
	"github.com/airlock-run/airlock/operations/content"
	"github.com/airlock-run/airlock/operations/operationstest"
	"github.com/airlock-run/airlock/operations/store"
	"github.com/airlock-run/airlock/operations/store/storetest"
	"github.com/airlock-run/airlock/operations/vdfs"
)

type written struct {
	Content string `json:"content"`
	Upload  string `json:"upload"`
	Size    int64  `json:"size"`
}

func TestWriteContent(t *testing.T) {
	t.Parallel()
	t.Run("at once", func(t *testing.T) {
		t.Parallel()
		operationstest.Exercise(t, domain, operationstest.Example{
			Method: "action:vdfs.write_content",
			Input:  func(testing.TB, *operationstest.Harness) any { return object{"data": random(100)} },
			Bad: map[string]any{
				"no data":                    object{"upload": uuid.NewString(), "offset": 1},
				"an offset at the beginning": object{"data": []byte("a"), "offset": 1},
				"a negative offset":          object{"data": random(64 << 10), "upload": uuid.NewString(), "offset": -1},
				"a small part before more":   object{"data": []byte("a"), "more": true},
				"too much":                   object{"data": make([]byte, 4<<20+1)},
			},
			Effects: func(tb testing.TB, h *operationstest.Harness) int { return count(tb, h, `SELECT count(*) FROM blobs`) },
		})
	})
	t.Run("in parts", func(t *testing.T) {
		t.Parallel()
		operationstest.Exercise(t, domain, operationstest.Example{
			Method: "action:vdfs.write_content", Owned: true,
			Input: func(tb testing.TB, h *operationstest.Harness) any {
				var w written
				first := random(64 << 10)
				h.OK(tb, "action:vdfs.write_content", object{"data": first, "more": true}, &w)
				return object{"upload": w.Upload, "offset": len(first), "data": random(10)}
			},
			Effects: func(tb testing.TB, h *operationstest.Harness) int { return count(tb, h, `SELECT count(*) FROM blobs`) },
		})
	})
}

// put writes content in parts, and returns how it is referred to.
func put(tb testing.TB, h *operationstest.Harness, data []byte) string {
	tb.Helper()
	const part = 4 << 20
	var w written
	for at := 0; ; {
		end := min(at+part, len(data))
		in := object{"data": data[at:end], "offset": at, "more": end < len(data)}
		if w.Upload != "" {
			in["upload"] = w.Upload
		}
		h.OK(tb, "action:vdfs.write_content", in, &w)
		if w.Size != int64(end) {
			tb.Fatalf("size is %d after %d bytes", w.Size, end)
		}
		if at = end; at == len(data) {
			return w.Content
		}
	}
}

// What guest and bus have at once is a part; a file of 100 MB gets through.
func TestTheLargestContentIsWrittenAndRead(t *testing.T) {
	t.Parallel()
	h := operationstest.New(t, storetest.SQLite(t), domain)
	data := random(content.MaxSize)
	reference := put(t, h, data)
	if reference != bus.Digest(data) {
		t.Fatalf("content is %s, want the digest", reference)
	}
	id := create(t, h, "/e").ID
	h.OK(t, "action:vdfs.write_sidecar", object{"entry_id": id, "filename": "large.bin", "content": reference}, nil)
	for at := 0; ; {
		var got read
		h.OK(t, "query:vdfs.read_sidecar", object{"entry_id": id, "filename": "large.bin", "offset": at}, &got)
		if !bytes.Equal(got.Data, data[at:at+len(got.Data)]) || got.Size != int64(len(data)) || got.Digest != reference || len(got.Data) == 0 {
			t.Fatalf("from %d: %d bytes of %d that are not what was written", at, len(got.Data), got.Size)
		}
		if at += len(got.Data); got.EOF {
			if at != len(data) {
				t.Errorf("ended after %d bytes", at)
			}
			break
		}
	}
	var upload written
	h.OK(t, "action:vdfs.write_content", object{"data": data[:4<<20], "more": true}, &upload)
	for at := 4 << 20; at < len(data); at += 4 << 20 {
		h.OK(t, "action:vdfs.write_content", object{"data": data[at : at+4<<20], "offset": at, "upload": upload.Upload, "more": true}, nil)
	}
	h.Refused(t, bus.ResourceExhausted, "action:vdfs.write_content", object{"data": []byte("a"), "offset": len(data), "upload": upload.Upload})
}

func TestUploads(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, newURL func(testing.TB) string) {
		h := operationstest.New(t, newURL(t), domain)
		data := random(300 << 10)
		var w written
		h.OK(t, "action:vdfs.write_content", object{"data": data[:100<<10], "more": true}, &w)
		t.Run("failed_precondition where it does not end", func(t *testing.T) {
			for _, at := range []int{0, 99 << 10, 200 << 10} {
				h.Refused(t, bus.FailedPrecondition, "action:vdfs.write_content",
					object{"upload": w.Upload, "offset": at, "data": data[:100<<10], "more": true})
			}
		})
		t.Run("a call that is repeated is answered from its record", func(t *testing.T) {
			in := object{"upload": w.Upload, "offset": 100 << 10, "data": data[100<<10 : 200<<10], "more": true}
			call := h.NewCall(t, "action:vdfs.write_content", in)
			call.Key = call.Job.String() + "/k/1"
			for range 2 {
				if _, err := h.Conn.Call(t.Context(), call); err != nil {
					t.Fatal(err)
				}
			}
		})
		t.Run("ended without more bytes", func(t *testing.T) {
			h.OK(t, "action:vdfs.write_content", object{"upload": w.Upload, "offset": 200 << 10, "data": data[200<<10:], "more": true}, nil)
			h.OK(t, "action:vdfs.write_content", object{"upload": w.Upload, "offset": 300 << 10, "data": ""}, &w)
			if w.Content != bus.Digest(data) || w.Size != int64(len(data)) {
				t.Errorf("content is %s of %d bytes", w.Content, w.Size)
			}
		})
		t.Run("not_found once it has ended", func(t *testing.T) {
			h.Refused(t, bus.NotFound, "action:vdfs.write_content", object{"upload": w.Upload, "offset": 300 << 10, "data": ""})
		})
	})
}

func TestContentOfEntries(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, newURL func(testing.TB) string) {
		h := operationstest.New(t, newURL(t), domain)
		reference := put(t, h, random(store.MaxInline+1))
		var e struct {
			ID      string `json:"id"`
			Content string `json:"content"`
		}
		h.OK(t, "action:vdfs.create_entry", set(newEntry("/c"), "content", reference), &e)
		if e.Content != reference {
			t.Errorf("content is %q, want %q", e.Content, reference)
		}
		h.Refused(t, bus.NotFound, "action:vdfs.create_entry", set(newEntry("/d"), "content", bus.Digest([]byte("of nobody"))))
		h.Refused(t, bus.InvalidArgument, "action:vdfs.create_entry", set(newEntry("/d"), "content", "x"))
		if _, err := h.Call(t, "action:vdfs.create_entry", uuid.New(), set(newEntry("/c"), "content", reference)); bus.CodeOf(err) != bus.NotFound {
			t.Errorf("content of another library: %v, want not_found", err)
		}
	})
}

// A library whose storage is used up takes nothing more, and something again when something is removed.
func TestStorageOfALibrary(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, newURL func(testing.TB) string) {
		const budget = 1 << 20
		h := operationstest.New(t, newURL(t), func(tb testing.TB, conn *bus.Conn, db *store.DB) []operations.Operation {
			tb.Helper()
			return vdfs.Operations(conn, db, contents(tb, conn, db, content.Config{Budget: func(uuid.UUID) int64 { return budget }}))
		})
		e := create(t, h, "/e")
		large := file(e.ID, "large", random(budget-100<<10))
		h.OK(t, "action:vdfs.write_sidecar", large, nil)
		h.Refused(t, bus.ResourceExhausted, "action:vdfs.write_sidecar", file(e.ID, "b", random(200<<10)))
		h.Refused(t, bus.ResourceExhausted, "action:vdfs.write_content", object{"data": random(200 << 10)})
		big := set(newEntry("/f"), "metadata", object{"m": string(bytes.Repeat([]byte("m"), 60<<10))})
		var f entry
		h.OK(t, "action:vdfs.create_entry", big, &f)
		h.Refused(t, bus.ResourceExhausted, "action:vdfs.create_entry", set(big, "path", "/g"))
		if got := count(t, h, `SELECT count(*) FROM entries`); got != 2 {
			t.Errorf("there are %d entries, want 2", got)
		}
		h.OK(t, "action:vdfs.delete_entry", object{"entry_id": f.ID}, nil)
		h.OK(t, "action:vdfs.create_entry", set(big, "path", "/g"), nil)
	})
}
