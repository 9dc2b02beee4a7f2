package outside

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"syscall"
	"time"

	"code.dny.dev/ssrf"
)

// Rule names, in a denial, what refuses addresses that are not public.
const Rule = "operator: http-allow-private"

// connectTime bounds how long a connection takes to be made.
const connectTime = 30 * time.Second

// Config says what is reached.
type Config struct {
	// AllowPrivate are networks that may be reached although they are not public. Default: none.
	AllowPrivate []netip.Prefix
	// Resolver finds the addresses of names. Default: the system's.
	Resolver *net.Resolver
}

// metadata are addresses at which clouds tell a machine about itself. 168.63.129.16 is public in the registries.
var metadata = []netip.Addr{
	netip.MustParseAddr("169.254.169.254"), // AWS, Azure, Google, Oracle and others
	netip.MustParseAddr("169.254.170.2"),   // AWS, containers
	netip.MustParseAddr("169.254.170.23"),  // AWS, pods
	netip.MustParseAddr("168.63.129.16"),   // Azure
	netip.MustParseAddr("100.100.100.200"), // Alibaba
	netip.MustParseAddr("192.0.0.192"),     // Oracle
	netip.MustParseAddr("fd00:ec2::254"),   // AWS
	netip.MustParseAddr("fd00:ec2::23"),    // AWS, pods
	netip.MustParseAddr("fd20:ce::254"),    // Google
	netip.MustParseAddr("fd00:c1::a9fe:a9fe"),
}

var errMetadata = errors.New("the address is one at which a cloud tells a machine about itself")

// NewDialer makes a dialer that connects to public addresses, and to those the operator allows.
func NewDialer(config Config) *net.Dialer {
	var v4, v6 []netip.Prefix
	for _, prefix := range config.AllowPrivate {
		if prefix.Addr().Is4() {
			v4 = append(v4, prefix)
		} else {
			v6 = append(v6, prefix)
		}
	}
	public := ssrf.New(ssrf.WithAnyPort(), ssrf.WithAllowedV4Prefixes(v4...), ssrf.WithAllowedV6Prefixes(v6...))
	check := func(network, address string, c syscall.RawConn) error {
		to, err := netip.ParseAddrPort(address)
		if err != nil {
			return fmt.Errorf("%w: %s is no address", ssrf.ErrInvalidHostPort, address)
		}
		at := to.Addr().Unmap().WithZone("")
		if slices.Contains(metadata, at) && !slices.Contains(config.AllowPrivate, netip.PrefixFrom(at, at.BitLen())) {
			return errMetadata
		}
		return public.Safe(network, address, c)
	}
	return &net.Dialer{Timeout: connectTime, Resolver: config.Resolver, Control: check}
}

// Refused tells whether a connection was not made because of its address.
func Refused(err error) bool {
	return errors.Is(err, errMetadata) || errors.Is(err, ssrf.ErrProhibitedIP) || errors.Is(err, ssrf.ErrProhibitedNetwork)
}

// ParsePrivate reads the networks of Config.AllowPrivate: "10.1.0.0/16", or one address.
func ParsePrivate(texts []string) ([]netip.Prefix, error) {
	prefixes := make([]netip.Prefix, len(texts))
	for i, text := range texts {
		prefix, err := netip.ParsePrefix(text)
		if address, problem := netip.ParseAddr(text); problem == nil && address.Zone() == "" {
			prefix, err = netip.PrefixFrom(address, address.BitLen()), nil
		}
		if err != nil || prefix.Masked() != prefix || prefix.Addr().Is4In6() {
			return nil, fmt.Errorf("network %q: want one such as 10.1.0.0/16 or fd00:1::/64, or an address", text)
		}
		prefixes[i] = prefix
	}
	return prefixes, nil
}
