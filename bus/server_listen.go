package bus

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nkeys"
)

const (
	// AuthConfigName is the configuration of a NATS server in the directory that `airlock auth init` makes.
	AuthConfigName = "nats-server.conf"
	// TrustedAccount is the NATS account in which Airlock's streams are, and the users that are trusted with them.
	TrustedAccount = "AIRLOCK"
	// insideKeyName is the key of who reaches the server through its socket, beside it and for this user only.
	insideKeyName = "airlock.nkey"
)

// ErrNoUsers is returned by StartServer for a server that is to listen on a network and lets anyone in.
var ErrNoUsers = errors.New("who connects over a network has to prove who it is: make users with `airlock auth init DIR`, and start with --auth DIR")

// options are the server's. What its users may do, and its certificate, come from the directory of `airlock auth`; the rest is ours.
func (c ServerConfig) options(inside *insider) (*server.Options, error) {
	options := &server.Options{}
	if c.Auth != "" {
		path := filepath.Join(c.Auth, AuthConfigName)
		if !exists(path) {
			return nil, fmt.Errorf("read users: there is no %s; make it with `airlock auth init %s`", path, c.Auth)
		}
		var err error
		if options, err = server.ProcessConfigFile(path); err != nil {
			return nil, fmt.Errorf("read users: %w", err)
		}
		if err := inside.admit(options); err != nil {
			return nil, fmt.Errorf("read users of %s: %w", path, err)
		}
		options.HTTPPort, options.HTTPHost, options.PidFile = 0, "", ""
	}
	options.ServerName, options.NoSigs, options.MaxPayload = "airlock", true, MaxPayload
	options.JetStream, options.StoreDir, options.SyncAlways = true, filepath.Join(c.Dir, "nats"), !c.Relaxed
	options.DontListen = c.Listen == ""
	if c.Listen == "" {
		options.TLSConfig, options.TLS = nil, false
		return options, nil
	}
	if c.Auth == "" {
		return nil, fmt.Errorf("listen on %s: %w", c.Listen, ErrNoUsers)
	}
	host, digits, err := net.SplitHostPort(c.Listen)
	port, problem := strconv.Atoi(digits)
	if err != nil || problem != nil || port < 0 || port > 65535 {
		return nil, fmt.Errorf("listen on %q: want host:port, such as 0.0.0.0:4222", c.Listen)
	}
	options.Host, options.Port = host, port
	if port == 0 {
		options.Port = server.RANDOM_PORT
	}
	return options, nil
}

// URL is where others reach the server over the network; empty when it does not listen.
func (s *Server) URL() string {
	if s.config.Listen == "" {
		return ""
	}
	return "tls://" + s.server.Addr().String()
}

// Reload reads the users anew. Who is not among them any more is cut off.
func (s *Server) Reload() error {
	if s.config.Auth == "" {
		return nil
	}
	options, err := s.config.options(s.inside)
	if err != nil {
		return err
	}
	if err := s.server.ReloadOptions(options); err != nil {
		return fmt.Errorf("reload users: %w", err)
	}
	return nil
}

// insider is the user this process, and the commands that reach it through its socket, connect as. It is made anew with each start.
type insider struct {
	seed   []byte
	public string
}

// newInsider makes the user of a server that has users; nil for one that lets everyone in.
func newInsider(config ServerConfig) (*insider, error) {
	if config.Auth == "" {
		return nil, nil //nolint:nilnil // there is none
	}
	seed, public, err := NewUserKey()
	if err != nil {
		return nil, err
	}
	return &insider{seed: seed, public: public}, nil
}

// admit lets the user in, with all rights in the account of Airlock.
func (i *insider) admit(options *server.Options) error {
	for _, account := range options.Accounts {
		if account.Name == TrustedAccount {
			options.Nkeys = append(options.Nkeys, &server.NkeyUser{Nkey: i.public, Account: account})
			return nil
		}
	}
	return fmt.Errorf("there is no account %s", TrustedAccount)
}

// keep writes the key to where those who may use the socket find it; without a user it removes an older one.
func (i *insider) keep(dir string) error {
	path := filepath.Join(dir, insideKeyName)
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("remove old key: %w", err)
	}
	if i == nil {
		return nil
	}
	if err := os.WriteFile(path, i.seed, 0o600); err != nil {
		return fmt.Errorf("keep key: %w", err)
	}
	return nil
}

// options are those of a connection in this process.
func (i *insider) options() []nats.Option {
	if i == nil {
		return nil
	}
	return []nats.Option{nats.CustomInboxPrefix(UserInbox(i.public)), nats.Nkey(i.public, func(nonce []byte) ([]byte, error) {
		pair, err := nkeys.FromSeed(i.seed)
		if err != nil {
			return nil, fmt.Errorf("read key: %w", err)
		}
		return pair.Sign(nonce)
	})}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
