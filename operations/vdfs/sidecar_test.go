package vdfs_test

import (
	"bytes"
	"crypto/rand"
	"maps"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/operations/operationstest"
	"github.com/airlock-run/airlock/operations/store"
	"github.com/airlock-run/airlock/operations/store/storetest"
)

type read struct {
	Data   []byte `json:"data"`
	Size   int64  `json:"size"`
	Digest string `json:"digest"`
	EOF    bool   `json:"eof"`
}

func file(id, name string, data []byte) object {
	return object{"entry_id": id, "filename": name, "data": data}
}

// random makes bytes that no other blob has.
func random(n int) []byte {
	data := make([]byte, n)
	_, _ = rand.Read(data)
	return data
}

func badSidecars(more map[string]any) map[string]any {
	id := uuid.NewString()
	bad := map[string]any{
		"no UUID":     file("x", "a", []byte{}),
		"no filename": file(id, "", []byte{}),
		"a slash":     file(id, "a/b", []byte{}),
		"dot":         file(id, ".", []byte{}),
		"the parent":  file(id, "..", []byte{}),
		"NUL":         file(id, "a\x00", []byte{}),
		"a long name": file(id, strings.Repeat("n", 256), []byte{}),
	}
	maps.Copy(bad, more)
	return bad
}

func TestWriteSidecar(t *testing.T) {
	t.Parallel()
	for name, size := range map[string]int{"inline": 100, "large": store.MaxInline + 1} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			operationstest.Exercise(t, domain, operationstest.Example{
				Method: "action:vdfs.write_sidecar", Owned: true,
				Input: func(tb testing.TB, h *operationstest.Harness) any {
					return file(create(tb, h, "/"+uuid.NewString()).ID, "a.bin", random(size))
				},
				Bad: badSidecars(map[string]any{
					"no data":       object{"entry_id": uuid.NewString(), "filename": "a"},
					"no base64":     object{"entry_id": uuid.NewString(), "filename": "a", "data": "a_-b"},
					"base64 padded": object{"entry_id": uuid.NewString(), "filename": "a", "data": "YQ"},
					"too large":     file(uuid.NewString(), "a", make([]byte, 5<<20+1)),
				}),
				Effects: func(tb testing.TB, h *operationstest.Harness) int {
					return count(tb, h, `SELECT count(*) FROM sidecars`)
				},
			})
		})
	}
}

func TestSidecar(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, newURL func(testing.TB) string) {
		h := operationstest.New(t, newURL(t), domain)
		id := create(t, h, "/e").ID
		write := func(t *testing.T, name string, data []byte) {
			t.Helper()
			h.OK(t, "action:vdfs.write_sidecar", file(id, name, data), nil)
		}
		check := func(t *testing.T, name string, want []byte) {
			t.Helper()
			var got read
			h.OK(t, "query:vdfs.read_sidecar", object{"entry_id": id, "filename": name}, &got)
			if !bytes.Equal(got.Data, want) || got.Data == nil || got.Size != int64(len(want)) || got.Digest != bus.Digest(want) {
				t.Errorf("read %d bytes, size %d, %s; want the %d bytes written", len(got.Data), got.Size, got.Digest, len(want))
			}
		}
		for name, size := range map[string]int{
			"empty": 0, "small": 1, "largest inline": store.MaxInline, "smallest large": store.MaxInline + 1, "largest": 5 << 20,
		} {
			t.Run(name+" is read as written", func(t *testing.T) {
				data := random(size)
				write(t, name, data)
				check(t, name, data)
			})
		}
		t.Run("overwriting removes bytes that nobody has any more", func(t *testing.T) {
			shared, own := []byte("shared"), []byte("own")
			write(t, "a", shared)
			write(t, "b", shared)
			write(t, "a", own)
			check(t, "a", own)
			check(t, "b", shared)
			before := count(t, h, `SELECT count(*) FROM blobs`)
			write(t, "a", shared)
			if got := count(t, h, `SELECT count(*) FROM blobs`); got != before-1 {
				t.Errorf("%d blobs, want %d", got, before-1)
			}
			check(t, "a", shared)
		})
		t.Run("large bytes come back after they were overwritten", func(t *testing.T) {
			data := random(store.MaxInline + 1)
			write(t, "c", data)
			write(t, "c", []byte("small"))
			write(t, "c", data)
			check(t, "c", data)
		})
		t.Run("no bytes for an entry that is not there", func(t *testing.T) {
			data := random(store.MaxInline + 1)
			h.Refused(t, bus.NotFound, "action:vdfs.write_sidecar", file(uuid.NewString(), "a", data))
			h.Refused(t, bus.NotFound, "query:vdfs.read_content", object{"content": bus.Digest(data)})
		})
		t.Run("not_found", func(t *testing.T) {
			h.Refused(t, bus.NotFound, "query:vdfs.read_sidecar", object{"entry_id": id, "filename": "none"})
			h.Refused(t, bus.NotFound, "query:vdfs.read_sidecar", object{"entry_id": uuid.NewString(), "filename": "a"})
		})
	})
}

