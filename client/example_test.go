package client_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/client"
)

func Example() {
	dataDir, stop := running()
	defer stop()
	ctx := context.Background()

	airlock, err := client.Connect(client.Config{DataDir: dataDir})
	if err != nil {
		panic(err)
	}
	defer airlock.Close()

	id, err := airlock.Enqueue(ctx, client.Job{Name: "demo:greet", Input: map[string]string{"who": "world"}})
	if err != nil {
		panic(err)
	}
	outcome, err := airlock.Result(ctx, id)
	if err != nil {
		panic(err)
	}
	fmt.Println(outcome.State, outcome.Report.Message)
	// Output: completed hello
}

func ExampleClient_Watch() {
	dataDir, stop := running()
	defer stop()
	ctx := context.Background()
	airlock, err := client.Connect(client.Config{DataDir: dataDir})
	if err != nil {
		panic(err)
	}
	defer airlock.Close()

	id, err := airlock.Enqueue(ctx, client.Job{Name: "demo:fail"})
	if err != nil {
		panic(err)
	}
	for update, err := range airlock.Watch(ctx, id) {
		if err != nil {
			panic(err)
		}
		if update.Kind == client.OutcomeUpdate {
			fmt.Println(update.State, "after", update.Outcome.Failures, "failures:", update.Outcome.Errors[1].Error)
		}
	}
	// Output: dead after 2 failures: it is broken
}

func ExampleClient_EnqueueMany() {
	dataDir, stop := running()
	defer stop()
	ctx := context.Background()
	airlock, err := client.Connect(client.Config{DataDir: dataDir})
	if err != nil {
		panic(err)
	}
	defer airlock.Close()

	jobs := make([]client.Job, 500)
	for i := range jobs {
		jobs[i] = client.Job{Name: "demo:greet", Input: i, Priority: client.Low}
	}
	ids, err := airlock.EnqueueMany(ctx, jobs)
	if err != nil {
		panic(err)
	}
	fmt.Println(len(ids), "jobs are enqueued, all or none")
	// Output: 500 jobs are enqueued, all or none
}

func ExampleClient_Cancel() {
	dataDir, stop := running()
	defer stop()
	ctx := context.Background()
	airlock, err := client.Connect(client.Config{DataDir: dataDir})
	if err != nil {
		panic(err)
	}
	defer airlock.Close()

	id, err := airlock.Enqueue(ctx, client.Job{Name: "demo:greet", In: time.Hour})
	if err != nil {
		panic(err)
	}
	if err := airlock.Cancel(ctx, id); err != nil {
		panic(err)
	}
	outcome, err := airlock.Result(ctx, id)
	if err != nil {
		panic(err)
	}
	fmt.Println(outcome.State)
	fmt.Println("once more:", errors.Is(airlock.Cancel(ctx, id), client.ErrState))
	// Output:
	// cancelled
	// once more: true
}

func ExampleDuplicateError() {
	dataDir, stop := running()
	defer stop()
	ctx := context.Background()
	airlock, err := client.Connect(client.Config{DataDir: dataDir})
	if err != nil {
		panic(err)
	}
	defer airlock.Close()

	nightly := client.Job{Name: "demo:greet", Unique: "nightly", UniqueFor: 12 * time.Hour}
	first, err := airlock.Enqueue(ctx, nightly)
	if err != nil {
		panic(err)
	}
	_, err = airlock.Enqueue(ctx, nightly)
	if duplicate, ok := errors.AsType[*client.DuplicateError](err); ok {
		fmt.Println("there is one already:", duplicate.Job == first)
	}
	// Output: there is one already: true
}

// running is an airlock whose worker greets or fails, as `airlock up` would be with such an extension.
func running() (dataDir string, stop func()) {
	dir, err := os.MkdirTemp("", "airlock")
	must(err)
	ctx, cancel := context.WithCancel(context.Background())
	server, err := bus.StartServer(ctx, bus.ServerConfig{Dir: dir})
	must(err)
	conn, err := bus.Connect(bus.Config{Server: server})
	must(err)
	must(conn.Setup(ctx))
	store, err := conn.Extensions(ctx)
	must(err)
	_, err = store.PutRecord(ctx, "demo", []byte(record))
	must(err)
	queue, err := conn.Queue(ctx, bus.QueueConfig{Worker: "w", Slots: 4})
	must(err)
	a := &airlock{dir: dir, conn: conn}
	var working sync.WaitGroup
	working.Go(func() { conn.NewDealer(bus.DealerConfig{}).Run(ctx) })
	working.Go(func() {
		for {
			delivery, err := queue.Next(ctx)
			if err != nil {
				return
			}
			if attempt, err := delivery.Begin(ctx); err == nil {
				a.perform(ctx, attempt)
			}
		}
	})
	return dir, func() {
		cancel()
		queue.Leave()
		working.Wait()
		conn.Close()
		server.Stop()
		_ = os.RemoveAll(dir)
	}
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}
