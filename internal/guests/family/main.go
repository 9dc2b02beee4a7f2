// Command family is an extension for tests: jobs that start others, set themselves aside, and carry much.
package main

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	airlock "github.com/airlock-run/airlock/sdk/go"
)

func main() {}

func init() { //nolint:gochecknoinits // this is how an extension registers its jobs
	for _, job := range []airlock.Job{
		{Name: "fan", Run: fan},
		{Name: "leaf", Run: leaf},
		{Name: "nap", Run: nap},
		{Name: "weigh", Run: weigh},
		{Name: "echo", Run: echo},
		{Name: "deep", Run: deep},
	} {
		job.Resumable = true
		airlock.Register(job)
	}
}

type fanState struct {
	Leaves int      `json:"leaves"`
	IDs    []string `json:"ids"`
}

// fan starts so many leaves, waits for them, and tells the sum of what they found.
func fan(job *airlock.JobContext) error {
	var state fanState
	if err := job.Input(&state); err != nil {
		return airlock.Permanent(err)
	}
	if state.IDs == nil {
		leaves := make([]airlock.SubJob, state.Leaves)
		for i := range leaves {
			leaves[i] = airlock.SubJob{Job: "leaf", Input: i + 1}
		}
		ids, err := job.DispatchMany(leaves)
		if err != nil {
			return err
		}
		// What follows may be cut off: then the next attempt makes the same call.
		if err := job.Call("action:test.effect", "", "dispatched", nil); err != nil && airlock.ErrorCode(err) != airlock.Unavailable {
			return err
		}
		if err := job.Checkpoint(fanState{state.Leaves, ids}); err != nil {
			return err
		}
		return job.WaitForSubJobs()
	}
	sum := 0
	for _, id := range state.IDs {
		status, err := job.SubJob(id)
		if err != nil {
			return err
		}
		n, err := strconv.Atoi(status.Message)
		if err != nil || status.State != "completed" {
			return airlock.Permanentf("leaf %s: %+v", id, status)
		}
		sum += n
	}
	job.Progress(1, strconv.Itoa(sum))
	return nil
}

// leaf tells the square of its input.
func leaf(job *airlock.JobContext) error {
	var n int
	if err := job.Input(&n); err != nil {
		return airlock.Permanent(err)
	}
	if err := job.Call("action:test.effect", "", n, nil); err != nil && airlock.ErrorCode(err) != airlock.Unavailable {
		return err
	}
	job.Progress(1, strconv.Itoa(n*n))
	return nil
}

type napState struct {
	Naps  int    `json:"naps"`
	Taken int    `json:"taken"`
	For   string `json:"for"`
}

// nap sets itself aside so many times.
func nap(job *airlock.JobContext) error {
	var state napState
	if err := job.Input(&state); err != nil {
		return airlock.Permanent(err)
	}
	if state.Taken == state.Naps {
		job.Progress(1, strconv.Itoa(state.Taken))
		return nil
	}
	state.Taken++
	pause, err := time.ParseDuration(state.For)
	if err != nil {
		return airlock.Permanent(err)
	}
	if err := job.Checkpoint(state); err != nil {
		return err
	}
	return job.Snooze(pause)
}

// weigh tells the size and the digest of its input.
func weigh(job *airlock.JobContext) error {
	job.Progress(1, fmt.Sprintf("%d %x", len(job.State()), sha256.Sum256(job.State())))
	return nil
}

// echo sends as many bytes as its input says, and tells whether they came back.
func echo(job *airlock.JobContext) error {
	var size int
	if err := job.Input(&size); err != nil {
		return airlock.Permanent(err)
	}
	payload := json.RawMessage(`"` + strings.Repeat("x", size-2) + `"`)
	pong, err := job.Ping(payload)
	if err != nil {
		return airlock.Permanent(err)
	}
	job.Progress(1, fmt.Sprintf("%d %t", len(pong.Pong), string(pong.Pong) == string(payload)))
	return nil
}

// deep starts itself once more until that is refused, and tells how often that went well, and why it did not in the end.
func deep(job *airlock.JobContext) error {
	var below string
	if err := job.Input(&below); err != nil {
		return airlock.Permanent(err)
	}
	if below == "" {
		id, err := job.Dispatch(airlock.SubJob{Job: "deep"})
		if airlock.ErrorCode(err) == airlock.FailedPrecondition {
			job.Progress(1, err.Error())
			return nil
		}
		if err != nil {
			return err
		}
		if err := job.Checkpoint(id); err != nil {
			return err
		}
		return job.WaitForSubJobs()
	}
	status, err := job.SubJob(below)
	if err != nil {
		return err
	}
	job.Progress(1, "deeper, "+status.Message)
	return nil
}
