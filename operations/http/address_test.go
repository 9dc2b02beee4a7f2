package http_test

import (
	"io"
	nethttp "net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/airlock-run/airlock/bus"
)

func TestAddressesThatAreNotPublic(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(w nethttp.ResponseWriter, _ *nethttp.Request) { _, _ = io.WriteString(w, "inside") })
	h := w.harness(t)
	for i, address := range []string{
		"127.0.0.2", "10.0.0.1", "172.16.0.1", "192.168.0.1", "169.254.169.254", "168.63.129.16", "100.64.0.1", "100.100.100.200", "0.0.0.0", "0.1.2.3",
		"224.0.0.1", "240.0.0.1", "255.255.255.255", "192.0.0.192", "198.18.0.1", "192.0.2.1",
		"::", "::1", "fd00:ec2::254", "fe80::1", "fec0::1", "ff02::1", "::ffff:127.0.0.2", "::ffff:10.0.0.1", "::127.0.0.1",
		"64:ff9b::7f00:1", "64:ff9b:1::a00:1", "2002:7f00:1::", "2001::1", "2001:db8::1", "100::1", "3fff::1",
	} {
		t.Run("permission_denied for a name that leads to "+address, func(t *testing.T) {
			t.Parallel()
			name := "n" + strconv.Itoa(i) + ".example.org"
			w.resolve(name, address)
			e := refused(t, h, bus.PermissionDenied, "query:http.request", object{"url": w.url(name, "/"), "timeout_ms": 5000})
			if !strings.HasPrefix(e.Rule, "operator: ") || strings.Contains(e.Message, address) {
				t.Errorf("error is %+v", e)
			}
		})
	}
	t.Run("permission_denied for an address that the rules allow", func(t *testing.T) {
		t.Parallel()
		refused(t, h, bus.PermissionDenied, "query:http.request", object{"url": "http://169.254.169.254:80/latest/meta-data"})
	})
	t.Run("ok for one that the operator allows", func(t *testing.T) {
		t.Parallel()
		if got := get(t, h, object{"url": w.url(shop, "/")}); string(got.Body) != "inside" {
			t.Errorf("body is %q", got.Body)
		}
	})
}

// TestRebinding: a name whose address changes between two lookups is checked at each connection.
func TestRebinding(t *testing.T) {
	t.Parallel()
	w := startWorld(t, func(w nethttp.ResponseWriter, r *nethttp.Request) {
		w.Header().Set("Connection", "close")
		_, _ = io.WriteString(w, r.Host)
	}, false)
	h := w.harness(t)
	in := object{"url": w.url(shop, "/")}
	get(t, h, in)
	w.resolve(shop, "127.0.0.2")
	refused(t, h, bus.PermissionDenied, "query:http.request", in)
	w.resolve(shop, "127.0.0.1")
	get(t, h, in)
}
