package bus

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"golang.org/x/sync/semaphore"
)

// Config says how to reach NATS. One of URL, Socket and Server is required.
type Config struct {
	// URL is one or more NATS URLs, separated by commas.
	URL string
	// Socket is the path of the Unix socket of a running `airlock up`.
	Socket string
	// Server is an embedded server to connect to without a network.
	Server *Server
	// Credentials is the path of a NATS credentials file. Default: none.
	Credentials string
	// NKey is the path of the seed of a NATS user. Its replies arrive in an inbox of its own. Default: none.
	NKey string
	// CA is the path of the certificates, in PEM, that a server's certificate must be signed by. Default: those the system trusts.
	CA string
	// APIPrefix is where JetStream is asked, by who has a NATS account of his own: AccountPrefix. Default "$JS.API".
	APIPrefix string
	// Pool is the pool this process is a worker of, if it is bound to one. Default: none.
	Pool Pool
	// Name shows in the server's list of connections. Default "airlock".
	Name string
	// CallTimeout bounds requests whose context has no deadline. Default 30 s.
	CallTimeout time.Duration
	// ConnectTimeout bounds the first connect. Default 2 s.
	ConnectTimeout time.Duration
	// Replicas is how many servers keep each stream. Default 1.
	Replicas int
	// KeepDead is how long the record of a dead job is kept, KeepEnded that of any other that has ended. Defaults 30 and 7 days; at
	// least a second.
	KeepDead, KeepEnded time.Duration
	// KeepAudit is how long a record of the audit is kept. Default 90 days; at least a second.
	KeepAudit time.Duration
	// AuditBytes is how large the audit may become, in bytes. Beyond it no record is written. Default: no limit.
	AuditBytes int64
	// MaxWaiting is how many jobs may wait before no more are enqueued. Default: no limit.
	MaxWaiting int
	// Logger defaults to one that discards.
	Logger *slog.Logger
}

