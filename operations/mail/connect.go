package mail

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"sync/atomic"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/emersion/go-sasl"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/operations/credentials"
)

// maxSaid bounds what a server says to one call beside the bytes of a message: lists of mailboxes, envelopes, flags.
const maxSaid = 16 << 20

// errTalks is what a connection fails with whose server has said too much.
var errTalks = errors.New("the server says more than it was asked for")

// session is a connection that has been authenticated.
type session struct {
	*imapclient.Client
	wire *wire
	// account tells what the session is for, in errors.
	account *Account
	secrets []string
}

// wire bounds what a server says.
type wire struct {
	net.Conn
	left atomic.Int64
	over atomic.Bool
}

func (w *wire) Read(p []byte) (int, error) {
	left := w.left.Load()
	if left <= 0 {
		w.over.Store(true)
		_ = w.Close()
		return 0, errTalks
	}
	n, err := w.Conn.Read(p[:min(int64(len(p)), left)])
	w.left.Add(-int64(n))
	if err != nil {
		_ = w.Close() // a time-out, too, is the end: nothing may come after it
	}
	return n, err //nolint:wrapcheck // a connection's
}

// allow has the server say so many bytes more, or as many as usual for 0.
func (w *wire) allow(more int64) {
	if more == 0 {
		w.left.Store(maxSaid)
		return
	}
	w.left.Add(more)
}

// connect connects to the server of an account and proves who we are. The session is not bound to ctx.
//
// # Errors
//
// For guests: permission_denied for an address that is not public; not_found and failed_precondition for a credential that is not there or
// is refused, and for a certificate that is not good; unavailable.
func (s *Service) connect(ctx context.Context, a *Account) (*session, error) {
	return s.connectWith(ctx, a, func() {})
}

// connectWith is connect, with what is called when the server tells, unasked, that the mailbox has changed.
func (s *Service) connectWith(ctx context.Context, a *Account, changed func()) (*session, error) {
	credential, err := s.vault.Use(ctx, a.Library, a.ID)
	if err != nil {
		return nil, err
	}
	if a.Security == Plain && !s.config.AllowPlain {
		return nil, bus.Errorf(bus.FailedPrecondition, "account %s has no TLS, which the operator does not allow (AIRLOCK_MAIL_ALLOW_PLAIN)", a.ID)
	}
	conn, err := s.config.Dialer.DialContext(ctx, "tcp", a.address())
	if err != nil {
		return nil, dialFailure(ctx, a, err)
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	c := &session{account: a, secrets: []string{credential.Key, credential.Password, credential.AccessToken}, wire: &wire{Conn: conn}}
	c.wire.allow(0)
	if err := c.open(ctx, s.config.TLS, changed); err != nil {
		_ = conn.Close()
		return nil, c.failure(ctx, err)
	}
	if err := c.authenticate(credential); err != nil {
		_ = c.Close()
		if ctx.Err() == nil && !c.wire.over.Load() {
			if _, refused := errors.AsType[*imap.Error](err); refused || errors.Is(err, errNoLogin) {
				return nil, c.refused(err)
			}
		}
		return nil, c.failure(ctx, err)
	}
	return c, nil
}

// open makes the connection one of IMAP, with TLS if the account wants it.
func (c *session) open(ctx context.Context, config *tls.Config, changed func()) error {
	config = config.Clone()
	config.ServerName, config.NextProtos = c.account.Host, []string{"imap"}
	options := &imapclient.Options{TLSConfig: config, UnilateralDataHandler: &imapclient.UnilateralDataHandler{
		Mailbox: func(*imapclient.UnilateralDataMailbox) { changed() },
		Fetch:   func(data *imapclient.FetchMessageData) { _, _ = c.itemsOf(data, false, ignore) },
	}}
	var err error
	switch c.account.Security {
	case StartTLS:
		c.Client, err = imapclient.NewStartTLS(c.wire, options)
	case TLS:
		protected := tls.Client(c.wire, config)
		if err = protected.HandshakeContext(ctx); err == nil {
			c.Client = imapclient.New(protected, options)
		}
	default:
		c.Client = imapclient.New(c.wire, options)
	}
	if err != nil {
		return fmt.Errorf("protect connection: %w", err)
	}
	if err := c.WaitGreeting(); err != nil {
		return fmt.Errorf("wait for greeting: %w", err)
	}
	return nil
}

// errNoLogin is returned for a server that takes none of the ways we know.
var errNoLogin = errors.New("the server takes neither a password nor an access token in a way that is known here")

func (c *session) authenticate(credential credentials.Credential) error {
	caps := c.Caps()
	if credential.Type == credentials.OAuth2 {
		if caps.Has(imap.AuthCap(sasl.OAuthBearer)) {
			return c.Authenticate(sasl.NewOAuthBearerClient(&sasl.OAuthBearerOptions{
				Username: c.account.Username, Token: credential.AccessToken, Host: c.account.Host, Port: c.account.Port,
			}))
		}
		if caps.Has(imap.AuthCap("XOAUTH2")) {
			return c.Authenticate(&xoauth2{c.account.Username, credential.AccessToken})
		}
		return errNoLogin
	}
	if credential.Type != credentials.Basic {
		return fmt.Errorf("%w: credential %s is of type %s, want basic or oauth2", errNoLogin, c.account.ID, credential.Type)
	}
	if caps.Has(imap.AuthCap(sasl.Plain)) {
		return c.Authenticate(sasl.NewPlainClient("", credential.Username, credential.Password))
	}
	if !caps.Has(imap.CapLoginDisabled) {
		return c.Login(credential.Username, credential.Password).Wait()
	}
	return errNoLogin
}

// xoauth2 is the mechanism of Google and Microsoft: https://developers.google.com/workspace/gmail/imap/xoauth2-protocol.
type xoauth2 struct{ user, token string }

func (x *xoauth2) Start() (mechanism string, initial []byte, err error) {
	return "XOAUTH2", []byte("user=" + x.user + "\x01auth=Bearer " + x.token + "\x01\x01"), nil
}

// Next answers the server's explanation of a refusal, after which it refuses.
func (x *xoauth2) Next([]byte) ([]byte, error) { return []byte{}, nil }
