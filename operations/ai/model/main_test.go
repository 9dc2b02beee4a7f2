package model_test

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/operations/ai/model"
	"github.com/airlock-run/airlock/operations/ai/model/modeltest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// key is what no log and no error may show.
const key = "sk-planted-0123456789"

// connect returns a client of a server, and what it logs.
func connect(t *testing.T, server *modeltest.Server) (*model.Client, *bytes.Buffer) {
	t.Helper()
	logged := &bytes.Buffer{}
	client, err := model.New(model.Config{
		URL: server.URL, Model: "writer", EmbedModel: "embedder", Key: key, MaxAnswer: 1 << 20, Logger: slog.New(slog.NewTextHandler(logged, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return client, logged
}

func soon(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func wantError(t *testing.T, err error, code bus.Code, part string) {
	t.Helper()
	if err == nil {
		t.Fatal("no error")
	}
	if got := bus.AsError(err); got.Code != code || !strings.Contains(got.Message, part) {
		t.Errorf("error is %q (%v), not %s with %q", got, err, code, part)
	}
	if strings.Contains(err.Error(), key) {
		t.Errorf("error shows the key: %v", err)
	}
}
