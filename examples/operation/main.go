// Command operation is an operation of one's own: query:text.count counts the words of a text. Starting it makes it callable for every
// extension that is granted it; when it is stopped it answers the calls that run and ends.
package main

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/operations"
)

type text struct {
	Text string `json:"text" jsonschema:"what to count, at most 100000 characters" schema:"max=100000"`
}

type counted struct {
	Words int `json:"words" jsonschema:"how many words there are"`
}

func count(_ context.Context, _ *bus.Call, in text) (counted, error) {
	if strings.TrimSpace(in.Text) == "" {
		return counted{}, bus.Errorf(bus.InvalidArgument, "input /text: there is nothing to count")
	}
	return counted{Words: len(strings.Fields(in.Text))}, nil
}

func main() {
	url := flag.String("nats-url", "nats://127.0.0.1:4222", "NATS of the cluster")
	key := flag.String("nats-nkey", "", "file with the key of a NATS user; default: none")
	flag.Parse()
	if err := run(bus.Config{URL: *url, NKey: *key, Name: "operation"}); err != nil {
		fmt.Fprintln(os.Stderr, "operation:", err)
		os.Exit(1)
	}
}

func run(config bus.Config) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	conn, err := bus.Connect(config)
	if err != nil {
		return err
	}
	defer conn.Close()
	service, err := operations.Serve(conn, operations.Config{Name: "counter", Logger: slog.Default()},
		operations.Query("text.count", count, operations.Describe("counts the words of a text"), operations.Sample(`{"text": "one two"}`)))
	if err != nil {
		return err
	}
	fmt.Println("ready") //nolint:forbidigo // who starts it may wait for that
	<-ctx.Done()
	return service.Stop()
}
