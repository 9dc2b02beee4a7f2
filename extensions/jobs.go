package extensions

import (
	"fmt"
	"slices"
	"time"
)

// The priorities a job can have.
const (
	PriorityHigh   = "high"
	PriorityNormal = "normal"
	PriorityLow    = "low"
)

// JobSettings is how the jobs of one name are run.
type JobSettings struct {
	// Timeout bounds one attempt; 0 means the host's default.
	Timeout time.Duration
	// MaxAttempts is how often a job is tried before it is dead; 0 means the host's default.
	MaxAttempts int
	// Priority is high, normal (the default) or low.
	Priority string
	Backoff  Backoff
	// Limits bound one attempt. What they leave open is as the manifest says for all jobs; see [Manifest.JobLimits].
	Limits Limits
}

// JobSettings returns the settings of a job, which are the defaults when the manifest does not list it.
func (m *Manifest) JobSettings(job string) JobSettings {
	if settings, ok := m.Jobs[job]; ok {
		return settings
	}
	return JobSettings{Priority: PriorityNormal}
}

// JobLimits returns the limits of a job: its own, and where it has none those of the extension. 0 means the host's default.
func (m *Manifest) JobLimits(job string) Limits {
	if own := m.Jobs[job].Limits; own.Fuel > 0 {
		return own
	}
	return m.Limits
}

func (d *decoder) jobs(n *node, m *Manifest) {
	if !d.is(n, isObject) {
		return
	}
	if len(n.members) > maxListed {
		d.fail(n, "there are %d jobs, at most %d are allowed", len(n.members), maxListed)
		return
	}
	m.Jobs = make(map[string]JobSettings, len(n.members))
	each := make(fields, len(n.members))
	for _, member := range n.members {
		each[member.key] = func(n *node) { d.job(n, m) }
	}
	d.object(n, each)
}

func (d *decoder) job(n *node, m *Manifest) {
	if problem := tokenProblem(n.key); problem != "" {
		d.fail(n, "the job's name %s", problem)
		return
	}
	settings := JobSettings{Priority: PriorityNormal}
	d.object(n, fields{
		"timeout":      d.duration(&settings.Timeout),
		"max_attempts": d.integer(&settings.MaxAttempts, maxRate, "attempts"),
		"priority": d.checked(func(text string) error {
			if !slices.Contains([]string{PriorityHigh, PriorityNormal, PriorityLow}, text) {
				return fmt.Errorf(`%s is no priority: write "high", "normal" or "low"`, quote(text))
			}
			settings.Priority = text
			return nil
		}),
		"backoff": func(n *node) {
			d.object(n, fields{"initial": d.duration(&settings.Backoff.Initial), "max": d.duration(&settings.Backoff.Max)})
		},
		"retry":  d.retry(&settings),
		"limits": d.limits(&settings.Limits),
	})
	if b := settings.Backoff; b.Max > 0 && b.Initial > b.Max {
		at := n
		for _, key := range []string{"backoff", "retry"} {
			if member := n.member(key); member != nil {
				at = member
			}
		}
		d.fail(at, "the pauses begin with %s, which is more than their max of %s", b.Initial, b.Max)
	}
	m.Jobs[n.key] = settings
}
