package node

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http/httptest"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/bus/bustest"
	"github.com/airlock-run/airlock/operations/content"
	"github.com/airlock-run/airlock/operations/door"
	"github.com/airlock-run/airlock/operations/store"
)

// Content that was put on the bus is read when a bucket has taken its place, and the other way round.
func TestContentIsReadWhereItWasPut(t *testing.T) {
	t.Setenv("AWS_ACCESS_KEY_ID", "key")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
	behind := s3mem.New()
	server := httptest.NewServer(gofakes3.New(behind).Server())
	t.Cleanup(server.Close)
	if err := behind.CreateBucket("papers"); err != nil {
		t.Fatal(err)
	}
	bucket := "s3://papers?endpoint=" + server.URL
	db, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "airlock.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	conn := bustest.Connect(t, bustest.Start(t))
	catalogue, err := Catalogue(t.Context(), conn, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	library := uuid.New()
	var references []string
	for i, places := range [][]string{nil, {bucket}, {"bus", bucket}} {
		contents, stop, err := openContents(t.Context(), conn, db, places, door.New(conn, catalogue, nil), slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(stop)
		ref, err := contents.Put(t.Context(), library, bytes.NewReader(bytes.Repeat([]byte{byte(i)}, store.MaxInline+1)))
		if err != nil {
			t.Fatal(err)
		}
		for _, reference := range append(references, ref.Digest) {
			if data, err := io.ReadAll(contents.Reader(t.Context(), library, reference)); err != nil || bus.Digest(data) != reference {
				t.Errorf("with %v: read %d bytes of %s, %v", places, len(data), reference, err)
			}
		}
		references = append(references, ref.Digest)
	}
	list, err := behind.ListBucket("papers", &gofakes3.Prefix{}, gofakes3.ListBucketPage{})
	if err != nil || len(list.Contents) != 1 {
		t.Errorf("the bucket has %v (%v), want one object", list, err)
	}
}

// What the policy says of storage holds, and 80 % of it is told by an event.
func TestStorageOfThePolicyHolds(t *testing.T) {
	t.Parallel()
	db, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "airlock.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	conn := bustest.Connect(t, bustest.Start(t))
	catalogue, err := Catalogue(t.Context(), conn, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	policy := []byte("rules: [{name: a, extensions: [\"*\"], allow: [\"query:\"]}]\nbudgets: [{name: space, extensions: [\"*\"], storage_bytes: 1000}]\n")
	if _, err := conn.SetPolicy(t.Context(), policy, nil); err != nil {
		t.Fatal(err)
	}
	rules := door.New(conn, catalogue, nil)
	t.Cleanup(follow(t.Context(), rules))
	<-rules.Ready()
	contents, stop, err := openContents(t.Context(), conn, db, nil, rules, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	library := uuid.New()
	if _, err := contents.PutBytes(t.Context(), library, make([]byte, 900)); err != nil {
		t.Fatal(err)
	}
	if _, err := contents.PutBytes(t.Context(), library, make([]byte, 101)); bus.CodeOf(err) != bus.ResourceExhausted {
		t.Errorf("beyond it: %v, want resource_exhausted", err)
	}
	heard := make(chan *bus.Event, 10)
	ctx, cancel := context.WithCancel(t.Context())
	var group sync.WaitGroup
	group.Go(func() { _ = contents.Run(ctx) })
	group.Go(func() {
		_ = conn.FollowEvents(ctx, "test", func(_ context.Context, e *bus.Event) error { heard <- e; return nil })
	})
	defer group.Wait()
	defer cancel()
	select {
	case e := <-heard:
		var usage content.Usage
		err := json.Unmarshal(e.Data, &usage)
		if want := (content.Usage{Library: library, Bytes: 900, Budget: 1000}); err != nil || usage != want || e.Type != "airlock.storage.warning" || e.Library != library {
			t.Errorf("told %s %s (%v), want %v", e.Type, e.Data, err, want)
		}
	case <-time.After(20 * time.Second):
		t.Error("nobody is told of 90 %")
	}
}
