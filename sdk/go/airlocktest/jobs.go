package airlocktest

import (
	"encoding/json"
	"fmt"
	"slices"
	"sync"

	airlock "github.com/airlock-run/airlock/sdk/go"
)

// SubJob is one that a job has dispatched.
type SubJob struct {
	ID, Job string
	Input   json.RawMessage
	Status  airlock.SubJobStatus
}

// subJobs answers the calls about sub-jobs. None runs: a test ends them.
type subJobs struct {
	mu  sync.Mutex
	all []SubJob
}

// SubJobs returns the sub-jobs that were dispatched, in that order.
func (h *Host) SubJobs() []SubJob {
	h.subJobs.mu.Lock()
	defer h.subJobs.mu.Unlock()
	return slices.Clone(h.subJobs.all)
}

// EndSubJobs gives each sub-job that has not ended the outcome that end returns; its state is completed if end names none.
func (h *Host) EndSubJobs(end func(job SubJob) airlock.SubJobStatus) {
	h.subJobs.mu.Lock()
	defer h.subJobs.mu.Unlock()
	for i, job := range h.subJobs.all {
		if job.Status.Ended {
			continue
		}
		status := end(job)
		if status.State == "" {
			status.State = "completed"
		}
		status.ID, status.Job, status.Ended = job.ID, job.Job, true
		h.subJobs.all[i].Status = status
	}
}

type newSubJob struct {
	Job   string          `json:"job"`
	Input json.RawMessage `json:"input"`
}

func (s *subJobs) dispatch(input json.RawMessage) (any, error) {
	var in struct {
		newSubJob
		Jobs []newSubJob `json:"jobs"`
	}
	if err := json.Unmarshal(input, &in); err != nil {
		return nil, &airlock.Error{Code: airlock.InvalidArgument, Message: err.Error()}
	}
	if in.Jobs == nil {
		return map[string]string{"job_id": s.add(in.newSubJob)}, nil
	}
	ids := make([]string, len(in.Jobs))
	for i, job := range in.Jobs {
		ids[i] = s.add(job)
	}
	return map[string][]string{"job_ids": ids}, nil
}

func (s *subJobs) add(job newSubJob) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	id := fmt.Sprintf("0a110c4b-0000-4000-9000-%012x", len(s.all)+1)
	s.all = append(s.all, SubJob{
		ID: id, Job: job.Job, Input: job.Input, Status: airlock.SubJobStatus{ID: id, Job: job.Job, State: "available"},
	})
	return id
}

func (s *subJobs) status(input json.RawMessage) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	job, err := s.find(input)
	if err != nil {
		return nil, err
	}
	return job.Status, nil
}

func (s *subJobs) cancel(input json.RawMessage) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	job, err := s.find(input)
	if err != nil {
		return nil, err
	}
	if !job.Status.Ended {
		job.Status.State, job.Status.Ended = "cancelled", true
	}
	return map[string]any{"job_id": job.ID, "state": job.Status.State, "ended": true}, nil
}

func (s *subJobs) find(input json.RawMessage) (*SubJob, error) {
	var in struct {
		ID string `json:"job_id"`
	}
	if err := json.Unmarshal(input, &in); err != nil {
		return nil, &airlock.Error{Code: airlock.InvalidArgument, Message: err.Error()}
	}
	i := slices.IndexFunc(s.all, func(job SubJob) bool { return job.ID == in.ID })
	if i < 0 {
		return nil, &airlock.Error{Code: airlock.NotFound, Message: "there is no sub-job " + in.ID}
	}
	return &s.all[i], nil
}
