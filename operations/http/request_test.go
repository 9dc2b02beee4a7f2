package http_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"maps"
	nethttp "net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/operations/operationstest"
)

// seen counts the requests of a server by their Idempotency-Key, as one does that promises to act once for a key.
type seen struct {
	mu   sync.Mutex
	keys map[string]bool
}

func (s *seen) ServeHTTP(w nethttp.ResponseWriter, r *nethttp.Request) {
	body, _ := io.ReadAll(r.Body)
	s.mu.Lock()
	defer s.mu.Unlock()
	if r.Method == nethttp.MethodPost {
		s.keys[r.Header.Get("Idempotency-Key")+r.URL.String()] = true
	}
	_, _ = w.Write(body)
}

// of counts those of a harness, whose library begins their paths: another one may be at work on the same server.
func (s *seen) of(_ testing.TB, h *operationstest.Harness) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for key := range s.keys {
		if strings.Contains(key, "/"+h.Library.String()+"/") {
			n++
		}
	}
	return n
}

func TestAction(t *testing.T) {
	t.Parallel()
	s := &seen{keys: map[string]bool{}}
	w := newWorld(t, s.ServeHTTP)
	bad := func(more object) object {
		in := object{"url": w.url(shop, "/"), "method": "POST"}
		maps.Copy(in, more)
		return in
	}
	operationstest.Exercise(t, w.domain, operationstest.Example{
		Method: "action:http.request", BothKinds: true,
		Input: func(_ testing.TB, h *operationstest.Harness) any {
			// Without a key each is another to the server.
			return object{"url": w.url(shop, "/"+h.Library.String()+"/"+uuid.NewString()), "method": "POST", "json": object{"a": 1}}
		},
		Bad: map[string]any{
			"another scheme":              bad(object{"url": "file:///etc/passwd"}),
			"a password in the url":       bad(object{"url": "https://u:p@" + shop + "/"}),
			"a method in small letters":   bad(object{"method": "post"}),
			"two bodies":                  bad(object{"body": []byte("a"), "json": 1}),
			"a body that is not base64":   bad(object{"body": "%"}),
			"a body of GET":               bad(object{"method": "GET", "body": []byte("a")}),
			"content that is none":        bad(object{"content": "sha256:a"}),
			"a header with a line break":  bad(object{"headers": object{"A": "b\r\nC: d"}}),
			"a header's name with spaces": bad(object{"headers": object{"A B": "c"}}),
			"a header twice":              bad(object{"headers": object{"a": "c", "A": "c"}}),
			"Host":                        bad(object{"headers": object{"host": "a"}}),
			"Transfer-Encoding":           bad(object{"headers": object{"transfer-encoding": "chunked"}}),
			"Proxy-Authorization":         bad(object{"headers": object{"proxy-authorization": "a"}}),
			"headers too large":           bad(object{"headers": object{"A": strings.Repeat("a", 65<<10)}}),
			"11 redirects":                bad(object{"max_redirects": 11}),
			"a size below 0":              bad(object{"max_bytes": -1}),
			"more than an action keeps":   bad(object{"max_bytes": 5 << 20}),
			"a time below 0":              bad(object{"timeout_ms": -1}),
			"a header of no credential":   bad(object{"credential_header": "X-Key"}),
			"a key there twice":           `{"url": "` + w.url(shop, "/") + `", "URL": "https://` + forbidden + `/"}`,
		},
		Effects: s.of,
	})
}

