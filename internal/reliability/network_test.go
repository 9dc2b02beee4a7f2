package reliability_test

import (
	"fmt"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"
)

// network is a network namespace with a cable to this one, which can be cut.
type network struct {
	name, link string
	// host is this side's address.
	host string
}

var networks atomic.Int32

// newNetwork makes a network, for which one has to be root. It goes with the test.
func newNetwork(t *testing.T) *network {
	t.Helper()
	n := networks.Add(1)
	w := &network{name: fmt.Sprintf("airlock-test-%d", n), link: fmt.Sprintf("altest%d", n), host: fmt.Sprintf("10.213.%d.1", n)}
	_ = exec.CommandContext(t.Context(), "ip", "netns", "del", w.name).Run() // of a test that was killed
	ip(t, "netns", "add", w.name)
	t.Cleanup(func() {
		_ = exec.Command("ip", "link", "del", w.link).Run()  //nolint:noctx // the test's has ended
		_ = exec.Command("ip", "netns", "del", w.name).Run() //nolint:noctx // the test's has ended
	})
	_ = exec.CommandContext(t.Context(), "ip", "link", "del", w.link).Run()
	ip(t, "link", "add", w.link, "type", "veth", "peer", "name", "eth0", "netns", w.name)
	ip(t, "addr", "add", w.host+"/24", "dev", w.link)
	ip(t, "link", "set", w.link, "up")
	ip(t, "-n", w.name, "addr", "add", fmt.Sprintf("10.213.%d.2/24", n), "dev", "eth0")
	ip(t, "-n", w.name, "link", "set", "eth0", "up")
	ip(t, "-n", w.name, "link", "set", "lo", "up")
	return w
}

// cut has no packet get through, either way, and nobody is told.
func (w *network) cut(t *testing.T) { t.Helper(); ip(t, "-n", w.name, "link", "set", "eth0", "down") }

func (w *network) mend(t *testing.T) { t.Helper(); ip(t, "-n", w.name, "link", "set", "eth0", "up") }

func ip(t *testing.T, args ...string) {
	t.Helper()
	if out, err := exec.Command("ip", args...).CombinedOutput(); err != nil { //nolint:noctx // it takes milliseconds
		t.Errorf("ip %s: %v: %s (network namespaces take root)", strings.Join(args, " "), err, out)
	}
}
