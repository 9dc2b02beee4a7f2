// Command gojson is a Go guest for the benchmarks: a job that does nothing, one that decodes its input with encoding/json and
// encodes it again, and one that does so and then asks whether to go on, where a host can hold it.
package main

import (
	"bytes"
	"encoding/json"
	"errors"

	airlock "github.com/airlock-run/airlock/sdk/go"
)

func main() {}

func init() { //nolint:gochecknoinits // this is how an extension registers its jobs
	airlock.Register(airlock.Job{Name: "empty", Run: func(*airlock.JobContext) error { return nil }})
	airlock.Register(airlock.Job{Name: "roundtrip", Run: roundTrip})
	airlock.Register(airlock.Job{Name: "hold", Run: func(job *airlock.JobContext) error {
		if err := roundTrip(job); err != nil {
			return err
		}
		job.Interrupted()
		return nil
	}})
}

// order is one entry of the document.
type order struct {
	ID       string            `json:"id"`
	Customer string            `json:"customer"`
	Total    float64           `json:"total"`
	Paid     bool              `json:"paid"`
	Tags     []string          `json:"tags"`
	Labels   map[string]string `json:"labels"`
	Items    []item            `json:"items"`
}

type item struct {
	SKU      string  `json:"sku"`
	Quantity int     `json:"quantity"`
	Price    float64 `json:"price"`
}

func roundTrip(job *airlock.JobContext) error {
	var orders []order
	if err := job.Input(&orders); err != nil {
		return err
	}
	encoded, err := json.Marshal(orders)
	if err != nil {
		return err
	}
	if !bytes.Equal(encoded, job.State()) {
		return errors.New("what was encoded is not what was decoded")
	}
	return nil
}
