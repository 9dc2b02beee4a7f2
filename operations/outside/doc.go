// Package outside connects to servers for guests, at addresses that guests may reach.
//
// A name says nothing about where it leads: it may resolve to an address inside the network Airlock runs in, and to another one a moment
// later. So the address is checked when the connection is made, after it was resolved. One that is not public in the registries of IANA
// (private, loopback, link-local, shared, multicast, reserved, and IPv4 inside IPv6) is refused, unless it is in a network the operator
// allows ([Config.AllowPrivate]).
//
// The addresses at which clouds tell a machine about itself, its keys among it, have to be allowed one by one: a network that they are in
// does not allow them.
//
//	dialer := outside.NewDialer(outside.Config{AllowPrivate: networks})
//	conn, err := dialer.DialContext(ctx, "tcp", "imap.example.com:993")
//	if outside.Refused(err) { … }
package outside
