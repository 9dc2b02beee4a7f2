package spectest

import (
	"testing"

	"github.com/tetratelabs/wazero"
)

// maxShown is how many regressions of one script are shown; the first tells most.
const maxShown = 10

// Exercise plays the suite as it is and through a pipeline, on the compiler and, unless tests are to be short, on the
// interpreter. It fails t where a command passes before and not after, and where a valid module is refused that the
// pipeline does not announce; also where the suite, as it is, does not come out as it is known to. It logs a table of what
// came of the commands. Where -run chooses some of the scripts, what is said of all of them is not looked at.
func Exercise(t *testing.T, through Pipeline) {
	t.Helper()
	s, err := load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for engine, config := range engines() {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			counts := newTally()
			t.Cleanup(func() {
				t.Log("\n" + counts.String())
				whole := counts.scripts == len(s.scripts) // The flag -run may choose some.
				problems := judge(counts.refusals, through.Refuses, whole)
				if whole {
					problems = append(problems, counts.before.check()...)
				}
				for _, problem := range problems {
					t.Error(problem)
				}
			})
			for i := range s.scripts {
				t.Run(s.scripts[i].name, func(t *testing.T) {
					t.Parallel()
					exercise(t, s, config, &s.scripts[i], &through, counts)
				})
			}
		})
	}
}

func exercise(t *testing.T, s *suite, config wazero.RuntimeConfig, one *script, through *Pipeline, counts *tally) {
	t.Helper()
	before, err := s.play(t.Context(), config, one, &Pipeline{})
	if err != nil {
		t.Fatalf("play as it is: %v", err)
	}
	after, err := s.play(t.Context(), config, one, through)
	if err != nil {
		t.Fatalf("play through the pipeline: %v", err)
	}
	counts.add(before, after)
	regressions := compare(before, after)
	for i, one := range regressions {
		if i == maxShown {
			t.Errorf("and %d more", len(regressions)-i)
			break
		}
		t.Error(one)
	}
}

// engines are the ways to run a module. The compiler is asked for by name: a platform without one fails.
func engines() map[string]wazero.RuntimeConfig {
	all := map[string]wazero.RuntimeConfig{"compiler": wazero.NewRuntimeConfigCompiler()}
	if !testing.Short() {
		all["interpreter"] = wazero.NewRuntimeConfigInterpreter()
	}
	return all
}
