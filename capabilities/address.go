package capabilities

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
)

const maxURL = 8 << 10

// Address is where an HTTP request goes, in the one form in which rules compare it. Make it with [ParseAddress]; the zero Address is not
// known, which no rule allows.
type Address struct {
	// Host is a name in lower case and ASCII without a dot at its end, or an IP address.
	Host string
	Port uint16
	// Plain says that it is http, not https.
	Plain bool
	// Method is GET, POST, ….
	Method string
	// Path is decoded. It is empty where it cannot be compared, as it holds encoded slashes or empty parts: then no rule that names paths
	// allows it, and each that denies paths denies it.
	Path string

	isIP bool
}

// ParseAddress reads the URL and the method (empty for GET) of a request. Both are untrusted. What two programs could read in two ways
// is refused: userinfo, dot segments, numbers that some take for IPv4 addresses.
//
// # Errors
//
// What is wrong with it, as a sentence that may be shown to a guest.
func ParseAddress(rawURL, method string) (Address, error) {
	refuse := func(format string, args ...any) (Address, error) {
		return Address{}, fmt.Errorf("url %s: %w", quote(rawURL), fmt.Errorf(format, args...))
	}
	if len(rawURL) > maxURL {
		return refuse("it has %d bytes, at most %d are possible", len(rawURL), maxURL)
	}
	if !utf8.ValidString(rawURL) || strings.ContainsFunc(rawURL, func(r rune) bool { return r == '\\' || unicode.IsControl(r) || unicode.IsSpace(r) }) {
		return refuse(`it holds a backslash, a space or a control character: encode it`)
	}
	u, err := url.Parse(rawURL)
	switch {
	case err != nil:
		return refuse("it is no URL")
	case u.Scheme != "https" && u.Scheme != "http" || u.Opaque != "" || u.Host == "":
		return refuse("want https://host/path")
	case u.User != nil || strings.Contains(u.Host, "@"):
		return refuse("a name or password stands before the host: name a credential instead")
	case strings.Contains(rawURL, "#"):
		return refuse("it has a fragment, which is never sent: leave it out")
	}
	a := Address{Plain: u.Scheme == "http", Port: 443}
	if a.Plain {
		a.Port = 80
	}
	host, port, err := splitHost(u.Host)
	if err == nil && port != "" {
		a.Port, err = parsePort(port)
	}
	if err == nil {
		a.Host, a.isIP, err = canonicalHost(host)
	}
	if err != nil {
		return refuse("%w", err)
	}
	if a.Path, err = canonicalPath(u.EscapedPath()); err != nil {
		return refuse("%w", err)
	}
	if a.Method, err = parseHTTPMethod(method); err != nil {
		return Address{}, err
	}
	return a, nil
}

// splitHost takes the port off.
func splitHost(text string) (host, port string, err error) {
	if rest, ok := strings.CutPrefix(text, "["); ok {
		host, after, closed := strings.Cut(rest, "]")
		port, hasPort := strings.CutPrefix(after, ":")
		if !closed || after != "" && !hasPort || hasPort && port == "" {
			return "", "", errors.New("want an IPv6 address in brackets and perhaps a port")
		}
		return "[" + host + "]", port, nil
	}
	host, port, hasPort := strings.Cut(text, ":")
	if hasPort && port == "" || strings.Contains(port, ":") {
		return "", "", errors.New("want one port after the colon, and an IPv6 address in brackets")
	}
	return host, port, nil
}

func parsePort(text string) (uint16, error) {
	port, err := strconv.ParseUint(text, 10, 16)
	if err != nil || port == 0 || strconv.FormatUint(port, 10) != text {
		return 0, fmt.Errorf("port %s: want a number from 1 to 65535", quote(text))
	}
	return uint16(port), nil
}

// canonicalHost brings a host into the form in which hosts are compared.
func canonicalHost(text string) (host string, isIP bool, err error) {
	if inside, ok := strings.CutPrefix(text, "["); ok {
		addr, err := netip.ParseAddr(strings.TrimSuffix(inside, "]"))
		if err != nil || addr.Zone() != "" || !addr.Is6() {
			return "", false, fmt.Errorf("%s is no IPv6 address", quote(text))
		}
		return addr.Unmap().String(), true, nil
	}
	if addr, err := netip.ParseAddr(text); err == nil && addr.Is4() {
		return addr.String(), true, nil
	}
	if strings.Contains(text, "%") {
		return "", false, fmt.Errorf("host %s: nothing in it may be encoded", quote(text))
	}
	if !utf8.ValidString(text) {
		return "", false, fmt.Errorf("host %s: it is not UTF-8", quote(text))
	}
	host, err = idna.Lookup.ToASCII(strings.TrimSuffix(text, "."))
	if err != nil || host == "" || len(host) > 253 || strings.HasSuffix(host, ".") || !settled(host) {
		return "", false, fmt.Errorf("%s is no name of a host", quote(text))
	}
	for label := range strings.SplitSeq(host, ".") {
		if label == "" || len(label) > 63 {
			return "", false, fmt.Errorf("host %s: a part of it is empty or too long", quote(text))
		}
	}
	if last := host[strings.LastIndexByte(host, '.')+1:]; strings.Trim(last, "0123456789") == "" || strings.HasPrefix(last, "0x") && isHex(last[2:]) {
		return "", false, fmt.Errorf("host %s: it ends in a number and is no IPv4 address such as 192.0.2.1", quote(text))
	}
	return host, false, nil
}

// settled tells whether a host is in its last form: one that others would read as another name is none.
func settled(host string) bool {
	again, err := idna.Lookup.ToASCII(host)
	return err == nil && again == host
}

func isHex(text string) bool { return strings.Trim(text, "0123456789abcdef") == "" }

// canonicalPath decodes a path. It is empty when it cannot be compared.
func canonicalPath(escaped string) (string, error) {
	if escaped == "" {
		return "/", nil
	}
	path, err := url.PathUnescape(escaped)
	if err != nil || escaped[0] != '/' {
		return "", errors.New("its path is not well encoded")
	}
	for segment := range strings.SplitSeq(strings.ReplaceAll(path, `\`, "/"), "/") {
		if name, _, _ := strings.Cut(segment, ";"); name == "." || name == ".." {
			return "", errors.New(`its path has the part "." or "..": write the path it leads to`)
		}
	}
	odd := strings.Count(path, "/") != strings.Count(escaped, "/") || strings.Contains(path, "//") || !utf8.ValidString(path) ||
		strings.ContainsFunc(path, func(r rune) bool { return r == '\\' || r == '%' || r == ';' || unicode.IsControl(r) })
	if odd {
		return "", nil
	}
	return path, nil
}

func parseHTTPMethod(text string) (string, error) {
	if text == "" {
		return "GET", nil
	}
	if len(text) > 16 || strings.Trim(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
		return "", fmt.Errorf("method %s: want capital letters, such as GET", quote(text))
	}
	return text, nil
}
