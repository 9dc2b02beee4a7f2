package bustest

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/airlock-run/airlock/bus"
)

// Proxy is a bad network between a client and a server: it can be cut, it can stand still, and it can lose single messages. Clients
// connect to its Socket.
type Proxy struct {
	// Socket is the path of its Unix socket.
	Socket string

	dial     func() (net.Conn, error)
	listener net.Listener
	wg       sync.WaitGroup

	mu     sync.Mutex
	moving *sync.Cond
	frozen bool
	cut    bool
	closed bool
	lose   func(subject string) bool
	lost   int
	conns  map[net.Conn]struct{}
}

// NewProxy starts a proxy in front of a server. It ends with the test.
func NewProxy(tb testing.TB, server *bus.Server) *Proxy {
	tb.Helper()
	p := &Proxy{
		Socket: filepath.Join(Dir(tb), "p.sock"), dial: server.InProcessConn, conns: map[net.Conn]struct{}{}, lose: func(string) bool { return false },
	}
	p.moving = sync.NewCond(&p.mu)
	var err error
	if p.listener, err = net.Listen("unix", p.Socket); err != nil { //nolint:noctx // it ends with the test
		tb.Fatal(err)
	}
	p.wg.Go(p.accept)
	tb.Cleanup(func() {
		_ = p.listener.Close()
		p.mu.Lock()
		p.closed = true
		p.mu.Unlock()
		p.Cut()
		p.moving.Broadcast()
		p.wg.Wait()
	})
	return p
}

// Connect connects through the proxy.
func (p *Proxy) Connect(tb testing.TB) *bus.Conn {
	tb.Helper()
	conn, err := bus.Connect(bus.Config{Socket: p.Socket})
	if err != nil {
		tb.Fatalf("connect: %v", err)
	}
	tb.Cleanup(conn.Close)
	if err := conn.Setup(tb.Context()); err != nil {
		tb.Fatalf("set up streams: %v", err)
	}
	return conn
}

// Cut closes all connections and lets no new ones in, until Heal.
func (p *Proxy) Cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cut = true
	for conn := range p.conns {
		_ = conn.Close()
	}
}

// Freeze has nothing move in either direction until Heal, as if the client's process stood still.
func (p *Proxy) Freeze() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.frozen = true
}

// Lose loses the messages on subjects that which names, in either direction. Nil loses none.
func (p *Proxy) Lose(which func(subject string) bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if which == nil {
		which = func(string) bool { return false }
	}
	p.lose, p.lost = which, 0
}

// Lost is how many messages were lost since Lose was called.
func (p *Proxy) Lost() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.lost
}

// Heal ends Cut and Freeze.
func (p *Proxy) Heal() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cut, p.frozen = false, false
	p.moving.Broadcast()
}

func (p *Proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		server, err := p.dial()
		p.mu.Lock()
		if err != nil || p.cut {
			_ = client.Close()
			if server != nil {
				_ = server.Close()
			}
			p.mu.Unlock()
			continue
		}
		p.conns[client], p.conns[server] = struct{}{}, struct{}{}
		p.mu.Unlock()
		for _, way := range [][2]net.Conn{{client, server}, {server, client}} {
			p.wg.Go(func() {
				_ = p.forward(way[0], way[1])
				_ = way[0].Close()
				_ = way[1].Close()
				p.mu.Lock()
				delete(p.conns, way[0])
				p.mu.Unlock()
			})
		}
	}
}

// forward hands on what NATS clients and servers say, message by message.
func (p *Proxy) forward(from io.Reader, to io.Writer) error {
	r, w := bufio.NewReaderSize(from, 64<<10), bufio.NewWriter(to)
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return fmt.Errorf("read: %w", err)
		}
		var payload []byte
		words := strings.Fields(line)
		message := len(words) > 2 && slices.Contains([]string{"PUB", "HPUB", "MSG", "HMSG"}, strings.ToUpper(words[0]))
		if message {
			size, err := strconv.Atoi(words[len(words)-1])
			if err != nil {
				return fmt.Errorf("read size: %w", err)
			}
			payload = make([]byte, size+len("\r\n"))
			if _, err := io.ReadFull(r, payload); err != nil {
				return fmt.Errorf("read payload: %w", err)
			}
		}
		if !p.passes(message, words) {
			continue
		}
		_, _ = w.WriteString(line)
		_, _ = w.Write(payload)
		if r.Buffered() == 0 {
			if err := w.Flush(); err != nil {
				return fmt.Errorf("write: %w", err)
			}
		}
	}
}

// passes tells whether something gets through, once it may move.
func (p *Proxy) passes(message bool, words []string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.frozen && !p.closed {
		p.moving.Wait()
	}
	if message && p.lose(words[1]) {
		p.lost++
		return false
	}
	return true
}
