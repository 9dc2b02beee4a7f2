package content_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/uuid"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/bus/bustest"
	"github.com/airlock-run/airlock/operations/content"
	"github.com/airlock-run/airlock/operations/store"
	"github.com/airlock-run/airlock/operations/store/storetest"
)

// bench is a store of content whose time a test moves on.
type bench struct {
	*content.Store
	db      *store.DB
	conn    *bus.Conn
	library uuid.UUID
	later   atomic.Int64
}

func newBench(t *testing.T, url string, config content.Config, wrap func(content.Backend) content.Backend) *bench {
	t.Helper()
	b := &bench{db: storetest.Open(t, url), conn: bustest.Connect(t, bustest.Start(t)), library: uuid.New()}
	config.Now = func() time.Time { return time.Now().Add(time.Duration(b.later.Load())) }
	backend := content.Bus(b.conn)
	if wrap != nil {
		backend = wrap(backend)
	}
	var err error
	if b.Store, err = content.New(b.db, backend, config); err != nil {
		t.Fatal(err)
	}
	return b
}

func (b *bench) put(t *testing.T, data []byte) content.Reference {
	t.Helper()
	// A reader that gives what it likes, as those of networks do.
	ref, err := b.Put(t.Context(), b.library, iotest.HalfReader(bytes.NewReader(data)))
	if err != nil {
		t.Fatal(err)
	}
	if want := (content.Reference{Digest: bus.Digest(data), Size: int64(len(data))}); ref != want {
		t.Fatalf("put %v, want %v", ref, want)
	}
	return ref
}

// sweep sweeps as if it were so much later.
func (b *bench) sweep(t *testing.T, later time.Duration) {
	t.Helper()
	b.later.Add(int64(later))
	if err := b.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// refer has a sidecar refer to content, or no longer.
func (b *bench) refer(t *testing.T, digest string, on bool) {
	t.Helper()
	err := b.db.Write(t.Context(), func(tx *store.Tx) error {
		if on {
			size, err := b.Refer(t.Context(), tx, b.library, digest)
			if err != nil {
				return err
			}
			if _, err := tx.Exec(t.Context(), `INSERT INTO entries (id, library_id, path, name, entry_type, metadata, created_at, updated_at)
				VALUES ('e', $1, '/e', '', '', '{}', 0, 0) ON CONFLICT DO NOTHING`, b.library.String()); err != nil {
				return err
			}
			_, err = tx.Exec(t.Context(), `INSERT INTO sidecars (entry_id, filename, library_id, digest, size) VALUES ('e', $1, $2, $1, $3)`,
				digest, b.library.String(), size)
			return err
		}
		if _, err := tx.Exec(t.Context(), `DELETE FROM sidecars WHERE digest = $1`, digest); err != nil {
			return err
		}
		return b.Release(t.Context(), tx, b.library, digest)
	})
	if err != nil {
		t.Fatal(err)
	}
}

func (b *bench) has(t *testing.T, data []byte) bool {
	t.Helper()
	got, err := io.ReadAll(b.Reader(t.Context(), b.library, bus.Digest(data)))
	if bus.CodeOf(err) == bus.NotFound {
		return false
	}
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, data) {
		t.Fatalf("read %d bytes that are not the %d that were put", len(got), len(data))
	}
	return true
}

// empty fails the test where anything of the library is left, in the database or outside.
func (b *bench) empty(t *testing.T) {
	t.Helper()
	for _, table := range []string{"blobs", "uploads", "objects"} {
		var n int
		if err := b.db.Read(t.Context(), func(tx *store.Tx) error {
			return tx.QueryRow(t.Context(), `SELECT count(*) FROM `+table).Scan(&n)
		}); err != nil || n != 0 {
			t.Errorf("%d %s are left (%v)", n, table, err)
		}
	}
	if usage, err := b.Usage(t.Context(), b.library); err != nil || usage.Bytes != 0 {
		t.Errorf("the library has %d bytes (%v)", usage.Bytes, err)
	}
	if n, err := b.conn.EraseEvents(t.Context(), b.library); err != nil || n != 0 {
		t.Errorf("%d objects are left on the bus (%v)", n, err)
	}
}