func TestQuery(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(w nethttp.ResponseWriter, r *nethttp.Request) {
		w.Header().Set("X-Method", r.Method+" "+r.Header.Get("Idempotency-Key")+r.Host+r.URL.RequestURI())
		if r.URL.Path == "/missing" {
			w.WriteHeader(nethttp.StatusNotFound)
		}
		_, _ = io.WriteString(w, "hello from "+r.Proto)
	})
	h := w.harness(t)
	t.Run("ok, by HTTP/2", func(t *testing.T) {
		t.Parallel()
		url := w.url(shop, "/a%20b?c=d%26")
		got := get(t, h, object{"url": url})
		if diff := cmp.Diff([]string{"GET " + strings.TrimPrefix(url, "https://")}, got.Headers["X-Method"]); diff != "" {
			t.Error(diff)
		}
		if got.Status != 200 || string(got.Body) != "hello from HTTP/2.0" || got.Size != int64(len(got.Body)) || got.URL != url {
			t.Errorf("answer is %+v", got)
		}
	})
	t.Run("a status of failure is an answer", func(t *testing.T) {
		t.Parallel()
		if got := get(t, h, object{"url": w.url(shop, "/missing")}); got.Status != 404 {
			t.Errorf("status is %d", got.Status)
		}
	})
	t.Run("HEAD has no body", func(t *testing.T) {
		t.Parallel()
		if got := get(t, h, object{"url": w.url(shop, "/"), "method": "HEAD"}); got.Status != 200 || got.Size != 0 {
			t.Errorf("answer is %+v", got)
		}
	})
	t.Run("what changes is an action", func(t *testing.T) {
		t.Parallel()
		e := refused(t, h, bus.InvalidArgument, "query:http.request", object{"url": w.url(shop, "/"), "method": "DELETE"})
		if !strings.Contains(e.Message, "action:http.request") {
			t.Errorf("message %q does not say what to call", e.Message)
		}
	})
	t.Run("unavailable where nobody answers", func(t *testing.T) {
		t.Parallel()
		refused(t, h, bus.Unavailable, "query:http.request", object{"url": "http://" + shop + ":80/"})
	})
	t.Run("unavailable for a name that is none", func(t *testing.T) {
		t.Parallel()
		w.resolve("none.example.org")
		e := refused(t, h, bus.Unavailable, "query:http.request", object{"url": w.url("none.example.org", "/")})
		if !strings.Contains(e.Message, "there is no host") {
			t.Errorf("message is %q", e.Message)
		}
	})
	t.Run("failed_precondition for a certificate of another name", func(t *testing.T) {
		t.Parallel()
		e := refused(t, h, bus.FailedPrecondition, "query:http.request", object{"url": w.url(misnamed, "/")})
		if !strings.Contains(e.Message, "certificate") {
			t.Errorf("message is %q", e.Message)
		}
	})
}

// TestRulesOfTheCaller: what the door of a worker would have refused is refused here, too.
func TestRulesOfTheCaller(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(w nethttp.ResponseWriter, _ *nethttp.Request) { _, _ = io.WriteString(w, "hello") })
	h := w.harness(t)
	for name, in := range map[string]object{
		"a host":       {"url": w.url(forbidden, "/")},
		"a port":       {"url": "https://" + shop + "/"},
		"a method":     {"url": w.url("limited.example.com", "/open/a"), "method": "HEAD"},
		"a path":       {"url": w.url("limited.example.com", "/closed")},
		"a credential": {"url": w.url(shop, "/"), "credential": "of-another"},
	} {
		t.Run("permission_denied for "+name+" that is not allowed", func(t *testing.T) {
			t.Parallel()
			if e := refused(t, h, bus.PermissionDenied, "query:http.request", in); e.Rule == "" {
				t.Errorf("%+v names no rule", e)
			}
		})
	}
	t.Run("permission_denied for a job of another extension", func(t *testing.T) {
		t.Parallel()
		call := h.NewCall(t, "query:http.request", object{"url": w.url(shop, "/")})
		call.Extension = "com.example.thief"
		if _, err := h.Conn.Call(t.Context(), call); bus.CodeOf(err) != bus.PermissionDenied {
			t.Errorf("error is %v", err)
		}
	})
	t.Run("a job in its first attempt, without a record", func(t *testing.T) {
		t.Parallel()
		due := time.Now().Add(time.Hour)
		job := &bus.Job{Extension: operationstest.Extension, Name: "test", Library: h.Library, Due: &due}
		if err := h.Conn.Enqueue(t.Context(), job); err != nil {
			t.Fatal(err)
		}
		call := h.NewCall(t, "query:http.request", object{"url": w.url(shop, "/")})
		call.Job = job.ID
		if _, err := h.Conn.Call(t.Context(), call); err != nil {
			t.Error(err)
		}
	})
	t.Run("a person may ask any host", func(t *testing.T) {
		t.Parallel()
		call := h.NewCall(t, "query:http.request", object{"url": w.url(forbidden, "/")})
		call.Extension, call.Job, call.Attempt = bus.Operator, uuid.Nil, 0
		if _, err := h.Conn.Call(t.Context(), call); err != nil {
			t.Error(err)
		}
	})
}

