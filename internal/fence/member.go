package fence

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/capabilities"
)

// Role is what a member does.
type Role string

// The roles.
const (
	// Worker runs the jobs of any extension, and deals jobs.
	Worker Role = "worker"
	// Pool runs the jobs of some extensions, and deals none.
	Pool Role = "pool"
	// Operations serves all operations.
	Operations Role = "operations"
	// Operation serves some operations: somebody else's.
	Operation Role = "operation"
	// Client enqueues jobs, publishes events and watches.
	Client Role = "client"
	// Console is for the tools of those who run Airlock.
	Console Role = "console"
)

// Member is a NATS user, as the directory keeps it.
type Member struct {
	Name string `json:"name"`
	Role Role   `json:"role"`
	// Extensions are a pool's.
	Extensions []string `json:"extensions,omitempty"`
	// Serves are the methods of an operation.
	Serves []string `json:"serves,omitempty"`
	// Keys are the public keys it may connect with, the newest first.
	Keys []string `json:"keys"`
}

var memberName = regexp.MustCompile(`^[a-z0-9-]{1,32}$`)

func (m Member) validate() error {
	switch {
	case !memberName.MatchString(m.Name):
		return fmt.Errorf("name %q: want 1 to 32 of a-z 0-9 and -", m.Name)
	case (m.Role == Pool) != (len(m.Extensions) > 0):
		return fmt.Errorf("%s %s: a pool has extensions, and nobody else has", m.Role, m.Name)
	case (m.Role == Operation) != (len(m.Serves) > 0):
		return fmt.Errorf("%s %s: an operation serves methods, and nobody else does", m.Role, m.Name)
	case !slices.Contains([]Role{Worker, Pool, Operations, Operation, Client, Console}, m.Role):
		return fmt.Errorf("role %q: want worker, operations, operation, client or console", m.Role)
	}
	if m.Role == Pool {
		if err := (bus.Pool{Name: m.Name, Extensions: m.Extensions}).Validate(); err != nil {
			return err
		}
	}
	for _, method := range m.Serves {
		if _, err := servedSubjects(method); err != nil {
			return err
		}
	}
	return nil
}

// guarded tells whether the member has an account of its own.
func (m Member) guarded() bool { return m.Role == Pool || m.Role == Client }

// account is the NATS account of the member.
func (m Member) account() string {
	if m.guarded() {
		return "AIRLOCK-" + m.Name
	}
	return bus.TrustedAccount
}

// servedSubjects are where the calls of a method arrive, and those that take it for one of the other kind.
func servedSubjects(text string) ([]string, error) {
	method, err := capabilities.ParseMethod(text)
	if err != nil {
		return nil, fmt.Errorf("method %q: %w", text, err)
	}
	if own, _, _ := strings.Cut(method.Operation, "."); slices.Contains(ourDomains, own) {
		return nil, fmt.Errorf("method %q: operations below %s. are Airlock's own: give others a name of theirs, such as acme.%s", text, own, own)
	}
	return []string{
		bus.CallSubject("*", bus.Query, method.Operation), bus.CallSubject("*", bus.Action, method.Operation),
	}, nil
}

// ourDomains are the domains of the operations Airlock has.
var ourDomains = []string{"ai", "config", "credentials", "events", "http", "jobs", "mail", "notify", "search", "state", "test", "vdfs"}
