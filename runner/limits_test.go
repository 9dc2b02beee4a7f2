package runner

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/extensions"
	"github.com/airlock-run/airlock/runner/sandbox"
)

func TestLimits(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		manifest string
		config   Config
		want     sandbox.Limits
	}{
		"defaults":                    {``, Config{}, sandbox.Limits{Fuel: 1e12, HostCalls: 10_000_000, LogBytes: 4 << 20, Checkpoints: 10_000}},
		"operator's":                  {``, Config{MaxFuel: 4, MaxHostCalls: 3, MaxLogBytes: 2, MaxCheckpoints: 1}, sandbox.Limits{Fuel: 4, HostCalls: 3, LogBytes: 2, Checkpoints: 1}},
		"extension's":                 {`,"limits":{"fuel":7}`, Config{MaxHostCalls: 3, MaxLogBytes: 2, MaxCheckpoints: 1}, sandbox.Limits{Fuel: 7, HostCalls: 3, LogBytes: 2, Checkpoints: 1}},
		"job's, above extension's":    {`,"limits":{"fuel":7},"jobs":{"a":{"limits":{"fuel":9}}}`, Config{MaxHostCalls: 3, MaxLogBytes: 2, MaxCheckpoints: 1}, sandbox.Limits{Fuel: 9, HostCalls: 3, LogBytes: 2, Checkpoints: 1}},
		"of another job":              {`,"limits":{"fuel":7},"jobs":{"b":{"limits":{"fuel":9}}}`, Config{MaxHostCalls: 3, MaxLogBytes: 2, MaxCheckpoints: 1}, sandbox.Limits{Fuel: 7, HostCalls: 3, LogBytes: 2, Checkpoints: 1}},
		"job's, above the operator's": {`,"jobs":{"a":{"limits":{"fuel":9}}}`, Config{MaxFuel: 8, MaxHostCalls: 3, MaxLogBytes: 2, MaxCheckpoints: 1}, sandbox.Limits{Fuel: 8, HostCalls: 3, LogBytes: 2, Checkpoints: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			manifest, err := extensions.ParseManifest([]byte(`{"id":"x","name":"X","version":"1","wasm_file":"x.wasm"` + c.manifest + `}`))
			if err != nil {
				t.Fatal(err)
			}
			w := &Worker{config: c.config.withDefaults()}
			if diff := cmp.Diff(c.want, w.limits(manifest, "a")); diff != "" {
				t.Errorf("limits (-want +got):\n%s", diff)
			}
		})
	}
}

type exceeded struct{ limit string }

func (e exceeded) Error() string     { return "it used more " + e.limit + " than it may" }
func (e exceeded) LimitName() string { return e.limit }

func TestFailureAtALimit(t *testing.T) {
	t.Parallel()
	e := &execution{attempt: &bus.Attempt{Token: 3}}
	got := e.failure(ending{err: fmt.Errorf("run: %w", exceeded{"fuel"})})
	want := bus.Failure{Attempt: 3, Code: bus.ResourceExhausted, Error: "it used more fuel than it may", Limit: "fuel"}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(bus.Failure{}, "At")); diff != "" {
		t.Errorf("failure (-want +got):\n%s", diff)
	}
}

func TestConfigRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]Config{
		"memory of guests, negative":  {GuestMemory: -1},
		"memory of guests, too small": {GuestMemory: minBudget - 1},
		"slots, negative":             {Slots: -1},
		"grace, negative":             {Grace: -1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if err := c.withDefaults().Validate(); err == nil {
				t.Error("it was accepted")
			}
		})
	}
	if err := (Config{}).withDefaults().Validate(); err != nil {
		t.Errorf("the defaults: %v", err)
	}
}
