package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/airlock-run/airlock/bus"
)

// installedAge is for how long it is believed that an extension is installed as it was.
const installedAge = time.Second

// installed is what Enqueue needs to know of an extension: the part of its record in the catalogue that says which jobs
// it has and where they may run.
type installed struct {
	Manifest struct {
		Permissions struct {
			Libraries []string `json:"libraries"`
		} `json:"permissions"`
		Jobs map[string]struct {
			Priority Priority `json:"priority"`
		} `json:"jobs"`
	} `json:"manifest"`
	Jobs []struct {
		Name string `json:"name"`
	} `json:"jobs"`

	read time.Time
}

// check refuses a job that no worker would run, and gives it the priority its manifest says.
func (c *Client) check(ctx context.Context, job *bus.Job) error {
	extension, err := c.extension(ctx, job.Extension)
	if err != nil {
		return err
	}
	if !extension.has(job.Name) {
		return refuse(ErrUnknownJob, bus.NotFound, "extension %s has no job %q; it has %s", job.Extension, job.Name, extension.jobs())
	}
	if !extension.runsIn(job.Library) {
		return refuse(ErrNotAllowed, bus.PermissionDenied,
			"extension %s may not run in library %s: add it to permissions.libraries in the manifest", job.Extension, job.Library)
	}
	if job.Priority == "" {
		job.Priority = extension.Manifest.Jobs[job.Name].Priority
	}
	if job.Priority == "" {
		job.Priority = Normal
	}
	return nil
}

// extension is what is installed under an id, as it was a second ago at most.
func (c *Client) extension(ctx context.Context, id string) (installed, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if known, ok := c.installed[id]; ok && time.Since(known.read) < installedAge {
		return known, nil
	}
	delete(c.installed, id)
	if c.store == nil {
		store, err := c.conn.Extensions(ctx)
		if err != nil {
			return installed{}, typed(err)
		}
		c.store = store
	}
	record, err := c.read(ctx, id)
	if err != nil {
		return installed{}, err
	}
	known := installed{read: time.Now()}
	if err := json.Unmarshal(record, &known); err != nil {
		return installed{}, fmt.Errorf("decode record of extension %s: %w", id, err)
	}
	c.installed[id] = known
	return known, nil
}

func (c *Client) read(ctx context.Context, id string) ([]byte, error) {
	unknown := func() error {
		return refuse(ErrUnknownExtension, bus.NotFound, "extension %.64s is not installed; `airlock extension list` shows what is", id)
	}
	if !isExtension(id) {
		return nil, unknown()
	}
	record, _, err := c.store.Record(ctx, id)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, unknown()
	}
	if err != nil {
		return nil, &kindError{ErrUnavailable, err}
	}
	return record, nil
}

// isExtension tells whether a text can be an extension's id. Others are no keys of the catalogue.
func isExtension(id string) bool {
	return !strings.HasPrefix(id, ".") && !strings.HasSuffix(id, ".") && !strings.ContainsFunc(id, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' && r != '.'
	})
}

func (i *installed) has(job string) bool {
	for _, known := range i.Jobs {
		if known.Name == job {
			return true
		}
	}
	return false
}

func (i *installed) jobs() string {
	names := make([]string, len(i.Jobs))
	for at, job := range i.Jobs {
		names[at] = job.Name
	}
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}

func (i *installed) runsIn(library uuid.UUID) bool {
	libraries := i.Manifest.Permissions.Libraries
	return len(libraries) == 0 || slices.Contains(libraries, "*") || slices.ContainsFunc(libraries, func(text string) bool {
		id, err := uuid.Parse(text)
		return err == nil && id == library
	})
}
