package spectest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
)

// tally counts what came of commands, by kind. It is safe for concurrent use.
type tally struct {
	mu       sync.Mutex
	scripts  int
	before   baseline
	counts   map[string][3]int
	refusals []refusal
	// traps counts what commands ended in that had to go wrong, where the pipeline changed it.
	traps map[string]int
}

func newTally() *tally {
	return &tally{
		before: baseline{failures: map[string]int{}},
		counts: map[string][3]int{},
		traps:  map[string]int{},
	}
}

// add counts what came of a script, before and after.
func (t *tally) add(before, after *record) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.scripts++
	t.before.add(before)
	t.refusals = append(t.refusals, after.refusals...)
	for i, is := range after.results {
		counts := t.counts[is.command.Kind]
		counts[is.outcome]++
		t.counts[is.command.Kind] = counts
		if was := before.results[i]; was.outcome == Passed && is.outcome == Passed && was.detail != is.detail {
			t.traps[fmt.Sprintf("%s: %q instead of %q", is.command.Kind, is.detail, was.detail)]++
		}
	}
}

// String is a table of the counts, and below it what goes wrong in another way than before.
func (t *tally) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	var b strings.Builder
	var total [3]int
	row := func(kind string, counts [3]int) {
		fmt.Fprintf(&b, "%-22s %8d %8d %15d\n", kind, counts[Passed], counts[Failed], counts[NotApplicable])
	}
	fmt.Fprintf(&b, "%-22s %8s %8s %15s\n", "command", Passed, Failed, NotApplicable)
	for _, kind := range slices.Sorted(maps.Keys(t.counts)) {
		for i, n := range t.counts[kind] {
			total[i] += n
		}
		row(kind, t.counts[kind])
	}
	row("all", total)
	for _, change := range slices.Sorted(maps.Keys(t.traps)) {
		fmt.Fprintf(&b, "%6d x %s\n", t.traps[change], change)
	}
	return b.String()
}
