package http_test

import (
	"encoding/json"
	"io"
	nethttp "net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/airlock-run/airlock/bus"
)

// echo is what a server of these tests got.
type echo struct {
	Method, Host, Body string
	Header             nethttp.Header
}

// redirecting sends whoever asks /to?<status> to the url of the query, and tells everybody else what it got.
func redirecting(w nethttp.ResponseWriter, r *nethttp.Request) {
	if to := r.URL.Query().Get("to"); to != "" {
		status, err := strconv.Atoi(strings.TrimPrefix(r.URL.Path, "/"))
		if err != nil {
			status = nethttp.StatusFound
		}
		w.Header().Set("Location", to)
		w.WriteHeader(status)
		return
	}
	if r.URL.Path == "/loop" {
		nethttp.Redirect(w, r, "/loop", nethttp.StatusFound)
		return
	}
	body, _ := io.ReadAll(r.Body)
	_ = json.NewEncoder(w).Encode(echo{r.Method, r.Host, string(body), r.Header})
}

// via is a URL of a host that redirects to another.
func (w *world) via(host, status, to string) string {
	return w.url(host, "/"+status+"?to="+strings.NewReplacer("&", "%26", "#", "%23", "?", "%3F", "\\", "%5C").Replace(to))
}

func TestRedirects(t *testing.T) {
	t.Parallel()
	w := newWorld(t, redirecting)
	h := w.harness(t)
	t.Run("are followed where the rules allow it", func(t *testing.T) {
		t.Parallel()
		got := get(t, h, object{"url": w.via(shop, "302", w.via(other, "307", "/end"))})
		if want := w.url(other, "/end"); got.URL != want || got.Redirects != 2 {
			t.Errorf("came from %s after %d redirects, want %s", got.URL, got.Redirects, want)
		}
	})
	t.Run("are the answer when none are to be followed", func(t *testing.T) {
		t.Parallel()
		got := get(t, h, object{"url": w.via(shop, "301", w.url(forbidden, "/")), "max_redirects": 0})
		if got.Status != 301 || got.Headers["Location"][0] != w.url(forbidden, "/") {
			t.Errorf("answer is %+v", got)
		}
	})
	for name, to := range map[string]string{
		"a host that is not allowed":             w.url(forbidden, "/"),
		"the metadata service":                   "http://169.254.169.254/latest/meta-data",
		"the metadata service by https":          "https://169.254.169.254/",
		"http":                                   "http://" + shop + ":80/",
		"a file":                                 "file:///etc/passwd",
		"another scheme":                         "gopher://" + shop + "/",
		"a url with a password":                  "https://shop.example.com@" + forbidden + "/",
		"an address written as a number":         "https://2130706433/",
		"an address inside IPv6":                 "https://[::ffff:127.0.0.1]:1/",
		"a name that leads to a private address": w.url(inside, "/"),
		"a path that is not allowed":             w.url("limited.example.com", "/closed"),
	} {
		t.Run("permission_denied to "+name, func(t *testing.T) {
			t.Parallel()
			if e := refused(t, h, bus.PermissionDenied, "query:http.request", object{"url": w.via(shop, "302", to)}); strings.Contains(e.Message, "10.1.2.3") {
				t.Errorf("message %q tells what a name leads to", e.Message)
			}
		})
	}
	t.Run("failed_precondition for a loop", func(t *testing.T) {
		t.Parallel()
		refused(t, h, bus.FailedPrecondition, "query:http.request", object{"url": w.url(shop, "/loop")})
	})
	t.Run("failed_precondition for one too many", func(t *testing.T) {
		t.Parallel()
		refused(t, h, bus.FailedPrecondition, "query:http.request", object{"url": w.via(shop, "302", w.via(shop, "302", "/end")), "max_redirects": 1})
	})
}

func TestRedirectsCarry(t *testing.T) {
	t.Parallel()
	w := newWorld(t, redirecting)
	h := w.harness(t)
	keep(t, h, "key", object{"type": "api_key", "key": "correct-horse"})
	post := func(t *testing.T, url string) (got echo) {
		t.Helper()
		var out answer
		h.OK(t, "action:http.request", object{
			"url": url, "method": "POST", "body": []byte("data"), "credential": "key",
			"headers": object{"X-Own": "1", "Cookie": "a=b", "Accept": "text/html", "Content-Type": "text/plain"},
		}, &out)
		if err := json.Unmarshal(out.Body, &got); err != nil {
			t.Fatal(err)
		}
		return got
	}
	t.Run("everything to the same host", func(t *testing.T) {
		t.Parallel()
		got := post(t, w.via(shop, "307", "/end"))
		want := nethttp.Header{
			"Accept": {"text/html"}, "Accept-Encoding": {"gzip"}, "Authorization": {"Bearer [redacted by airlock]"}, "Content-Length": {"4"},
			"Content-Type": {"text/plain"}, "Cookie": {"a=b"}, "User-Agent": {"airlock"}, "X-Own": {"1"},
		}
		if diff := cmp.Diff(want, got.Header); diff != "" || got.Method != nethttp.MethodPost || got.Body != "data" {
			t.Errorf("%s %q %s", got.Method, got.Body, diff)
		}
	})
	t.Run("no credential and no header of the guest to another", func(t *testing.T) {
		t.Parallel()
		got := post(t, w.via(shop, "308", w.url(other, "/end")))
		want := nethttp.Header{
			"Accept": {"text/html"}, "Accept-Encoding": {"gzip"}, "Content-Length": {"4"}, "Content-Type": {"text/plain"}, "User-Agent": {"airlock"},
		}
		if diff := cmp.Diff(want, got.Header); diff != "" || got.Method != nethttp.MethodPost || got.Body != "data" {
			t.Errorf("%s %q %s", got.Method, got.Body, diff)
		}
	})
	t.Run("nothing any more once it has been elsewhere", func(t *testing.T) {
		t.Parallel()
		got := post(t, w.via(shop, "307", w.via(other, "307", w.url(shop, "/end"))))
		if got.Header.Get("Authorization") != "" || got.Header.Get("Cookie") != "" {
			t.Errorf("headers are %v", got.Header)
		}
	})
	t.Run("no body where a POST turns into a GET", func(t *testing.T) {
		t.Parallel()
		if got := post(t, w.via(shop, "303", "/end")); got.Method != nethttp.MethodGet || got.Body != "" || got.Header.Get("Content-Type") != "" {
			t.Errorf("%+v", got)
		}
	})
}
