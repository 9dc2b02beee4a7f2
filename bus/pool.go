package bus

import (
	"fmt"
	"regexp"
	"slices"
)

// Pool is a set of workers that run the jobs of some extensions alone, and may be trusted with no others. NATS lets its user publish calls as
// those extensions, and hear of their jobs; it reads and writes run records through those who deal, and deals none itself. The zero value is
// no pool: a worker that runs any job, and deals.
type Pool struct {
	// Name is 1 to 32 of a-z 0-9 and -.
	Name string
	// Extensions are the ids of the extensions whose jobs its workers run.
	Extensions []string
}

var (
	poolName      = regexp.MustCompile(`^[a-z0-9-]{1,32}$`)
	extensionName = regexp.MustCompile(`^[a-z0-9-]+(\.[a-z0-9-]+)*$`)
)

func validExtension(id string) bool { return len(id) <= 64 && extensionName.MatchString(id) }

// Validate reports what is wrong with it.
func (p Pool) Validate() error {
	switch {
	case p.Name == "" && len(p.Extensions) == 0:
		return nil
	case !poolName.MatchString(p.Name):
		return fmt.Errorf("bus: pool %q, want 1 to 32 of a-z 0-9 and -", p.Name)
	case len(p.Extensions) == 0:
		return fmt.Errorf("bus: pool %s runs the jobs of no extension: name those it does", p.Name)
	}
	for _, id := range p.Extensions {
		if !validExtension(id) {
			return fmt.Errorf("bus: pool %s: %q is no id of an extension", p.Name, id)
		}
	}
	return nil
}

// bound tells whether this process is a worker of a pool.
func (c *Conn) bound() bool { return c.config.Pool.Name != "" }

// Bound tells whether this process is a worker of a pool: then it deals no jobs and starts none for events.
func (c *Conn) Bound() bool { return c.bound() }

// reportSubjects are where a worker reports to the dealer: one of a pool on a subject for each of its extensions, which is how it proves
// that it may run their jobs.
func (p Pool) reportSubjects() []string {
	if p.Name == "" {
		return []string{dealerSubject}
	}
	subjects := make([]string, len(p.Extensions))
	for i, id := range p.Extensions {
		subjects[i] = poolReportSubject(p.Name, id)
	}
	return subjects
}

// dealSubjects are where a worker is dealt jobs.
func (p Pool) dealSubjects(worker string) []string {
	if p.Name == "" {
		return []string{dealSubject(worker)}
	}
	subjects := make([]string, len(p.Extensions))
	for i, id := range p.Extensions {
		subjects[i] = poolDealSubject(p.Name, worker, id)
	}
	return subjects
}

// worker is what a member of a dealer is known by: the workers of a pool cannot take the name of another's.
func (p Pool) worker(name string) string {
	if p.Name == "" {
		return name
	}
	return p.Name + "/" + name
}

// serves tells whether a member may be dealt the jobs of an extension.
func (m *member) serves(extension string) bool {
	return m.pool == "" || !m.serving[extension].IsZero()
}

// reach is the extensions that have a worker with a free slot; all says that it is every extension.
type reach struct {
	all        bool
	extensions []string
}

func (r reach) has(extension string) bool { return r.all || slices.Contains(r.extensions, extension) }

func (r reach) equal(other reach) bool {
	return r.all == other.all && slices.Equal(r.extensions, other.extensions)
}

// lookWhoIsFree finds out which extensions' jobs can be dealt now, has the queue keep the others back, and tells whether anyone is free.
func (t *term) lookWhoIsFree() (anyone bool) {
	now := reach{}
	for _, m := range t.members {
		switch {
		case m.free() <= 0:
		case m.pool == "":
			now.all, anyone = true, true
		default:
			anyone = true
			for id := range m.serving {
				now.extensions = append(now.extensions, id)
			}
		}
	}
	if now.all {
		now.extensions = nil // who is free for anything is enough
	}
	if !anyone {
		return false // nothing is dealt, whoever is reached
	}
	slices.Sort(now.extensions)
	now.extensions = slices.Compact(now.extensions)
	if !now.equal(t.reached) {
		t.reached = now
		t.waiting.ChangedAll()
	}
	return true
}
