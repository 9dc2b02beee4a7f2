package client_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/airlock-run/airlock/client"
)

func TestControl(t *testing.T) {
	t.Parallel()
	a := newAirlock(t, client.Config{})
	id, err := a.Enqueue(t.Context(), client.Job{Name: "demo:greet", In: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	state := func() client.State {
		run, err := a.Status(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		return run.State
	}
	if got := state(); got != client.Scheduled {
		t.Errorf("it is %s, want scheduled", got)
	}
	for _, step := range []struct {
		name string
		do   func(context.Context, uuid.UUID) error
		want error
	}{
		{"delete before its end", a.Delete, client.ErrState},
		{"resume", a.Resume, client.ErrState},
		{"pause", a.Pause, nil},
		{"resume again", a.Resume, nil},
		{"cancel", a.Cancel, nil},
		{"cancel again", a.Cancel, client.ErrState},
	} {
		if err := step.do(t.Context(), id); !errors.Is(err, step.want) {
			t.Errorf("%s: %v, want %v", step.name, err, step.want)
		}
	}
	if got := state(); got != client.Cancelled {
		t.Errorf("it is %s, want cancelled", got)
	}

	// Retried, it waits again, and its outcome is the new one.
	if err := a.Retry(t.Context(), id, func() {}); !errors.Is(err, client.ErrInvalid) {
		t.Errorf("retry with what is no JSON: %v", err)
	}
	if err := a.Retry(t.Context(), id, map[string]int{"n": 2}); err != nil {
		t.Fatal(err)
	}
	if got := state(); got != client.Available {
		t.Errorf("retried it is %s, want available", got)
	}
	if err := a.Delete(t.Context(), id); !errors.Is(err, client.ErrState) {
		t.Errorf("delete while it is to run again: %v", err)
	}
	a.work(t, a.perform)
	outcome, err := a.Result(t.Context(), id)
	if err != nil || outcome.State != client.Completed {
		t.Errorf("the result is %+v, %v", outcome, err)
	}
	if err := a.Retry(t.Context(), id, nil); !errors.Is(err, client.ErrState) {
		t.Errorf("retry of what completed: %v", err)
	}
	if err := a.Delete(t.Context(), id); err != nil {
		t.Error(err)
	}
	for name, do := range map[string]func(context.Context, uuid.UUID) error{
		"cancel": a.Cancel, "pause": a.Pause, "resume": a.Resume, "delete": a.Delete,
		"retry":  func(ctx context.Context, id uuid.UUID) error { return a.Retry(ctx, id, nil) },
		"status": func(ctx context.Context, id uuid.UUID) error { _, err := a.Status(ctx, id); return err },
		"result": func(ctx context.Context, id uuid.UUID) error { _, err := a.Result(ctx, id); return err },
	} {
		if err := do(t.Context(), id); !errors.Is(err, client.ErrNotFound) {
			t.Errorf("%s of a job that was deleted: %v, want %v", name, err, client.ErrNotFound)
		}
	}
}