func TestReadSidecar(t *testing.T) {
	t.Parallel()
	operationstest.Exercise(t, domain, operationstest.Example{
		Method: "query:vdfs.read_sidecar", Owned: true,
		Input: func(tb testing.TB, h *operationstest.Harness) any {
			id := create(tb, h, "/"+uuid.NewString()).ID
			h.OK(tb, "action:vdfs.write_sidecar", file(id, "a", []byte("a")), nil)
			return object{"entry_id": id, "filename": "a"}
		},
		Bad: badSidecars(nil),
	})
}

func TestReadContent(t *testing.T) {
	t.Parallel()
	data := random(2<<20 + 10)
	reference := bus.Digest(data)
	operationstest.Exercise(t, domain, operationstest.Example{
		Method: "query:vdfs.read_content", Owned: true,
		Input: func(tb testing.TB, h *operationstest.Harness) any {
			if _, err := h.Conn.PutContent(tb.Context(), h.Library, data); err != nil {
				tb.Fatal(err)
			}
			return object{"content": reference}
		},
		Bad: map[string]any{
			"no reference":       object{"content": "sha256:12"},
			"a negative offset":  object{"content": reference, "offset": -1},
			"a negative length":  object{"content": reference, "length": -1},
			"more than a piece":  object{"content": reference, "length": 4<<20 + 1},
			"an offset of 1e300": `{"content": "` + reference + `", "offset": 1e300}`,
		},
	})
	h := operationstest.New(t, storetest.SQLite(t), domain)
	if _, err := h.Conn.PutContent(t.Context(), h.Library, data); err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		in       object
		from, to int
		eof      bool
	}{
		"the first MiB":       {object{}, 0, 1 << 20, false},
		"a part":              {object{"offset": 5, "length": 7}, 5, 12, false},
		"up to the end":       {object{"offset": 10, "length": 2 << 20}, 10, len(data), true},
		"beyond the end":      {object{"offset": len(data) - 1, "length": 4 << 20}, len(data) - 1, len(data), true},
		"from the end":        {object{"offset": len(data)}, len(data), len(data), true},
		"from behind the end": {object{"offset": int64(1) << 62}, len(data), len(data), true},
	} {
		t.Run("ok "+name, func(t *testing.T) {
			t.Parallel()
			var got read
			h.OK(t, "query:vdfs.read_content", set(tt.in, "content", reference), &got)
			if !bytes.Equal(got.Data, data[tt.from:tt.to]) || got.Data == nil || got.Size != int64(len(data)) || got.EOF != tt.eof {
				t.Errorf("got %d bytes of %d, eof %v; want %d, eof %v", len(got.Data), got.Size, got.EOF, tt.to-tt.from, tt.eof)
			}
		})
	}
}
