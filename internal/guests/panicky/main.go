// Command panicky is an extension for tests: its job panics.
package main

import airlock "github.com/airlock-run/airlock/sdk/go"

func main() {}

func init() { //nolint:gochecknoinits // this is how an extension registers its jobs
	airlock.Register(airlock.Job{Name: "panic", Run: func(*airlock.JobContext) error {
		panic("the mailbox is on fire")
	}})
}
