package airlock_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	airlock "github.com/airlock-run/airlock/sdk/go"
	"github.com/airlock-run/airlock/sdk/go/airlocktest"
)

type fanState struct {
	IDs []string `json:"ids"`
}

// fan dispatches three sub-jobs, waits, and collects.
func fan(job *airlock.JobContext) error {
	var state fanState
	if err := job.Input(&state); err != nil {
		return err
	}
	if state.IDs == nil {
		id, err := job.Dispatch(airlock.SubJob{Job: "leaf"})
		if err != nil {
			return err
		}
		more, err := job.DispatchMany([]airlock.SubJob{
			{Job: "leaf", Input: 1, Priority: "low", In: time.Second}, {Job: "leaf", Input: 2, Unique: "k", UniqueFor: time.Minute},
		})
		if err != nil {
			return err
		}
		if err := job.Checkpoint(fanState{append([]string{id}, more...)}); err != nil {
			return err
		}
		return job.WaitForSubJobs()
	}
	for _, id := range state.IDs {
		status, err := job.SubJob(id)
		if err != nil || !status.Ended {
			return fmt.Errorf("sub-job %+v: %w", status, err)
		}
		job.Log(airlock.LevelInfo, "%s: %s", status.State, status.Message)
	}
	return nil
}

func TestSubJobs(t *testing.T) {
	t.Parallel()
	h := airlocktest.New(t)
	if code := h.Run("fan"); code != 4 {
		t.Fatalf("exit code %d, want 4: %v", code, h.Logs())
	}
	want := []string{
		`action:jobs.dispatch {"job":"leaf"}`,
		`action:jobs.dispatch {"jobs":[{"job":"leaf","input":1,"priority":"low","in_ms":1000},{"job":"leaf","input":2,"unique":{"key":"k","for_ms":60000}}]}`,
	}
	var got []string
	for _, call := range h.Calls() {
		got = append(got, call.Method+" "+string(call.Payload))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
	if jobs := h.SubJobs(); len(jobs) != 3 || jobs[2].Status.State != "available" || string(jobs[2].Input) != "2" {
		t.Errorf("sub-jobs are %+v", jobs)
	}
	h.EndSubJobs(func(job airlocktest.SubJob) airlock.SubJobStatus {
		return airlock.SubJobStatus{Message: "did " + string(job.Input)}
	})
	if code := h.Run("fan", airlocktest.Resumed()); code != 0 {
		t.Fatalf("exit code %d, want 0: %v", code, h.Logs())
	}
	if logs := h.Logs(); logs[len(logs)-1].Message != "completed: did 2" {
		t.Errorf("logs are %v", logs)
	}
}

func TestSnooze(t *testing.T) {
	t.Parallel()
	h := airlocktest.New(t)
	if code := h.Run("nap"); code != 1 {
		t.Errorf("exit code %d, want 1", code)
	}
	if got := string(h.Calls()[0].Payload); got != `{"for_ms":90000}` {
		t.Errorf("payload is %s", got)
	}
	h.FailNext("action:jobs.snooze", &airlock.Error{Code: airlock.PermissionDenied, Message: "no"})
	if code := h.Run("nap"); code != 2 {
		t.Errorf("refused: exit code %d, want 2", code)
	}
}

func init() { //nolint:gochecknoinits // this is how an extension registers its jobs
	airlock.Register(airlock.Job{Name: "fan", Resumable: true, Run: fan})
	airlock.Register(airlock.Job{Name: "nap", Run: func(job *airlock.JobContext) error { return job.Snooze(90 * time.Second) }})
}
