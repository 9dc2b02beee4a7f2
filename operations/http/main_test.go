package http_test

import (
	"context"
	"crypto/x509"
	"fmt"
	"log/slog"
	"net"
	nethttp "net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/bus/bustest"
	"github.com/airlock-run/airlock/extensions"
	"github.com/airlock-run/airlock/internal/pgtest"
	"github.com/airlock-run/airlock/operations"
	"github.com/airlock-run/airlock/operations/credentials"
	"github.com/airlock-run/airlock/operations/door"
	"github.com/airlock-run/airlock/operations/http"
	"github.com/airlock-run/airlock/operations/operationstest"
	"github.com/airlock-run/airlock/operations/outside"
	"github.com/airlock-run/airlock/operations/store"
	"github.com/airlock-run/airlock/operations/store/storetest"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

type object = map[string]any

// The hosts of the tests. All are the same server, whose certificate is good for those below example.com. The extension may ask shop, other
// and inside; inside resolves to a private address, other to the server.
const (
	shop      = "shop.example.com"
	other     = "other.example.com"
	inside    = "inside.example.com"
	forbidden = "forbidden.example.com"
	misnamed  = "shop.example.org"
)

// world is a server, and how to reach it.
type world struct {
	server *httptest.Server
	port   int
	allow  []netip.Prefix
	log    *slog.Logger
	// addresses of names; those that are missing are the server's.
	mu        sync.Mutex
	addresses map[string][]string
}

// newWorld starts a server of a handler.
func newWorld(tb testing.TB, handler nethttp.HandlerFunc) *world {
	tb.Helper()
	return startWorld(tb, handler, true)
}

func startWorld(tb testing.TB, handler nethttp.HandlerFunc, http2 bool) *world {
	tb.Helper()
	w := &world{
		server: httptest.NewUnstartedServer(handler), allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")},
		addresses: map[string][]string{inside: {"10.1.2.3"}}, log: slog.New(slog.NewTextHandler(tb.Output(), nil)),
	}
	w.server.EnableHTTP2 = http2
	w.server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	w.server.StartTLS()
	tb.Cleanup(w.server.Close)
	w.port = w.server.Listener.Addr().(*net.TCPAddr).Port //nolint:forcetypeassert // it listens on TCP
	return w
}

// url is one of the server under a name.
func (w *world) url(host, path string) string {
	return "https://" + net.JoinHostPort(host, strconv.Itoa(w.port)) + path
}

// manifest asks for the hosts of the world.
func (w *world) manifest() []byte {
	return fmt.Appendf(nil, `{"id": %q, "name": "Test", "version": "1.0.0", "wasm_file": "a.wasm", "permissions": {
		"methods": ["http.request"], "credentials": {"use": ["key", "user", "token", "none"]},
		"http": [
			{"hosts": [%q, %q, %q, "*.example.org", "127.0.0.1", "169.254.169.254"], "ports": [%d, 80]},
			{"hosts": ["limited.example.com"], "ports": [%d], "methods": ["GET"], "paths": ["/open/*"]}]}}`,
		operationstest.Extension, shop, other, inside, w.port, w.port)
}

// domain serves http.request in the world.
func (w *world) domain(tb testing.TB, conn *bus.Conn, db *store.DB) []operations.Operation {
	tb.Helper()
	bustest.AllowUnlisted(tb, conn)
	records, err := conn.Extensions(tb.Context())
	if err != nil {
		tb.Fatal(err)
	}
	catalogue, err := extensions.NewCatalogue(records, extensions.CatalogueConfig{})
	if err != nil {
		tb.Fatal(err)
	}
	p, err := extensions.NewPackage(w.manifest(), []byte("\x00asm\x01\x00\x00\x00"))
	if err != nil {
		tb.Fatal(err)
	}
	if _, err := catalogue.Install(tb.Context(), p, nil); err != nil {
		tb.Fatal(err)
	}
	d := door.New(conn, catalogue, nil)
	follow(tb, d)
	key, err := credentials.ParseKey("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")
	if err != nil {
		tb.Fatal(err)
	}
	vault := credentials.New(db, key, credentials.Config{})
	roots := x509.NewCertPool()
	roots.AddCert(w.server.Certificate())
	dialer := outside.NewDialer(outside.Config{AllowPrivate: w.allow, Resolver: w.resolver(tb)})
	transport := http.NewTransport(http.Config{Dialer: dialer, Roots: roots})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(transport.CloseIdleConnections)
	return append(http.New(conn, d, vault, transport, w.log).Operations(), vault.Operations()...)
}

// follow runs a door until the test ends, and waits until it is ready.
func follow(tb testing.TB, d *door.Door) {
	tb.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		d.Run(ctx)
	}()
	tb.Cleanup(func() {
		cancel()
		<-ended
	})
	<-d.Ready()
}