func TestLimits(t *testing.T) {
	t.Parallel()
	ended := make(chan struct{})
	t.Cleanup(func() { close(ended) })
	zip := func(w io.Writer, n int) {
		z := gzip.NewWriter(w)
		_, _ = io.CopyN(z, zeros{}, int64(n))
		_ = z.Close()
	}
	w := newWorld(t, func(w nethttp.ResponseWriter, r *nethttp.Request) {
		switch r.URL.Path {
		case "/zip":
			w.Header().Set("Content-Encoding", "gzip")
			zip(w, 1000)
		case "/bomb":
			w.Header().Set("Content-Encoding", "gzip")
			zip(w, 64<<20)
		case "/empty-members":
			w.Header().Set("Content-Encoding", "gzip")
			var member bytes.Buffer
			zip(&member, 0)
			for range 100_000 {
				if _, err := w.Write(member.Bytes()); err != nil {
					return
				}
			}
		case "/not-zip":
			w.Header().Set("Content-Encoding", "gzip")
			_, _ = io.WriteString(w, "plain text all along")
		case "/large":
			_, _ = io.CopyN(w, zeros{}, 2<<20)
		case "/endless":
			_, _ = io.Copy(w, zeros{})
		case "/headers":
			for range 300 {
				w.Header().Add("X-Large", strings.Repeat("x", 1000))
			}
		case "/slow", "/slow-body":
			if r.URL.Path == "/slow-body" {
				_, _ = io.WriteString(w, "begin")
				w.(nethttp.Flusher).Flush() //nolint:forcetypeassert // both versions of HTTP can
			}
			select {
			case <-ended:
			case <-r.Context().Done():
			}
		case "/cut":
			w.Header().Set("Content-Length", "100")
			_, _ = io.WriteString(w, "short")
		}
	})
	h := w.harness(t)
	t.Run("unpacks gzip", func(t *testing.T) {
		t.Parallel()
		if got := get(t, h, object{"url": w.url(shop, "/zip")}); got.Size != 1000 || got.Headers["Content-Encoding"] != nil {
			t.Errorf("size is %d, headers %v", got.Size, got.Headers)
		}
	})
	t.Run("takes as much as is asked for", func(t *testing.T) {
		t.Parallel()
		if got := get(t, h, object{"url": w.url(shop, "/large"), "max_bytes": 2 << 20}); got.Size != 2<<20 {
			t.Errorf("size is %d", got.Size)
		}
	})
	for name, tt := range map[string]struct {
		in   object
		code bus.Code
	}{
		"one byte too many":            {object{"url": w.url(shop, "/large"), "max_bytes": 2<<20 - 1}, bus.ResourceExhausted},
		"a body without end":           {object{"url": w.url(shop, "/endless"), "max_bytes": 1 << 20}, bus.ResourceExhausted},
		"a bomb":                       {object{"url": w.url(shop, "/bomb")}, bus.ResourceExhausted},
		"gzip that unpacks to nothing": {object{"url": w.url(shop, "/empty-members"), "max_bytes": 1 << 20}, bus.ResourceExhausted},
		"gzip that is none":            {object{"url": w.url(shop, "/not-zip")}, bus.Unavailable},
		"giant headers":                {object{"url": w.url(shop, "/headers")}, bus.ResourceExhausted},
		"no answer in time":            {object{"url": w.url(shop, "/slow"), "timeout_ms": 200}, bus.DeadlineExceeded},
		"no whole body in time":        {object{"url": w.url(shop, "/slow-body"), "timeout_ms": 200}, bus.DeadlineExceeded},
		"a body that is cut off":       {object{"url": w.url(shop, "/cut")}, bus.Unavailable},
	} {
		t.Run(string(tt.code)+" for "+name, func(t *testing.T) {
			t.Parallel()
			refused(t, h, tt.code, "query:http.request", tt.in)
		})
	}
	t.Run("deadline_exceeded when the caller stops waiting", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		defer cancel()
		_, err := h.Conn.Call(ctx, h.NewCall(t, "query:http.request", object{"url": w.url(shop, "/slow")}))
		if bus.CodeOf(err) != bus.DeadlineExceeded {
			t.Errorf("error is %v", err)
		}
	})
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

func TestLargeBodies(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(w nethttp.ResponseWriter, r *nethttp.Request) { _, _ = io.Copy(w, r.Body) })
	h := w.harness(t)
	large := bytes.Repeat([]byte("0123456789abcdef"), 20<<20/16)
	content, err := h.Conn.PutContent(t.Context(), h.Library, large)
	if err != nil {
		t.Fatal(err)
	}
	t.Run("from content to content", func(t *testing.T) {
		t.Parallel()
		var got answer
		h.OK(t, "action:http.request", object{"url": w.url(shop, "/"), "method": "PUT", "content": content, "keep": true}, &got)
		if got.Content != content || got.Size != int64(len(large)) || got.Body != nil {
			t.Errorf("content is %s of %d bytes, want %s", got.Content, got.Size, content)
		}
	})
	t.Run("in the call", func(t *testing.T) {
		t.Parallel()
		var got answer
		h.OK(t, "action:http.request", object{"url": w.url(shop, "/"), "method": "PUT", "body": large[:3<<20], "max_bytes": 3 << 20}, &got)
		if !bytes.Equal(got.Body, large[:3<<20]) {
			t.Errorf("body of %d bytes came back otherwise", len(got.Body))
		}
	})
	t.Run("not_found for content of another library", func(t *testing.T) {
		t.Parallel()
		_, err := h.Call(t, "action:http.request", uuid.New(), object{"url": w.url(shop, "/"), "method": "PUT", "content": content})
		if code := bus.CodeOf(err); code != bus.NotFound && code != bus.PermissionDenied {
			t.Errorf("error is %v", err)
		}
	})
}
