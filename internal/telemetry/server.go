package telemetry

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// Server answers /metrics, /healthz and /readyz.
type Server struct {
	listener net.Listener
	http     http.Server
	ended    chan struct{}
}

// Listen starts to answer on an address such as 127.0.0.1:9464. Nobody has to say who they are to get an answer, so the address
// is one that only those can reach who may know. metrics may be nil. Close ends it.
//
// # Errors
//
// That the address cannot be listened on.
func Listen(ctx context.Context, address string, metrics http.Handler, health *Health, logger *slog.Logger) (*Server, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listen for HTTP: %w", err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", health.ServeAlive)
	mux.HandleFunc("GET /readyz", health.ServeReady)
	if metrics != nil {
		mux.Handle("GET /metrics", metrics)
	}
	s := &Server{
		listener: listener, ended: make(chan struct{}),
		http: http.Server{
			Handler: mux, ReadTimeout: 5 * time.Second, WriteTimeout: 30 * time.Second, IdleTimeout: 2 * time.Minute,
			MaxHeaderBytes: 16 << 10, ErrorLog: slog.NewLogLogger(logger.Handler(), slog.LevelDebug),
		},
	}
	go func() {
		defer close(s.ended)
		if err := s.http.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			logger.ErrorContext(context.WithoutCancel(ctx), "HTTP ended", "error", err)
		}
	}()
	return s, nil
}

// Address is the one it answers on.
func (s *Server) Address() string { return s.listener.Addr().String() }

// Close stops to answer. It waits for a second for those who are being answered.
func (s *Server) Close() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if err := s.http.Shutdown(ctx); err != nil {
		_ = s.http.Close()
	}
	<-s.ended
}