func random(size int) []byte {
	data := make([]byte, size)
	for i := range data {
		data[i] = byte(rand.Uint32())
	}
	return data
}

func TestPut(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, newURL func(testing.TB) string) {
		b := newBench(t, newURL(t), content.Config{}, nil)
		for name, size := range map[string]int{
			"nothing": 0, "a byte": 1, "the largest inline": store.MaxInline, "the smallest outside": store.MaxInline + 1,
			"a part": content.PartSize, "a part and a byte": content.PartSize + 1, "several parts": 3*content.PartSize - 5,
		} {
			t.Run(name+" is read as it was put", func(t *testing.T) {
				data := random(size)
				ref := b.put(t, data)
				if !b.has(t, data) {
					t.Error("it is not there")
				}
				for range 10 {
					from, length := rand.IntN(size+10), rand.IntN(size+10)
					got, total, err := b.Read(t.Context(), b.library, ref.Digest, int64(from), int64(length))
					want := data[min(from, size):min(from+length, size)]
					if err != nil || !bytes.Equal(got, want) || total != int64(size) {
						t.Errorf("%d bytes from %d: got %d of %d (%v), want %d of %d", length, from, len(got), total, err, len(want), size)
					}
				}
				if _, _, err := b.Read(t.Context(), uuid.New(), ref.Digest, 0, 1); bus.CodeOf(err) != bus.NotFound {
					t.Errorf("from another library: %v, want not_found", err)
				}
			})
		}
		t.Run("the same bytes are kept once", func(t *testing.T) {
			data := random(content.PartSize + 1)
			b.put(t, data)
			before, _ := b.Usage(t.Context(), b.library)
			b.put(t, data)
			if _, err := b.PutBytes(t.Context(), b.library, data); err != nil {
				t.Error(err)
			}
			if after, err := b.Usage(t.Context(), b.library); err != nil || after != before {
				t.Errorf("the library has %d bytes and then %d (%v)", before.Bytes, after.Bytes, err)
			}
		})
		t.Run("not what is too large, of which nothing stays", func(t *testing.T) {
			before, _ := b.Usage(t.Context(), b.library)
			_, err := b.Put(t.Context(), b.library, io.LimitReader(zeros{}, content.MaxSize+1))
			if bus.CodeOf(err) != bus.ResourceExhausted {
				t.Errorf("error is %v, want resource_exhausted", err)
			}
			b.sweep(t, content.GraceTime)
			if after, err := b.Usage(t.Context(), b.library); err != nil || after != before {
				t.Errorf("the library had %d bytes and has %d (%v)", before.Bytes, after.Bytes, err)
			}
		})
		t.Run("not what cannot be read", func(t *testing.T) {
			wrong := errors.New("of the test")
			_, err := b.Put(t.Context(), b.library, io.MultiReader(bytes.NewReader(random(content.PartSize+1)), iotest.ErrReader(wrong)))
			if !errors.Is(err, wrong) {
				t.Errorf("error is %v, want the reader's", err)
			}
		})
		b.sweep(t, content.HoldTime)
		b.sweep(t, content.GraceTime)
		b.empty(t)
	})
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func TestSweep(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, newURL func(testing.TB) string) {
		for name, size := range map[string]int{"inline": 10, "outside": content.PartSize + 1} {
			t.Run(name+" goes when nothing refers to it, and not before", func(t *testing.T) {
				b := newBench(t, newURL(t), content.Config{}, nil)
				data := random(size)
				ref := b.put(t, data)
				b.sweep(t, content.HoldTime-time.Minute)
				if !b.has(t, data) {
					t.Error("gone though it was held")
				}
				b.refer(t, ref.Digest, true)
				b.sweep(t, 10*content.HoldTime)
				if !b.has(t, data) {
					t.Error("gone though a sidecar refers to it")
				}
				b.refer(t, ref.Digest, false)
				if b.has(t, data) {
					t.Error("there though nothing refers to it")
				}
				again := b.put(t, data) // while its first objects wait to be removed
				b.refer(t, again.Digest, true)
				b.sweep(t, 10*content.HoldTime)
				if !b.has(t, data) {
					t.Error("gone with the objects of before")
				}
				b.refer(t, again.Digest, false)
				b.sweep(t, content.GraceTime)
				b.empty(t)
			})
		}
		t.Run("erased content goes at once, and that of others stays", func(t *testing.T) {
			b := newBench(t, newURL(t), content.Config{}, nil)
			data := random(content.PartSize + 1)
			b.put(t, data)
			other := uuid.New()
			if _, err := b.PutBytes(t.Context(), other, data); err != nil {
				t.Fatal(err)
			}
			err := b.db.Write(t.Context(), func(tx *store.Tx) error { _, err := b.Erase(t.Context(), tx, b.library); return err })
			if err := errors.Join(err, b.EraseObjects(t.Context(), b.library)); err != nil {
				t.Fatal(err)
			}
			if n, err := b.conn.EraseEvents(t.Context(), b.library); err != nil || n != 0 || b.has(t, data) {
				t.Errorf("%d objects are left on the bus (%v)", n, err)
			}
			b.library = other
			if !b.has(t, data) {
				t.Error("the other library's is gone")
			}
		})
	})
}