func (c Config) withDefaults() Config {
	if c.Name == "" {
		c.Name = "airlock"
	}
	if c.CallTimeout == 0 {
		c.CallTimeout = 30 * time.Second
	}
	if c.ConnectTimeout == 0 {
		c.ConnectTimeout = 2 * time.Second
	}
	if c.KeepDead == 0 {
		c.KeepDead = 30 * 24 * time.Hour
	}
	if c.KeepEnded == 0 {
		c.KeepEnded = 7 * 24 * time.Hour
	}
	if c.KeepAudit == 0 {
		c.KeepAudit = 90 * 24 * time.Hour
	}
	if c.Replicas == 0 {
		c.Replicas = 1
	}
	if c.APIPrefix == "" {
		c.APIPrefix = jetstream.DefaultAPIPrefix
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return c
}

// Validate reports the first setting that cannot be.
func (c Config) Validate() error {
	ways := 0
	for _, set := range []bool{c.URL != "", c.Socket != "", c.Server != nil} {
		if set {
			ways++
		}
	}
	switch {
	case ways != 1:
		return errors.New("bus: want exactly one of URL, Socket and Server")
	case c.KeepDead < time.Second || c.KeepEnded < time.Second || c.KeepAudit < time.Second:
		return errors.New("bus: records are kept for a second at least")
	case c.AuditBytes < 0:
		return errors.New("bus: the size of the audit must not be negative")
	case c.CallTimeout < 0, c.ConnectTimeout < 0:
		return errors.New("bus: timeouts must not be negative")
	case c.Replicas < 0 || c.Replicas > 5:
		return fmt.Errorf("bus: replicas is %d, want 1 to 5", c.Replicas)
	case c.NKey != "" && c.Credentials != "":
		return errors.New("bus: want a credentials file or the seed of a key, not both")
	}
	return c.Pool.Validate()
}

// Conn is a connection to NATS. It is safe for concurrent use and reconnects by itself, for ever.
type Conn struct {
	config Config
	nc     *nats.Conn
	js     jetstream.JetStream
	log    *slog.Logger
	// prompt is a second connection, for calls and the services that answer them: somebody waits for each message, so each is written at
	// once. nc writes from a goroutine of its own, many messages together: more of them by the second, and each a little later.
	prompt *nats.Conn

	streams sync.Map // name → jetstream.Stream
	buckets sync.Map // name → jetstream.ObjectStore
	// fetching bounds the answers by reference that are on their way, and putting has one object after the other put: a server reads
	// those quickest whose parts lie together.
	fetching, putting *semaphore.Weighted
	// sealing bounds the copies of payloads and answers that are on their way to the bucket.
	sealing *semaphore.Weighted
	// calls are those under way.
	calls pending
	// records writes run records.
	records *committer
	// audits writes records of the audit.
	audits *committer
	// refused is where the calls are noted that services refuse; nil while nobody wants to know.
	refused atomic.Pointer[refusals]
	// backlog is what the dealer said of how many jobs wait.
	backlog struct {
		sync.Mutex
		at      time.Time
		waiting int
	}
	// refusal is what the server last said this user may not do.
	refusal atomic.Pointer[error]
	// back is closed when the connection has been lost and is back, and then another one.
	back struct {
		sync.Mutex
		again chan struct{}
	}
	// isSetUp is set once Setup was called on this connection.
	isSetUp atomic.Bool
}

// AccountPrefix is where JetStream is asked from another account than that of the streams: there, $JS.API would be the account's own.
const AccountPrefix = "AIRLOCK.API"

// ErrNotReachable is returned by Connect when no server answers.
var ErrNotReachable = errors.New("NATS is not reachable")

// ErrUnauthenticated is returned by Connect when the server does not let this process in.
var ErrUnauthenticated = errors.New("NATS refuses this process")

// confirmTime is how long a write waits for its confirmation before it is repeated. It is shorter than the time after
// which a job is dealt again, so that an outcome whose confirmation was lost is repeated before that.
const confirmTime = workerTimeout / 2

// Connect connects. Whoever runs a role calls Setup next. Close it with Close.
//
// # Errors
//
// ErrNotReachable when no server answers within the connect timeout, ErrUnauthenticated when it does not know the user.
func Connect(config Config) (*Conn, error) {
	config = config.withDefaults()
	if err := config.Validate(); err != nil {
		return nil, err
	}
	c := &Conn{config: config, log: config.Logger, fetching: semaphore.NewWeighted(carriedAtOnce), putting: semaphore.NewWeighted(1), sealing: semaphore.NewWeighted(carriedAtOnce)}
	url, options, err := c.options()
	if err != nil {
		return nil, err
	}
	if c.nc, err = c.dial(url, options, nats.Name(c.config.Name), nats.ReconnectHandler(func(*nats.Conn) { c.reconnected() }),
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) {
			if err != nil {
				c.log.Warn("bus connection lost", "error", err)
			}
		})); err != nil {
		return nil, err
	}
	if c.prompt, err = c.dial(url, options, nats.Name(c.config.Name+" calls"), nats.ReconnectHandler(func(*nats.Conn) { c.calls.reconnected() }),
		nats.WriteBufferSize(1)); err != nil {
		c.nc.Close()
		return nil, err
	}
	if c.js, err = jetstream.NewWithAPIPrefix(c.nc, c.config.APIPrefix, jetstream.WithDefaultTimeout(confirmTime), jetstream.WithPublishAsyncTimeout(confirmTime)); err != nil {
		c.prompt.Close()
		c.nc.Close()
		return nil, fmt.Errorf("use jetstream: %w", err)
	}
	c.records = &committer{js: c.js}
	if c.bound() {
		c.records.through = c.writeThrough
	}
	c.audits = &committer{js: c.js}
	return c, nil
}

func (c *Conn) dial(url string, options []nats.Option, own ...nats.Option) (*nats.Conn, error) {
	nc, err := nats.Connect(url, slices.Concat(options, own)...)
	switch {
	case errors.Is(err, nats.ErrAuthorization):
		return nil, fmt.Errorf("%w at %s: it knows no such user; name the key that `airlock auth` made for this process with --nats-nkey", ErrUnauthenticated, c.address())
	case err != nil:
		return nil, fmt.Errorf("%w at %s: %w", ErrNotReachable, c.address(), err)
	}
	return nc, nil
}

// Close drains and closes the connection.
func (c *Conn) Close() {
	c.drain(c.prompt)
	c.drain(c.nc)
	c.js.CleanupPublisher() // nobody confirms any more what is not confirmed by now
}

