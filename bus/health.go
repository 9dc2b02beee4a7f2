package bus

import (
	"context"
	"errors"
	"fmt"
)

// ErrNotConnected is returned by CheckConnected while there is no connection to a server.
var ErrNotConnected = errors.New("not connected to NATS; the connection is tried again and again")

// CheckConnected tells whether there is a connection to a server now.
//
// # Errors
//
// ErrNotConnected.
func (c *Conn) CheckConnected() error {
	if !c.nc.IsConnected() || !c.prompt.IsConnected() {
		return ErrNotConnected
	}
	return nil
}

// CheckJetStream tells whether JetStream answers now, and has the stream of jobs. Without replicas in touch with each other it does not.
//
// # Errors
//
// That it does not answer, with the reason.
func (c *Conn) CheckJetStream(ctx context.Context) error {
	if _, err := c.js.Stream(ctx, jobsStream); err != nil {
		return fmt.Errorf("ask for stream %s: %w", jobsStream, err)
	}
	return nil
}
