package sandbox

import (
	"context"
	"fmt"
	"strings"

	"github.com/tetratelabs/wazero/api"

	"github.com/airlock-run/airlock/runner/sandbox/validate"
)

// maxJobs is how many jobs one extension may register.
const maxJobs = 256

// Job is a job that a guest registered.
type Job struct {
	Name   string `json:"name"`
	Export string `json:"export"`
	// Resumable jobs start again from their last checkpoint, others from their input.
	Resumable bool `json:"resumable"`
}

// registry collects what plugin_init registers. It is there while plugin_init runs, and nil after that.
type registry struct {
	module *validate.Module
	jobs   map[string]Job
	// closed takes no job: all are known.
	closed bool
	// refused is the first registration that was refused.
	refused error
}

func newRegistry(module *validate.Module) *registry {
	return &registry{module: module, jobs: map[string]Job{}}
}

// isJobName reports whether a name is 1 to 64 of a-z 0-9 _ -. Every run asks it for every job.
func isJobName(name string) bool {
	return name != "" && len(name) <= 64 && strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789_-") == ""
}

// registerJob is register_job(name_ptr, name_len, export_ptr, export_len, resumable) -> 0 ok, 1 refused.
func registerJob(_ context.Context, s *instance, stack []uint64) {
	const name = "register_job"
	job := Job{
		Name:      string(s.text(name, "name", api.DecodeU32(stack[0]), api.DecodeU32(stack[1]), 256)),
		Export:    string(s.text(name, "export", api.DecodeU32(stack[2]), api.DecodeU32(stack[3]), 256)),
		Resumable: api.DecodeU32(stack[4]) != 0,
	}
	stack[0] = 0
	if err := s.register(job); err != nil {
		stack[0] = 1
		s.log(Error, []byte(err.Error()))
	}
}

func (s *instance) register(job Job) error {
	if s.registry == nil {
		return fmt.Errorf("register_job %q: jobs are registered in plugin_init only", job.Name)
	}
	err := s.registry.add(job)
	if err != nil && s.registry.refused == nil {
		s.registry.refused = err
	}
	return err
}

func (r *registry) add(job Job) error {
	if r.closed {
		return nil
	}
	if !isJobName(job.Name) {
		return fmt.Errorf("register_job: name %q is not 1 to 64 of a-z 0-9 _ -", job.Name)
	}
	if _, ok := r.jobs[job.Name]; ok {
		return fmt.Errorf("register_job %q: the name is taken", job.Name)
	}
	if len(r.jobs) == maxJobs {
		return fmt.Errorf("register_job %q: an extension has at most %d jobs", job.Name, maxJobs)
	}
	if err := checkExport(r.module, job.Export, jobSignature); err != nil {
		return fmt.Errorf("register_job %q: %w", job.Name, err)
	}
	r.jobs[job.Name] = job
	return nil
}