func (w *world) harness(tb testing.TB) *operationstest.Harness {
	tb.Helper()
	return operationstest.New(tb, storetest.SQLite(tb), w.domain)
}

// resolve says what names lead to from now on.
func (w *world) resolve(name string, addresses ...string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.addresses[name] = addresses
}

// resolver asks a name server of the test's own.
func (w *world) resolver(tb testing.TB) *net.Resolver {
	tb.Helper()
	server, err := new(net.ListenConfig).ListenPacket(tb.Context(), "udp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		buffer := make([]byte, 1500)
		for {
			n, from, err := server.ReadFrom(buffer)
			if err != nil {
				return
			}
			if answer, err := w.lookUp(buffer[:n]); err == nil {
				_, _ = server.WriteTo(answer, from)
			}
		}
	}()
	tb.Cleanup(func() {
		_ = server.Close()
		<-ended
	})
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "udp", server.LocalAddr().String())
	}}
}

// lookUp answers a question of DNS. The first address of several is given once.
func (w *world) lookUp(data []byte) ([]byte, error) {
	var m dnsmessage.Message
	if err := m.Unpack(data); err != nil {
		return nil, err
	}
	m.Response, m.Additionals = true, nil
	q := m.Questions[0]
	name := strings.TrimSuffix(q.Name.String(), ".")
	w.mu.Lock()
	defer w.mu.Unlock()
	addresses, known := w.addresses[name]
	if !known {
		addresses = []string{"127.0.0.1"}
	}
	if len(addresses) == 0 {
		m.RCode = dnsmessage.RCodeNameError
		return m.Pack()
	}
	address := netip.MustParseAddr(addresses[0])
	head := dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class}
	switch {
	case q.Type == dnsmessage.TypeA && address.Is4():
		m.Answers = append(m.Answers, dnsmessage.Resource{Header: head, Body: &dnsmessage.AResource{A: address.As4()}})
	case q.Type == dnsmessage.TypeAAAA && address.Is6():
		m.Answers = append(m.Answers, dnsmessage.Resource{Header: head, Body: &dnsmessage.AAAAResource{AAAA: address.As16()}})
	default:
		return m.Pack()
	}
	if len(addresses) > 1 {
		w.addresses[name] = addresses[1:]
	}
	return m.Pack()
}

// keep stores a credential.
func keep(tb testing.TB, h *operationstest.Harness, id string, credential object) {
	tb.Helper()
	h.OK(tb, "action:credentials.store", object{"credential_id": id, "credential": credential}, nil)
}

type answer struct {
	Status    int                 `json:"status"`
	URL       string              `json:"url"`
	Headers   map[string][]string `json:"headers"`
	Body      []byte              `json:"body"`
	Content   string              `json:"content"`
	Size      int64               `json:"size"`
	Redirects int                 `json:"redirects"`
}

func get(tb testing.TB, h *operationstest.Harness, in object) (out answer) {
	tb.Helper()
	h.OK(tb, "query:http.request", in, &out)
	return out
}

// refusal is what a guest is told.
type refusal struct{ Message, Rule string }

// refused makes a request that must fail with a code.
func refused(tb testing.TB, h *operationstest.Harness, code bus.Code, method string, in object) refusal {
	tb.Helper()
	out, err := h.Call(tb, method, h.Library, in)
	if bus.CodeOf(err) != code {
		tb.Fatalf("%v: answer is %.200s, %v, want %s", in, out, err, code)
	}
	return refusal{bus.AsError(err).Message, bus.AsError(err).Rule}
}
