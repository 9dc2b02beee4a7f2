package client

import (
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"time"

	"github.com/airlock-run/airlock/bus"
)

// DefaultLibrary is the library of who names none: one person's own.
var DefaultLibrary = bus.DefaultLibrary

// MaxBatch is how many jobs EnqueueMany keeps together or not at all.
const MaxBatch = bus.MaxBatch

// Config says how to reach Airlock. One of URL, DataDir and Socket is required.
type Config struct {
	// URL is the NATS of a cluster, such as nats://host:4222; several separated by commas.
	URL string
	// Credentials is the path of a NATS credentials file. Default: none.
	Credentials string
	// DataDir is the data directory of an `airlock up` that runs on this machine as the same user.
	DataDir string
	// Socket is the socket in such a directory, when it is elsewhere.
	Socket string
	// Name shows in the server's list of connections. Default "airlock client".
	Name string
	// Timeout bounds requests whose context has no deadline. Default 30 s.
	Timeout time.Duration
	// MaxWaiting is how many jobs may wait before Enqueue refuses more with ErrQueueFull. Default: no limit.
	MaxWaiting int
	// KeepEnded is how long what is known of a job that this client cancels is kept. Default 7 days.
	KeepEnded time.Duration
	// Logger hears of lost connections. Default: one that discards.
	Logger *slog.Logger
}

// Client enqueues jobs and tells what becomes of them. It is safe for concurrent use.
type Client struct {
	conn  *bus.Conn
	owned bool

	mu sync.Mutex
	// store and installed are what check has read of extensions.
	store     *bus.Extensions
	installed map[string]installed
}

// Connect connects. Close the client with Close.
//
// # Errors
//
// ErrNotReachable when nothing answers; a setting that cannot be.
func Connect(config Config) (*Client, error) {
	if config.DataDir != "" && config.Socket != "" {
		return nil, errors.New("client: want one of URL, DataDir and Socket, not DataDir and Socket")
	}
	if config.DataDir != "" {
		config.Socket = filepath.Join(config.DataDir, bus.SocketName)
	}
	if (config.URL == "") == (config.Socket == "") {
		return nil, errors.New("client: want exactly one of URL, DataDir and Socket")
	}
	if config.MaxWaiting < 0 {
		return nil, fmt.Errorf("client: MaxWaiting is %d, want 0 for no limit, or more", config.MaxWaiting)
	}
	if config.Name == "" {
		config.Name = "airlock client"
	}
	conn, err := bus.Connect(bus.Config{
		URL: config.URL, Socket: config.Socket, Credentials: config.Credentials, Name: config.Name,
		CallTimeout: config.Timeout, MaxWaiting: config.MaxWaiting, KeepEnded: config.KeepEnded, Logger: config.Logger,
	})
	if err != nil {
		return nil, err
	}
	c := Use(conn)
	c.owned = true
	return c, nil
}

// Use makes a client of a connection that is there already. Close leaves it open.
func Use(conn *bus.Conn) *Client {
	return &Client{conn: conn, installed: map[string]installed{}}
}

// Close ends the connection, after what is under way has been sent. Nothing else may be called after it.
func (c *Client) Close() {
	if c.owned {
		c.conn.Close()
	}
}
