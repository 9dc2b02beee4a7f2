package bus

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// MaxPayload is the largest message the embedded server takes, and what a server of one's own should be set to
// (`max_payload: 8MB`).
const MaxPayload = 8 << 20

// SocketName is the name of the socket in the data directory of an embedded server.
const SocketName = "airlock.sock"

// ServerConfig describes an embedded nats-server. Dir is required.
type ServerConfig struct {
	// Dir keeps the streams and the socket.
	Dir string
	// Listen is an address such as "0.0.0.0:4222" on which others reach the server too. It wants Auth. Default: none.
	Listen string
	// Auth is the directory that `airlock auth init` made: its users may connect, over TLS. Default: none, and whoever reaches the socket
	// may do everything.
	Auth string
	// Relaxed acknowledges before the disk has the data: faster, and a power failure loses up to two minutes.
	Relaxed bool
	// Logger defaults to one that discards.
	Logger *slog.Logger
}

// Server is an embedded nats-server with JetStream. It listens on no TCP port unless it is told to; other processes of the same user
// reach it through a Unix socket, mode 0600, in its directory.
type Server struct {
	config ServerConfig
	server *server.Server
	// inside is how this process proves who it is; nil where nobody has to.
	inside   *insider
	listener net.Listener
	wg       sync.WaitGroup
	log      *slog.Logger
}

// ErrInUse is returned by StartServer when another process serves the directory.
var ErrInUse = errors.New("another airlock uses this data directory")

// StartServer starts an embedded server and returns when it is ready. Stop it with Stop.
//
// # Errors
//
// ErrInUse when another process serves config.Dir; ErrNoUsers for one that is to listen and has no users.
func StartServer(ctx context.Context, config ServerConfig) (*Server, error) {
	if config.Dir == "" {
		return nil, errors.New("start nats-server: no data directory")
	}
	if config.Logger == nil {
		config.Logger = slog.New(slog.DiscardHandler)
	}
	if err := os.MkdirAll(config.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("make data directory: %w", err)
	}
	inside, err := newInsider(config)
	if err != nil {
		return nil, err
	}
	options, err := config.options(inside)
	if err != nil {
		return nil, err
	}
	listener, err := listenSocket(filepath.Join(config.Dir, SocketName))
	if err != nil {
		return nil, err
	}
	if err := inside.keep(config.Dir); err != nil {
		_ = listener.Close()
		return nil, err
	}
	ns, err := server.NewServer(options)
	if err != nil {
		_ = listener.Close()
		return nil, fmt.Errorf("start nats-server: %w", err)
	}
	ns.SetLoggerV2(serverLog{config.Logger}, false, false, false)
	go ns.Start()
	s := &Server{config: config, server: ns, inside: inside, listener: listener, log: config.Logger}
	if !ns.ReadyForConnections(10 * time.Second) {
		s.Stop()
		return nil, errors.New("start nats-server: not ready after 10 s")
	}
	s.wg.Go(func() { s.accept(ctx) })
	return s, nil
}

// Stop ends the server. Connections to it are cut.
func (s *Server) Stop() {
	_ = s.listener.Close()
	s.server.Shutdown()
	s.server.WaitForShutdown()
	s.wg.Wait()
}

// InProcessConn makes a connection without a network, for clients of the Go package nats.
func (s *Server) InProcessConn() (net.Conn, error) {
	conn, err := s.server.InProcessConn()
	if err != nil {
		return nil, fmt.Errorf("connect in process: %w", err)
	}
	return conn, nil
}

// accept hands each connection on the socket to the server.
func (s *Server) accept(ctx context.Context) {
	for {
		client, err := s.listener.Accept()
		if err != nil {
			if !errors.Is(err, net.ErrClosed) {
				s.log.ErrorContext(ctx, "socket closed", "error", err)
			}
			return
		}
		inside, err := s.server.InProcessConn()
		if err != nil {
			_ = client.Close()
			continue
		}
		s.wg.Go(func() { pipe(client, inside) })
	}
}

// pipe copies both ways until one side ends, and closes both.
func pipe(a, b net.Conn) {
	var wg sync.WaitGroup
	for _, way := range [][2]net.Conn{{a, b}, {b, a}} {
		wg.Go(func() {
			_, _ = io.Copy(way[0], way[1])
			_ = way[0].Close()
			_ = way[1].Close()
		})
	}
	wg.Wait()
}

// listenSocket makes the socket for this user only. A socket left behind by a process that was killed is replaced.
func listenSocket(path string) (net.Listener, error) {
	if conn, err := net.DialTimeout("unix", path, time.Second); err == nil {
		_ = conn.Close()
		return nil, fmt.Errorf("%w: %s answers; stop it, or choose another --data-dir", ErrInUse, path)
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("remove old socket: %w", err)
	}
	listener, err := net.Listen("unix", path)
	if err != nil {
		return nil, fmt.Errorf("listen on socket: %w", err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		_ = listener.Close()
		return nil, fmt.Errorf("protect socket: %w", err)
	}
	return listener, nil
}

// serverLog sends the server's messages to slog. The server's notices are details here.
type serverLog struct{ log *slog.Logger }

func (l serverLog) Noticef(format string, v ...any) {
	l.log.Debug("nats-server", "message", fmt.Sprintf(format, v...))
}

func (l serverLog) Warnf(format string, v ...any) {
	l.log.Warn("nats-server", "message", fmt.Sprintf(format, v...))
}

func (l serverLog) Fatalf(format string, v ...any) {
	l.log.Error("nats-server", "message", fmt.Sprintf(format, v...))
}

func (l serverLog) Errorf(format string, v ...any) {
	l.log.Error("nats-server", "message", fmt.Sprintf(format, v...))
}
func (l serverLog) Debugf(string, ...any) {}
func (l serverLog) Tracef(string, ...any) {}
