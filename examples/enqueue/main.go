// Command enqueue is an application that has Airlock run a job: it enqueues one, shows what it tells, and says how it ended.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"

	"github.com/airlock-run/airlock/client"
)

func main() {
	url := flag.String("nats-url", "", "NATS of a cluster; default: the airlock that runs with --data-dir")
	dir := flag.String("data-dir", ".airlock", "data directory of `airlock up`")
	target := flag.Int("target", 5, "how far to count")
	unique := flag.String("unique", "", "let no two with this key count at the same time")
	flag.Parse()

	config := client.Config{URL: *url}
	if *url == "" {
		config.DataDir = *dir
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	if err := run(ctx, config, *target, *unique); err != nil {
		stop()
		fmt.Fprintln(os.Stderr, "enqueue:", err)
		os.Exit(1)
	}
	stop()
}

// input is what the counter extension takes.
type input struct {
	Current   int   `json:"current"`
	Target    int   `json:"target"`
	Processed []int `json:"processed"`
}

func run(ctx context.Context, config client.Config, target int, unique string) error {
	airlock, err := client.Connect(config)
	if err != nil {
		return err
	}
	defer airlock.Close()

	id, err := airlock.Enqueue(ctx, client.Job{
		Name:   "counter:counter",
		Input:  input{Target: target, Processed: []int{}},
		Unique: unique,
	})
	if duplicate, ok := errors.AsType[*client.DuplicateError](err); ok {
		fmt.Fprintln(os.Stdout, "another one counts already:", duplicate.Job)
		return nil
	}
	if err != nil {
		return err
	}
	fmt.Fprintln(os.Stdout, "enqueued", id)

	for update, err := range airlock.Watch(ctx, id) {
		if err != nil {
			return err
		}
		switch update.Kind {
		case client.ProgressUpdate:
			fmt.Fprintf(os.Stdout, "%3.0f %% %s\n", update.Progress*100, update.Text)
		case client.OutcomeUpdate:
			fmt.Fprintln(os.Stdout, update.State)
			return update.Outcome.Err()
		default: // there are states, log lines, warnings, failures
		}
	}
	return nil
}
