package s3_test

import (
	"bytes"
	"crypto/rand"
	"io"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
	"go.uber.org/goleak"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/operations/content"
	"github.com/airlock-run/airlock/operations/content/s3"
	"github.com/airlock-run/airlock/operations/store/storetest"
)

func TestMain(m *testing.M) {
	for key, value := range map[string]string{"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret"} {
		if err := os.Setenv(key, value); err != nil {
			panic(err)
		}
	}
	goleak.VerifyTestMain(m)
}

// server starts a server with a bucket, whose URL it returns.
func server(t *testing.T) (url string, behind gofakes3.Backend) {
	t.Helper()
	behind = s3mem.New()
	s := httptest.NewServer(gofakes3.New(behind).Server())
	t.Cleanup(s.Close)
	if err := behind.CreateBucket("papers"); err != nil {
		t.Fatal(err)
	}
	return "s3://papers/of/us?endpoint=" + s.URL + "&region=home", behind
}

func open(t *testing.T, url string) *s3.Bucket {
	t.Helper()
	b, err := s3.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	return b
}

func keys(t *testing.T, behind gofakes3.Backend) (all []string) {
	t.Helper()
	list, err := behind.ListBucket("papers", &gofakes3.Prefix{}, gofakes3.ListBucketPage{})
	if err != nil {
		t.Fatal(err)
	}
	for _, object := range list.Contents {
		all = append(all, object.Key)
	}
	return all
}

func TestBucket(t *testing.T) {
	t.Parallel()
	url, behind := server(t)
	b := open(t, url)
	data := make([]byte, content.PartSize)
	_, _ = rand.Read(data)
	for range 2 {
		if err := b.Put(t.Context(), "library/a", data); err != nil {
			t.Fatal(err)
		}
	}
	if got := keys(t, behind); len(got) != 1 || got[0] != "of/us/library/a" {
		t.Errorf("the bucket has %v", got)
	}
	if got, err := b.Read(t.Context(), "library/a", int64(len(data))); err != nil || !bytes.Equal(got, data) {
		t.Errorf("read %d bytes, %v", len(got), err)
	}
	if _, err := b.Read(t.Context(), "library/b", 1); bus.CodeOf(err) != bus.NotFound {
		t.Errorf("an object there is not: %v, want not_found", err)
	}
	wrong := bytes.Clone(data)
	wrong[0]++
	if _, err := behind.PutObject("papers", "of/us/library/a", map[string]string{"X-Amz-Meta-Airlock-Sha256": "00"}, bytes.NewReader(wrong), int64(len(wrong)), nil); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Read(t.Context(), "library/a", int64(len(data))); err == nil || !strings.Contains(err.Error(), "not what was put there") {
		t.Errorf("an object that somebody changed: %v", err)
	}
	for range 2 { // the second time it is gone
		if err := b.Remove(t.Context(), "library/a"); err != nil {
			t.Error(err)
		}
	}
	if got := keys(t, behind); len(got) != 0 {
		t.Errorf("the bucket still has %v", got)
	}
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	url, _ := server(t)
	for name, url := range map[string]string{
		"another scheme":       "https://papers",
		"no bucket":            "s3:///papers",
		"keys":                 "s3://key:secret@papers",
		"an unknown setting":   url + "&acl=public",
		"an endpoint's path":   "s3://papers?endpoint=http://localhost/a",
		"a bucket there isn't": strings.Replace(url, "papers", "nothing", 1),
		"nobody listening":     "s3://papers?endpoint=http://127.0.0.1:1",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if b, err := s3.Open(t.Context(), url); err == nil {
				b.Close()
				t.Errorf("opened %s", url)
			} else if strings.Contains(err.Error(), "MinIO") {
				t.Errorf("error speaks of the library: %v", err)
			}
		})
	}
}

// Content goes through the bucket, and nothing of it stays when it is swept.
func TestContentInABucket(t *testing.T) {
	t.Parallel()
	url, behind := server(t)
	db := storetest.Open(t, filepath.Join(t.TempDir(), "store.db"))
	now := time.Now()
	contents, err := content.New(db, open(t, url), content.Config{Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	library, data := uuid.New(), make([]byte, 2*content.PartSize+1)
	_, _ = rand.Read(data)
	ref, err := contents.Put(t.Context(), library, bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	if got := keys(t, behind); len(got) != 3 {
		t.Errorf("the bucket has %v, want three parts", got)
	}
	got, err := io.ReadAll(contents.Reader(t.Context(), library, ref.Digest))
	if err != nil || !bytes.Equal(got, data) {
		t.Errorf("read %d bytes, %v", len(got), err)
	}
	for _, later := range []time.Duration{content.HoldTime, content.GraceTime} {
		now = now.Add(later)
		if err := contents.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if got := keys(t, behind); len(got) != 0 {
		t.Errorf("the bucket still has %v", got)
	}
}
