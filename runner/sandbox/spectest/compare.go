package spectest

import (
	"fmt"
	"strings"
)

// maxRefusals is how many valid modules a pipeline may refuse.
const maxRefusals = 20

// compare tells which commands pass as the script is and not through a pipeline. Commands that are not applicable for a
// module that was refused are no part of it.
func compare(before, after *record) []string {
	var regressions []string
	for i, was := range before.results {
		is := after.results[i]
		if was.outcome != Passed || is.outcome == Passed || is.outcome == NotApplicable && len(after.refusals) > 0 {
			continue
		}
		regressions = append(regressions, fmt.Sprintf("%s:%s: %s: %s", before.script.source, is.command, is.outcome, is.detail))
	}
	return regressions
}

// judge tells what is wrong with the refusals of a pipeline: too many, not announced, or, when the whole suite was played,
// announced and not made.
func judge(refusals []refusal, announced map[string]string, whole bool) []string {
	var problems []string
	made := map[string]bool{}
	for _, one := range refusals {
		made[one.module] = true
		reason, ok := announced[one.module]
		switch {
		case !ok:
			problems = append(problems, fmt.Sprintf("%s, line %d: refused: %s", one.module, one.line, one.reason))
		case !strings.Contains(one.reason, reason):
			problems = append(problems, fmt.Sprintf("%s, line %d: refused: %s, want %s", one.module, one.line, one.reason, reason))
		}
	}
	for module, reason := range announced {
		if whole && !made[module] {
			problems = append(problems, fmt.Sprintf("%s: not refused, want %s", module, reason))
		}
	}
	if len(made) > maxRefusals {
		problems = append(problems, fmt.Sprintf("%d modules refused, want at most %d", len(made), maxRefusals))
	}
	return problems
}
