package main

import (
	"encoding/json"
	"fmt"

	airlock "github.com/airlock-run/airlock/sdk/go"
)

// counter is the job's input and its checkpoint.
type counter struct {
	Current   uint32   `json:"current"`
	Target    uint32   `json:"target"`
	Processed []string `json:"processed"`
}

// UnmarshalJSON decodes a counter. All its fields must be there, so that a misspelt one is not taken for a zero.
func (c *counter) UnmarshalJSON(data []byte) error {
	var wire struct {
		Current   *uint32   `json:"current"`
		Target    *uint32   `json:"target"`
		Processed *[]string `json:"processed"`
	}
	if err := json.Unmarshal(data, &wire); err != nil {
		return err
	}
	switch {
	case wire.Current == nil:
		return missing("current")
	case wire.Target == nil:
		return missing("target")
	case wire.Processed == nil:
		return missing("processed")
	}
	c.Current, c.Target, c.Processed = *wire.Current, *wire.Target, *wire.Processed
	return nil
}

// warm has encoding/json learn the checkpoint.
func warm() {
	var c counter
	_ = json.Unmarshal([]byte(`{"current":1,"target":1,"processed":["item_1"]}`), &c)
	_, _ = json.Marshal(c)
	_ = fmt.Sprintf("Counted %d/%d", c.Current, c.Target)
}

func missing(field string) error { return fmt.Errorf("missing field `%s`", field) }

// count is the job. Without input it counts to zero.
func count(job *airlock.JobContext) error {
	var c counter
	if err := job.Input(&c); err != nil {
		return err
	}
	job.Log(airlock.LevelInfo, "Starting counter (current: %d, target: %d)", c.Current, c.Target)
	for c.Current < c.Target {
		if job.Interrupted() != airlock.Continue {
			return stop(job, c)
		}
		c.Current++
		c.Processed = append(c.Processed, fmt.Sprintf("item_%d", c.Current))
		job.Progress(float32(c.Current)/float32(c.Target), fmt.Sprintf("Counted %d/%d", c.Current, c.Target))
		job.AddItems(1)
		if c.Current%10 == 0 {
			if err := job.Checkpoint(c); err != nil {
				return err
			}
		}
	}
	job.Log(airlock.LevelInfo, "✓ Completed! Processed %d items", len(c.Processed))
	job.Log(airlock.LevelInfo, "Job test_counter completed successfully")
	return nil
}

// stop saves the counter twice, as the extension it is compared with does: once by itself, once by its SDK.
func stop(job *airlock.JobContext, c counter) error {
	job.Log(airlock.LevelInfo, "Interrupted, saving state...")
	if err := job.Checkpoint(c); err != nil {
		return err
	}
	job.Log(airlock.LevelInfo, "Job interrupted, checkpoint saved")
	if err := job.Checkpoint(c); err != nil {
		return err
	}
	return airlock.ErrInterrupted
}
