// Package spectest plays the core specification's own test suite through what is done to a guest before it runs.
//
// The suite is what WebAssembly's authors test engines with: scripts of commands, most of which instantiate a module or
// call one of its functions and say what must come of it. Compiled to binary modules and command lists, versions 1 and 2
// of it (the latter with SIMD, bulk memory and references) travel inside the module of the engine, wazero.
//
// Airlock does not test the engine with it, but the rewriting of modules, which must not be felt by the guest:
//
//	func TestRewrite(t *testing.T) {
//		spectest.Exercise(t, spectest.Pipeline{Rewrite: func(wasm []byte) ([]byte, error) { … }})
//	}
//
// Exercise plays each script twice, in a runtime of its own each time: as it is, and through a Pipeline. A module command
// goes
//
//	rewrite → compile → instantiate → start → settle
//
// and each step can be the pipeline's. What passes as it is must pass through the pipeline. The kinds of command:
//
//   - module: it instantiates. Later commands are about the last module, or about one they name.
//   - register: from here on, other modules import from this one by the name given.
//   - action, assert_return: a call returns what is expected, bit for bit; of a NaN whose bits are the engine's choice, the
//     bits that are not. A global has the value expected.
//   - assert_trap, assert_exhaustion: a call traps, with the engine's message for what went wrong, or any other way if the
//     pipeline has traps of its own.
//   - assert_invalid, assert_malformed: the rewriting or the compiler refuses the module.
//   - assert_unlinkable: the module compiles, but what it imports is not there or does not fit.
//   - assert_uninstantiable: the module compiles, but instantiating it traps.
//
// A command is not applicable if it is about a module in text format, which no engine reads, or about a module that the
// rewriting refused. Refusing is no failure where the pipeline announces it with its reason, at most 20 times.
//
// Nothing here reads what the public API of the engine does not tell: of globals the suite reads i32 only, and no command
// of it expects a reference that is not null and not one that the script itself passed in.
package spectest
