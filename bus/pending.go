package bus

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
)

// errAnswerLost ends the wait for an answer that may have been lost with a connection.
var errAnswerLost = errors.New("the connection was lost meanwhile")

// settlingTime is how long after a loss of the connection a call that was under way waits for services to be back.
const settlingTime = 5 * time.Second

// pending are the requests that wait for an answer and may be sent again: those that read, and actions with a key, whose effect happens once
// however often they arrive. It is safe for concurrent use.
type pending struct {
	mu  sync.Mutex
	all map[*nats.Msg]context.CancelCauseFunc
}

// request sends a message and waits for the answer.
//
// # Errors
//
// errAnswerLost once the connection was lost and is back; those of nats.Conn.RequestMsgWithContext.
func (p *pending) request(ctx context.Context, nc *nats.Conn, msg *nats.Msg) (*nats.Msg, error) {
	waiting, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	p.mu.Lock()
	if p.all == nil {
		p.all = map[*nats.Msg]context.CancelCauseFunc{}
	}
	p.all[msg] = stop
	p.mu.Unlock()
	reply, err := nc.RequestMsgWithContext(waiting, msg)
	p.mu.Lock()
	delete(p.all, msg)
	p.mu.Unlock()
	if err != nil && errors.Is(context.Cause(waiting), errAnswerLost) {
		return nil, errAnswerLost
	}
	return reply, err //nolint:wrapcheck // Call tells what it means
}

// reconnected ends all waits.
func (p *pending) reconnected() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, stop := range p.all {
		stop(errAnswerLost)
	}
}
