package spectest

import (
	"fmt"
	"maps"
	"slices"
)

// deviations tells what the engine does otherwise than the suite expects, and how many commands see it.
var deviations = map[string]int{
	// An element segment beyond its table is left out, where it should end the instantiation.
	"assert_uninstantiable: instantiated, want: out of bounds table access": 15,
	// The offset of a segment and the value of a global may be read from a mutable global that is imported.
	"assert_invalid: compiled, want: constant expression required": 5,
}

// commandsPassed is how many commands pass as the suite is. A suite of which something got lost has fewer.
const commandsPassed = 71_735

// baseline counts what came of commands as the suite is.
type baseline struct {
	passed   int
	failures map[string]int
}

func (b *baseline) add(r *record) {
	for _, one := range r.results {
		switch one.outcome {
		case Passed:
			b.passed++
		case Failed:
			b.failures[one.command.Kind+": "+one.detail]++
		case NotApplicable:
		}
	}
}

// check tells where the whole suite, as it is, does not come out as it is known to.
func (b *baseline) check() []string {
	var problems []string
	all := maps.Clone(deviations)
	maps.Copy(all, b.failures)
	for _, failure := range slices.Sorted(maps.Keys(all)) {
		if got, want := b.failures[failure], deviations[failure]; got != want {
			problems = append(problems, fmt.Sprintf("as it is, %d fail, want %d: %s", got, want, failure))
		}
	}
	if b.passed != commandsPassed {
		problems = append(problems, fmt.Sprintf("as it is, %d commands pass, want %d", b.passed, commandsPassed))
	}
	return problems
}
