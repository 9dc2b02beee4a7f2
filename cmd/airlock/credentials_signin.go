package main

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"net"
	nethttp "net/http"
	"os/exec"
	"runtime"
	"time"

	"golang.org/x/oauth2"
)

// signInTime is how long a person may take.
const signInTime = 10 * time.Minute

// signIn has a person sign in at a provider: show is told the address for the browser, which the provider sends back to a port of this
// machine with a code, which is exchanged for tokens. The code is of no use to whoever else learns it (PKCE, RFC 7636).
func signIn(
	ctx context.Context, config *oauth2.Config, client *nethttp.Client, show func(address string) error, options ...oauth2.AuthCodeOption,
) (*oauth2.Token, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, signInTime, errors.New("nobody has signed in"))
	defer cancel()
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen for the browser: %w", err)
	}
	state, verifier := rand.Text(), oauth2.GenerateVerifier()
	config.RedirectURL = "http://" + listener.Addr().String() + "/"
	back := &callback{state: state, came: make(chan arrival, 1)}
	server := &nethttp.Server{Handler: back, ReadHeaderTimeout: 10 * time.Second}
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = server.Serve(listener) // until it is shut down
	}()
	defer func() {
		closing, stop := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer stop()
		_ = server.Shutdown(closing)
		_ = server.Close()
		<-served
	}()
	if err := show(config.AuthCodeURL(state, append(options, oauth2.S256ChallengeOption(verifier))...)); err != nil {
		return nil, fmt.Errorf("open the browser: %w; --no-browser only prints the address", err)
	}
	select {
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	case got := <-back.came:
		if got.err != nil {
			return nil, got.err
		}
		token, err := config.Exchange(context.WithValue(ctx, oauth2.HTTPClient, client), got.code, oauth2.VerifierOption(verifier))
		if refused, ok := errors.AsType[*oauth2.RetrieveError](err); ok { // its text has what the provider answered
			return nil, fmt.Errorf("the provider gave no tokens (%.40q)", refused.ErrorCode)
		}
		if err != nil {
			return nil, fmt.Errorf("exchange code for tokens: %w", err)
		}
		return token, nil
	}
}

// arrival is what the browser came back with.
type arrival struct {
	code string
	err  error
}

// callback takes the browser that the provider sends back.
type callback struct {
	state string
	came  chan arrival
}

func (b *callback) ServeHTTP(w nethttp.ResponseWriter, r *nethttp.Request) {
	query := r.URL.Query()
	if r.URL.Path != "/" || subtle.ConstantTimeCompare([]byte(query.Get("state")), []byte(b.state)) != 1 {
		nethttp.Error(w, "This is not the answer that was waited for.", nethttp.StatusBadRequest)
		return
	}
	got := arrival{code: query.Get("code")}
	if got.code == "" {
		got.err = fmt.Errorf("the provider refused to sign in (%.40q)", query.Get("error"))
	}
	select {
	case b.came <- got:
	default: // one has come already
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = io.WriteString(w, "Airlock has got the answer. You can close this window.\n")
}

// openBrowser shows a person an address.
func openBrowser(ctx context.Context, address string) error {
	command := map[string]string{"darwin": "open", "windows": "explorer"}[runtime.GOOS]
	if command == "" {
		command = "xdg-open"
	}
	return exec.CommandContext(ctx, command, address).Run() //nolint:gosec // the address is ours
}
