package http

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"log/slog"
	"net"
	nethttp "net/http"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/semaphore"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/operations"
	"github.com/airlock-run/airlock/operations/credentials"
	"github.com/airlock-run/airlock/operations/door"
)

// Vault has the credentials that are put into requests.
type Vault interface {
	// Use returns a credential of a library; its errors are for guests.
	Use(ctx context.Context, library uuid.UUID, id string) (credentials.Credential, error)
}

// Config says how servers are reached.
type Config struct {
	// Dialer makes the connections. It is one of package outside, which checks where they lead.
	Dialer *net.Dialer
	// Roots are the certificates that those of servers must be signed by. Default: those the system trusts.
	Roots *x509.CertPool
}

// Service sends requests. It is safe for concurrent use.
type Service struct {
	conn      *bus.Conn
	door      *door.Door
	vault     Vault
	log       *slog.Logger
	transport *nethttp.Transport
	// room bounds the bodies of answers that are in memory, sending those of content that is sent.
	room, sending *semaphore.Weighted
}

const (
	// maxAnswerHeaders bounds the headers of an answer, in bytes.
	maxAnswerHeaders = 256 << 10
	// maxBodies bounds the bodies in memory, in bytes: of answers, and of content that is sent.
	maxBodies = 256 << 20
)

// NewTransport makes a transport. No proxy is used.
func NewTransport(config Config) *nethttp.Transport {
	return &nethttp.Transport{
		Proxy:                  nil, // it would resolve names where nothing checks what they lead to
		DialContext:            config.Dialer.DialContext,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: config.Roots},
		TLSHandshakeTimeout:    10 * time.Second,
		MaxResponseHeaderBytes: maxAnswerHeaders,
		DisableCompression:     true, // it is done here, where both sizes are counted
		ForceAttemptHTTP2:      true,
		MaxIdleConns:           100,
		IdleConnTimeout:        time.Minute,
	}
}

// New makes a Service, which asks the door where requests may go. Its transport is one of NewTransport, which the caller closes. A nil
// logger discards.
func New(conn *bus.Conn, d *door.Door, vault Vault, transport *nethttp.Transport, log *slog.Logger) *Service {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &Service{
		conn: conn, door: d, vault: vault, log: log, transport: transport,
		room: semaphore.NewWeighted(maxBodies), sending: semaphore.NewWeighted(maxBodies),
	}
}

// Operations returns the operations of this domain.
func (s *Service) Operations() []operations.Operation {
	fails := []operations.Option{
		operations.Fails(bus.PermissionDenied, "the rules do not allow the URL, or where a redirect leads; or the address is not public"),
		operations.Fails(bus.NotFound, "the library has no such credential or content"),
		operations.Fails(bus.FailedPrecondition, "the certificate is not good, there are too many redirects, or the credential cannot be renewed"),
		operations.Fails(bus.ResourceExhausted, "the answer is larger than max_bytes"),
		operations.Fails(bus.Unavailable, "the server does not answer as one of HTTP does"),
	}
	query := append([]operations.Option{
		operations.Describe("sends GET, HEAD or OPTIONS to an HTTP server"),
		operations.Sample(`{"url": "https://api.example.com/v1/messages", "credential": "example"}`),
	}, fails...)
	action := append([]operations.Option{
		operations.Describe("sends a request to an HTTP server"),
		operations.Sample(`{"url": "https://api.example.com/v1/messages", "method": "POST", "json": {"text": "hello"}, "credential": "example"}`),
	}, fails...)
	return []operations.Operation{
		operations.Query("http.request", s.request, query...),
		operations.RepeatableAction("http.request", s.request, action...),
	}
}
