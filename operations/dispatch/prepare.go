package dispatch

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/extensions"
)

// subJobs is the UUIDv5 namespace of the ids of sub-jobs.
var subJobs = uuid.MustParse("7a0c2d4e-51c8-5b0e-8f0a-3f1f0b6d2c54")

// maxDelay is the longest a sub-job can be put off.
const maxDelay = 365 * 24 * time.Hour

// prepare makes the jobs of a call. The same call makes the same jobs.
func (d *dispatcher) prepare(ctx context.Context, call *bus.Call, wanted []newJob) ([]*bus.Job, error) {
	jobs := make([]*bus.Job, len(wanted))
	installed := map[string]*extensions.Installed{}
	hash := call.Hash()
	for i, w := range wanted {
		job, err := d.job(ctx, call, w, installed)
		if err == nil && call.Key != "" {
			job.ID = uuid.NewSHA1(subJobs, []byte(call.Key+"\x00"+hash+"\x00"+strconv.Itoa(i)))
		} else if err == nil {
			job.ID = uuid.New()
		}
		if err == nil {
			err = job.Validate()
		}
		if err != nil && len(wanted) > 1 {
			err = at(i, err)
		}
		if err != nil {
			return nil, err
		}
		jobs[i] = job
	}
	return jobs, nil
}

// at says which of several jobs an error is about.
func at(i int, err error) error {
	var known *bus.Error
	if !errors.As(err, &known) {
		return fmt.Errorf("jobs[%d]: %w", i, err)
	}
	placed := *known
	placed.Message = fmt.Sprintf("jobs[%d]: %s", i, known.Message)
	return &placed
}

// job makes one job. installed remembers what was looked up.
func (d *dispatcher) job(ctx context.Context, call *bus.Call, w newJob, installed map[string]*extensions.Installed) (*bus.Job, error) {
	extension, name, err := named(call, w.Job)
	if err != nil {
		return nil, err
	}
	if w.InMS < 0 || w.InMS > maxDelay.Milliseconds() {
		return nil, bus.Errorf(bus.InvalidArgument, "in_ms is %d, want 0 to %d", w.InMS, maxDelay.Milliseconds())
	}
	e, err := d.extension(ctx, extension, installed)
	if err != nil {
		return nil, err
	}
	if _, ok := e.Job(name); !ok {
		return nil, bus.Errorf(bus.NotFound, "extension %s has no job %q; it has %s", extension, name, names(e))
	}
	if !e.Manifest.Grant().RunsIn(call.Library) {
		return nil, bus.Errorf(bus.PermissionDenied,
			"extension %s may not run in library %s: add it to permissions.libraries in the manifest", extension, call.Library)
	}
	job := &bus.Job{
		Extension: extension, Name: name, Library: call.Library, Input: json.RawMessage(w.Input), Priority: bus.Priority(w.Priority),
		MaxAttempts: w.MaxAttempts, TimeoutMS: w.TimeoutMS, Unique: w.Unique, CreatedAt: time.Now().UTC(),
	}
	if job.Priority == "" {
		job.Priority = bus.Priority(e.Manifest.JobSettings(name).Priority)
	}
	if w.InMS > 0 {
		due := job.CreatedAt.Add(time.Duration(w.InMS) * time.Millisecond)
		job.Due = &due
	}
	return job, nil
}

// named reads the name of a job, which is one of the caller's extension unless it names another. The door has decided whether it may.
func named(call *bus.Call, text string) (extension, name string, err error) {
	extension, name, full := strings.Cut(text, ":")
	switch {
	case text == "":
		return "", "", bus.Errorf(bus.InvalidArgument, "job is missing: the name of a job of this extension")
	case call.Extension == bus.Operator && !full:
		return "", "", bus.Errorf(bus.InvalidArgument, "job %.100q: want EXTENSION:JOB", text)
	case !full:
		return call.Extension, text, nil
	}
	return extension, name, nil
}

func (d *dispatcher) extension(ctx context.Context, text string, installed map[string]*extensions.Installed) (*extensions.Installed, error) {
	if known, ok := installed[text]; ok {
		return known, nil
	}
	id, err := extensions.ParseID(text)
	if err != nil {
		return nil, bus.Errorf(bus.InvalidArgument, "%v", err)
	}
	found, err := d.catalogue.Installed(ctx, id)
	if errors.Is(err, extensions.ErrNotInstalled) {
		return nil, bus.Errorf(bus.NotFound, "extension %s is not installed", id)
	}
	if err != nil {
		return nil, err
	}
	installed[text] = &found
	return &found, nil
}

func names(e *extensions.Installed) string {
	all := make([]string, len(e.Jobs))
	for i, job := range e.Jobs {
		all[i] = job.Name
	}
	return strings.Join(all, ", ")
}
