package spectest

import (
	"context"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
)

// Pipeline is what is done to each module of a script. The zero value leaves all as it is. Its functions are called
// concurrently, by scripts that have a runtime each.
type Pipeline struct {
	// Link adds the host modules that rewritten modules import. Default: none.
	Link func(ctx context.Context, r wazero.Runtime) error
	// Rewrite is given a module as the script has it, invalid ones as well, and must not change these bytes. An error
	// refuses the module. Default: as it is.
	Rewrite func(wasm []byte) ([]byte, error)
	// StartExport names the function that Rewrite makes of a start section. It is called after instantiation where a
	// module exports it. Default: none, the engine runs start sections.
	StartExport string
	// Settle may replace a module that has just been instantiated, and started, by another instance, which later
	// commands and imports then meet: nothing is closed before the script ends. It is given the rewritten bytes and the
	// name of their file, which no other module of the script has. To instantiate what imports from modules of the
	// script, pass on ctx: the names that scripts give are known to it and not to the runtime. Default: as it is.
	Settle func(ctx context.Context, r wazero.Runtime, name string, wasm []byte, instance api.Module) (api.Module, error)
	// Enter is called before each call into an instance, by a command or to start it: an instance that trapped may be
	// called again, and what the rewriting counts in it is then to be set back. Default: nothing.
	Enter func(ctx context.Context, instance api.Module)
	// AnyTrap says that traps need not be the engine's: a call that ends in any error has trapped.
	AnyTrap bool
	// Refuses announces which valid modules Rewrite refuses, as in v2/linking.3.wasm, and why: its error must contain
	// this text. At most 20. Default: none.
	Refuses map[string]string
}

// Outcome is what came of a command.
type Outcome int

// The outcomes.
const (
	Passed Outcome = iota
	Failed
	NotApplicable
)

// String is the outcome in words.
func (o Outcome) String() string {
	return [...]string{"passed", "failed", "not applicable"}[o]
}

// verdict is an outcome and its reason. Where something had to go wrong, a command that passed says what did.
type verdict struct {
	outcome Outcome
	detail  string
}

// result is the verdict on one command of a script.
type result struct {
	command *command
	verdict
}

// refusal is a valid module that the pipeline refused.
type refusal struct {
	// module is named as in Pipeline.Refuses.
	module string
	line   int
	reason string
}

// record is what came of a script: a result for each command, in order.
type record struct {
	script   *script
	results  []result
	refusals []refusal
}