func (c *Conn) drain(nc *nats.Conn) {
	closed := make(chan struct{})
	nc.SetClosedHandler(func(*nats.Conn) { close(closed) })
	if err := nc.Drain(); err != nil {
		nc.Close()
		return
	}
	select {
	case <-closed:
	case <-time.After(c.config.ConnectTimeout):
		nc.Close()
	}
}

// reconnected makes what a server that was started again has lost: streams that are in memory.
func (c *Conn) reconnected() {
	c.log.Info("bus connection is back")
	defer c.tellReconnected()
	if !c.isSetUp.Load() {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), c.config.CallTimeout)
	defer cancel()
	for c.nc.IsConnected() {
		err := c.Setup(ctx)
		if err == nil || ctx.Err() != nil {
			return
		}
		c.log.Warn("streams not checked yet", "error", err)
		select {
		case <-ctx.Done():
		case <-time.After(250 * time.Millisecond):
		}
	}
}

// nextReconnect is closed once the connection has been lost and is back.
func (c *Conn) nextReconnect() <-chan struct{} {
	c.back.Lock()
	defer c.back.Unlock()
	if c.back.again == nil {
		c.back.again = make(chan struct{})
	}
	return c.back.again
}

func (c *Conn) tellReconnected() {
	c.back.Lock()
	defer c.back.Unlock()
	if c.back.again != nil {
		close(c.back.again)
		c.back.again = nil
	}
}

// MaxPayload is how many bytes one message may have.
func (c *Conn) MaxPayload() int64 { return c.nc.MaxPayload() }

// address is where we connect to, for people.
func (c *Conn) address() string {
	switch {
	case c.config.Socket != "":
		return c.config.Socket
	case c.config.Server != nil:
		return "the embedded server"
	default:
		return c.config.URL
	}
}

func (c *Conn) options() (url string, options []nats.Option, err error) {
	options = []nats.Option{
		nats.Timeout(c.config.ConnectTimeout),
		nats.MaxReconnects(-1),
		nats.ReconnectWait(250 * time.Millisecond),
		nats.ErrorHandler(func(_ *nats.Conn, sub *nats.Subscription, err error) {
			if errors.Is(err, nats.ErrPermissionViolation) {
				c.refusal.Store(&err)
			}
			subject := ""
			if sub != nil {
				subject = sub.Subject
			}
			c.log.Warn("bus error", "subject", subject, "error", err)
		}),
	}
	if c.config.Credentials != "" {
		options = append(options, nats.UserCredentials(c.config.Credentials))
	}
	if key := filepath.Join(filepath.Dir(c.config.Socket), insideKeyName); c.config.Socket != "" && c.config.NKey == "" && exists(key) {
		c.config.NKey = key
	}
	if c.config.NKey != "" {
		public, err := publicKey(c.config.NKey)
		if err != nil {
			return "", nil, fmt.Errorf("connect: %w", err)
		}
		key, err := nats.NkeyOptionFromSeed(c.config.NKey)
		if err != nil {
			return "", nil, fmt.Errorf("connect: %w", err)
		}
		options = append(options, key, nats.CustomInboxPrefix(UserInbox(public)))
	}
	switch {
	case c.config.Socket != "":
		return "nats://airlock", append(options, nats.SetCustomDialer(socketDialer(c.config.Socket))), nil
	case c.config.Server != nil:
		if inside := c.config.Server.inside; c.config.NKey == "" {
			options = append(options, inside.options()...)
		}
		// What keeps a server in this process from reading would keep a new connection from it as well: there is nothing to time.
		return "nats://airlock", append(options, nats.InProcessServer(c.config.Server.server), nats.FlusherTimeout(0)), nil
	default:
		if c.config.CA != "" {
			options = append(options, nats.RootCAs(c.config.CA))
		}
		return c.config.URL, options, nil
	}
}

// socketDialer dials a Unix socket whatever address it is asked for.
type socketDialer string

// Dial implements nats.CustomDialer.
func (d socketDialer) Dial(string, string) (net.Conn, error) {
	return net.DialTimeout("unix", string(d), 2*time.Second)
}

// SkipTLSHandshake keeps the client from securing a socket that never leaves the machine.
func (socketDialer) SkipTLSHandshake() bool { return true }
