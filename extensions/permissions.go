package extensions

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"time"
	"unicode"

	"github.com/airlock-run/airlock/capabilities"
	"github.com/airlock-run/airlock/capabilities/quota"
)

// Defaults of what a manifest leaves out.
const (
	DefaultConcurrentJobs = 10
	DefaultMaxMemoryMB    = 512
)

const (
	maxListed = 256
	maxInt    = math.MaxInt
	maxRate   = math.MaxInt32
	// maxMemoryMB is the most that a WebAssembly memory can hold.
	maxMemoryMB = 4096
)

// Permissions is what an extension asks for.
type Permissions struct {
	// Methods are the patterns of what it may call; none means nothing.
	Methods []string
	// Libraries are the libraries it may run in: "*" for all, which is the default, or ids.
	Libraries []string
	// Scope narrows methods to targets: what each of them is aimed at.
	Scope capabilities.Scope
	// RequestsPerMinute bounds its calls; 1000 by default.
	RequestsPerMinute int
	// ConcurrentJobs bounds how many of its jobs run at a time; 10 by default.
	ConcurrentJobs int
	// NetworkAccess lists the hosts that services may reach for it.
	NetworkAccess []string
	// MaxMemoryMB bounds the memory of one job, in MiB; 512 by default.
	MaxMemoryMB int
	// WhenExceeded is what becomes of a call when a rate or a budget has nothing left; Refuse by default.
	WhenExceeded WhenExceeded
	// MaxWait bounds how long a call waits where WhenExceeded is Wait.
	MaxWait time.Duration
	// Budgets are what it may use of each library in an hour, a day or a month.
	Budgets []quota.BudgetRule
}

func defaultPermissions() Permissions {
	return Permissions{
		Libraries:         []string{capabilities.AnyLibrary},
		RequestsPerMinute: capabilities.DefaultRequestsPerMinute,
		ConcurrentJobs:    DefaultConcurrentJobs,
		MaxMemoryMB:       DefaultMaxMemoryMB,
		WhenExceeded:      Refuse,
		MaxWait:           DefaultMaxWait,
	}
}

func (d *decoder) permissions(p *Permissions) func(*node) {
	return func(n *node) {
		defer d.scoped(n, p)
		d.object(n, fields{
			"http": d.list(func(n *node) { d.httpRule(n, p) }),
			"credentials": func(n *node) {
				names := &p.Scope.Credentials
				d.object(n, fields{"use": d.names(&names.Use), "store": d.names(&names.Store), "read": d.names(&names.Read)})
			},
			"sidecars": d.names(&p.Scope.Sidecars),
			"entries":  d.names(&p.Scope.Entries),
			"dispatch": d.names(&p.Scope.Dispatch),
			"events": func(n *node) {
				names := &p.Scope.Events
				d.object(n, fields{"publish": d.names(&names.Publish), "hear": d.names(&names.Hear)})
			},
			"methods":   d.list(func(n *node) { d.method(n, p) }),
			"libraries": func(n *node) { d.libraries(n, p) },
			"rate_limits": func(n *node) {
				d.object(n, fields{
					"requests_per_minute": d.integer(&p.RequestsPerMinute, maxRate, "requests"),
					"concurrent_jobs":     d.integer(&p.ConcurrentJobs, maxRate, "jobs"),
					"when_exceeded":       d.whenExceeded(p),
					"max_wait_ms":         d.maxWait(p),
				})
			},
			"network_access": d.list(d.checked(func(text string) error {
				p.NetworkAccess = append(p.NetworkAccess, text)
				return checkHost(text)
			})),
			"max_memory_mb": d.integer(&p.MaxMemoryMB, maxMemoryMB, "MiB"),
			"budgets":       d.budgets(p),
		})
	}
}

func (d *decoder) method(n *node, p *Permissions) {
	d.checked(func(text string) error {
		p.Methods = append(p.Methods, text)
		_, err := capabilities.ParsePattern(text)
		if err == nil && !strings.ContainsAny(text, ".") && !strings.HasSuffix(text, ":") {
			d.warn(n.start, n.path(), "%s grants only an operation of exactly that name; write %s for all that is below it", quote(text), quote(text+"."))
		}
		return err
	})(n)
}

func (d *decoder) libraries(n *node, p *Permissions) {
	p.Libraries = nil
	d.list(d.checked(func(text string) error {
		p.Libraries = append(p.Libraries, text)
		if text == capabilities.AnyLibrary {
			return nil
		}
		_, err := capabilities.ParseLibrary(text)
		return err
	}))(n)
	if n.kind == isList && len(n.members) == 0 {
		d.fail(n, `the list is empty, so the extension could run nowhere: leave it out or write ["*"] for every library, or list libraries' ids`)
	}
}

// checkHost refuses what cannot be a host: the services that use one read it closely.
func checkHost(text string) error {
	switch host := strings.TrimPrefix(text, "*."); {
	case host == "" || strings.ContainsFunc(host, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }):
		return fmt.Errorf("%s is no host: write one such as api.example.com", quote(text))
	case strings.Contains(host, "*"):
		return errors.New(`"*" may stand only for the first part of a host: write *.example.com`)
	default:
		return nil
	}
}