// dying is a backend of a process that dies at one of its steps, before it or after it.
type dying struct {
	content.Backend
	step, at int
	after    bool
}

var errDead = errors.New("dead")

func (d *dying) Put(ctx context.Context, key string, data []byte) error {
	if d.step++; d.step == d.at && !d.after {
		panic(errDead)
	}
	err := d.Backend.Put(ctx, key, data)
	if d.step == d.at {
		panic(errDead)
	}
	return err
}

// A process that dies while it puts leaves nothing behind for long, and takes nothing from others.
func TestPutThatDies(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, newURL func(testing.TB) string) {
		for name, d := range map[string]*dying{
			"before the first object": {at: 1}, "between the first object and its row": {at: 1, after: true},
			"between the second object and its row": {at: 2, after: true}, "before it is content": {},
		} {
			t.Run(name, func(t *testing.T) {
				b := newBench(t, newURL(t), content.Config{}, func(real content.Backend) content.Backend {
					d.Backend = real
					return d
				})
				data := random(2 * content.PartSize)
				func() {
					defer func() {
						if recover() == nil {
							t.Error("it lives")
						}
					}()
					_, _ = b.Put(t.Context(), b.library, io.MultiReader(bytes.NewReader(data), last{}))
				}()
				b.sweep(t, 0)
				d.at = 0
				b.put(t, data) // another process, or the same again
				b.sweep(t, content.GraceTime)
				if !b.has(t, data) {
					t.Error("what came after it is gone")
				}
				b.sweep(t, content.HoldTime)
				b.sweep(t, content.GraceTime)
				b.empty(t)
			})
		}
	})
}

// last is the end of a reader at which the process dies.
type last struct{}

func (last) Read([]byte) (int, error) { panic(errDead) }

func TestBudget(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, newURL func(testing.TB) string) {
		told := make(chan content.Usage, 10)
		b := newBench(t, newURL(t), content.Config{
			Budget: func(uuid.UUID) int64 { return content.PartSize },
			Warn:   func(_ context.Context, u content.Usage) error { told <- u; return nil },
		}, nil)
		b.put(t, random(content.PartSize/100*79))
		run := func() {
			t.Helper()
			if err := content.TellUsage(b.Store, t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		run()
		if len(told) != 0 {
			t.Errorf("told %v below 80 %%", <-told)
		}
		b.put(t, random(content.PartSize/100*3))
		run()
		run()
		if len(told) != 1 {
			t.Fatalf("told %d times, want once", len(told))
		}
		if u := <-told; u.Library != b.library || u.Budget != content.PartSize {
			t.Errorf("told %v", u)
		}
		_, err := b.Put(t.Context(), b.library, bytes.NewReader(random(content.PartSize/4)))
		if bus.CodeOf(err) != bus.ResourceExhausted {
			t.Errorf("error is %v, want resource_exhausted", err)
		}
		if _, err := b.PutBytes(t.Context(), uuid.New(), random(content.PartSize/4)); err != nil {
			t.Errorf("in another library: %v", err)
		}
	})
}
