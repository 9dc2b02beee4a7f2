package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/internal/testcache"
)

// With audit.required no action has an effect of which there is no record, wherever the server, and then the worker, is killed.
func TestNoActionWithoutItsRecord(t *testing.T) {
	t.Parallel()
	nats := startNATS(t)
	at := func(args ...string) []string { return append(args, "--nats-url", nats.url) }
	start(t, at("operations", "--data-dir", testcache.DataDir(t))...)
	worker := start(t, at("worker", "--data-dir", testcache.DataDir(t))...)
	policy := filepath.Join(t.TempDir(), "policy.yaml")
	if err := os.WriteFile(policy, []byte("rules: [{name: all, extensions: [\"*\"], allow: [\"query:\", \"action:\"]}]\nlibraries: {unlisted: allow}\naudit: {required: true}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	must(t, at("policy", "set", policy)...)
	must(t, at("extension", "load", testGuest(t, `{"methods":["action:vdfs.create_entry"],"rate_limits":{"requests_per_minute":100000,"concurrent_jobs":4}}`, ""))...)

	conn := connect(t, bus.Config{URL: nats.url})
	const count = 300
	jobs := make([]*bus.Job, count)
	for i := range jobs {
		id := uuid.New()
		calls := fmt.Sprintf(`[{"method":"action:vdfs.create_entry","payload":{"name":"a","path":"/%s","entry_type":"note"}}]`, id)
		jobs[i] = &bus.Job{ID: id, Extension: "test-extension", Name: "call_many", Library: mine, Input: json.RawMessage(calls), MaxAttempts: 20}
	}
	if _, err := conn.EnqueueMany(t.Context(), jobs); err != nil {
		t.Fatal(err)
	}
	// The first kill is once some have been through, the second one soon after the server is back.
	intents := func() (all map[uuid.UUID]int, err error) {
		all = map[uuid.UUID]int{}
		for before := uint64(0); ; {
			page, next, err := conn.AuditPage(t.Context(), bus.AuditFilter{Decision: bus.AuditIntent}, before, 1000)
			if err != nil {
				return nil, err
			}
			for _, r := range page {
				all[r.Job]++
			}
			if before = next; next == 0 {
				return all, nil
			}
		}
	}
	reach := func(n int) {
		t.Helper()
		for deadline := time.Now().Add(60 * time.Second); ; <-time.After(5 * time.Millisecond) {
			if all, err := intents(); err == nil && len(all) >= n {
				return
			}
			if time.Now().After(deadline) {
				t.Fatalf("no %d actions are announced", n)
			}
		}
	}
	for _, n := range []int{20, 60} {
		reach(n)
		nats.kill()
		nats.start()
	}
	reach(100)
	worker.kill()
	start(t, at("worker", "--data-dir", testcache.DataDir(t))...)

	ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second)
	defer cancel()
	for _, job := range jobs {
		runs, err := conn.WatchRun(ctx, job.ID)
		if err != nil {
			t.Fatal(err)
		}
		ended := false
		for run := range runs {
			if ended = run.State.Ended(); ended {
				break
			}
		}
		if !ended {
			t.Fatalf("job %s has not ended", job.ID)
		}
	}
	announced, err := intents()
	if err != nil {
		t.Fatal(err)
	}
	effects := 0
	for _, job := range jobs {
		_, _, code := airlock(t, at("entry", "show", "/"+job.ID.String(), "--library", mine.String())...)
		if code == 0 {
			effects++
			if announced[job.ID] == 0 {
				t.Errorf("job %s had an effect of which there is no record", job.ID)
			}
		}
	}
	if effects < count/2 {
		t.Errorf("%d of %d jobs had an effect", effects, count)
	}
	t.Logf("%d effects, %d jobs with an intent", effects, len(announced))
}
