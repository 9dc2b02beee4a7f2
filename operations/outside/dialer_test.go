package outside_test

import (
	"context"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/airlock-run/airlock/operations/outside"
)

// refused tells whether a dialer refuses an address. It does not wait for a connection.
func refused(t *testing.T, address string, allow ...string) bool {
	t.Helper()
	networks, err := outside.ParsePrivate(allow)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	conn, err := outside.NewDialer(outside.Config{AllowPrivate: networks}).DialContext(ctx, "tcp", net.JoinHostPort(address, "9"))
	if err == nil {
		_ = conn.Close()
	}
	return outside.Refused(err)
}

func TestDialer(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		address string
		allow   []string
		want    bool
	}{
		"refuses a private address":                        {"127.0.0.1", nil, true},
		"connects to one that is allowed":                  {"127.0.0.1", []string{"127.0.0.0/8"}, false},
		"refuses another one":                              {"127.0.0.1", []string{"127.0.0.2"}, true},
		"refuses metadata":                                 {"169.254.169.254", nil, true},
		"refuses metadata in a network that is allowed":    {"169.254.169.254", []string{"169.254.0.0/16"}, true},
		"refuses it mapped to IPv6":                        {"::ffff:169.254.169.254", []string{"169.254.0.0/16"}, true},
		"refuses metadata of IPv6 in one that is allowed":  {"fd00:ec2::254", []string{"fd00:ec2::/64"}, true},
		"refuses metadata at an address that is public":    {"168.63.129.16", nil, true},
		"refuses it whatever network is allowed around it": {"168.63.129.16", []string{"168.0.0.0/8"}, true},
		"connects to metadata that is allowed by itself":   {"169.254.169.254", []string{"169.254.169.254"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := refused(t, c.address, c.allow...); got != c.want {
				t.Errorf("refused is %v", got)
			}
		})
	}
}

func TestParsePrivate(t *testing.T) {
	t.Parallel()
	t.Run("ok", func(t *testing.T) {
		t.Parallel()
		got, err := outside.ParsePrivate([]string{"10.1.0.0/16", "127.0.0.1", "fd00:1::/64"})
		if err != nil || len(got) != 3 || got[1] != netip.MustParsePrefix("127.0.0.1/32") {
			t.Errorf("got %v, %v", got, err)
		}
	})
	for _, text := range []string{"", "10.1.2.3/16", "localhost", "fe80::1%eth0", "::ffff:10.0.0.0/104", "10.0.0.0/33"} {
		t.Run("refuses "+text, func(t *testing.T) {
			t.Parallel()
			if got, err := outside.ParsePrivate([]string{text}); err == nil {
				t.Errorf("got %v", got)
			}
		})
	}
}
