package extensions

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Installed is an extension in the catalogue: one version of it.
type Installed struct {
	Manifest *Manifest `json:"manifest"`
	// Version names manifest and module together.
	Version Version `json:"version"`
	// Digest names the module, Size is its length in bytes.
	Digest string `json:"digest"`
	Size   int64  `json:"size"`
	// Signed is what was signed, and by whom; nil when there are no signatures.
	Signed *Signed `json:"signed,omitempty"`
	// Jobs are what the module registers.
	Jobs        []JobInfo `json:"jobs"`
	InstalledAt time.Time `json:"installed_at"`
	// ReplacedAt is when another version was installed over this one, or the extension was removed; zero for a current one.
	ReplacedAt time.Time `json:"replaced_at,omitzero"`
	// Held says that somebody has to approve the version before it becomes the current one; nil when nobody has to.
	Held *Held `json:"held,omitempty"`
	// Approval says who did.
	Approval *Approval `json:"approval,omitempty"`
	// Revision grows with every change to the catalogue; two answers with equal revisions are the same.
	Revision uint64 `json:"revision,omitempty"`
}

// JobInfo is a job that a module registers when it is initialised.
type JobInfo struct {
	Name string `json:"name"`
	// Export is the function that runs the job.
	Export string `json:"export"`
	// Resumable says that a retry starts from the last checkpoint instead of the input.
	Resumable bool `json:"resumable"`
}

// Job returns one of the jobs.
func (i *Installed) Job(name string) (JobInfo, bool) {
	at := slices.IndexFunc(i.Jobs, func(job JobInfo) bool { return job.Name == name })
	if at < 0 {
		return JobInfo{}, false
	}
	return i.Jobs[at], true
}

// check compares what the manifest says of jobs with what the module registers.
func (i *Installed) check() error {
	invalid := &InvalidError{}
	missing := func(field, job string) {
		if _, ok := i.Job(job); !ok {
			invalid.Problems = append(invalid.Problems, Problem{
				File: ManifestFile, Field: field,
				Text: fmt.Sprintf("the module registers no job %q, it registers %s", job, i.jobNames()),
			})
		}
	}
	for at, trigger := range i.Manifest.Triggers {
		missing(fmt.Sprintf("triggers[%d].job", at), trigger.Job)
	}
	for at, schedule := range i.Manifest.Schedules {
		missing(fmt.Sprintf("schedules[%d].job", at), schedule.Job)
	}
	listed := make([]string, 0, len(i.Manifest.Jobs))
	for job := range i.Manifest.Jobs {
		listed = append(listed, job)
	}
	slices.Sort(listed)
	for _, job := range listed {
		missing("jobs."+job, job)
	}
	if len(invalid.Problems) > 0 {
		return invalid
	}
	return nil
}

func (i *Installed) jobNames() string {
	if len(i.Jobs) == 0 {
		return "none"
	}
	names := make([]string, len(i.Jobs))
	for at, job := range i.Jobs {
		names[at] = job.Name
	}
	return strings.Join(names, ", ")
}

// decodeInstalled reads the record of an extension. One that was written before versions had names gets its name.
func decodeInstalled(id string, record []byte, revision uint64) (Installed, error) {
	var i Installed
	if err := json.Unmarshal(record, &i); err != nil {
		return Installed{}, fmt.Errorf("decode record of extension %s: %w", id, err)
	}
	if i.Manifest == nil || string(i.Manifest.ID) != id {
		return Installed{}, fmt.Errorf("decode record of extension %s: it holds another's manifest, or none", id)
	}
	i.Version = versionOf(i.Manifest, i.Digest)
	i.Revision = revision
	return i, nil
}

// decodeVersion reads the record of a version, and makes sure that it is that version's.
func decodeVersion(version Version, record []byte) (Installed, error) {
	var i Installed
	if err := json.Unmarshal(record, &i); err != nil {
		return Installed{}, fmt.Errorf("decode record of version %s: %w", version.Short(), err)
	}
	if i.Manifest == nil || versionOf(i.Manifest, i.Digest) != version {
		return Installed{}, fmt.Errorf("decode record of version %s: it holds another version, or none", version.Short())
	}
	i.Version = version
	return i, nil
}
