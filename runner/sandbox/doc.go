// Package sandbox runs guests: WebAssembly modules nobody trusts.
//
// An Engine prepares a module. It first walks through the bytes and refuses what no guest needs and what states numbers
// that the engine would allocate for: a module of sixteen bytes can ask for half a terabyte. On the way it bounds what
// tables grow to and puts a check at the head of each loop and each function, which is how a guest ends when its context
// does. Then it compiles the module once (machine code is kept in a private cache directory), checks imports and exports
// against the guest ABI and learns which jobs there are by running plugin_init in an instance that is thrown away. The
// compiler itself heeds no deadline: prepare modules of strangers where time and memory are limited from outside. A
// Module then runs jobs: each Run gets a sandbox that nothing ever ran in, and leaves nothing behind.
//
// The checks count, in a global that guests cannot name, and once in a few thousand leave machine code for a moment. That
// lets the Go scheduler and the garbage collector have their turn, which cannot interrupt machine code by themselves, and
// then the guest looks at a second global, which the end of its context sets. What has no check inside is not
// interrupted: one memory.fill, memory.copy or table.fill, however large, runs to its end. The interpreter looks at the
// context by itself.
//
// A guest has its own memory and the functions of two import modules, and that is all it has:
//
//   - spacedrive: the one door to operations (spacedrive_call) and what a job tells about itself. What the guest asks
//     for reaches the Host of its run.
//   - wasi_snapshot_preview1: clocks, random, standard output and error, which become log lines, and sleep. Every
//     other function is there, for the sake of language runtimes that import it, and answers an errno.
//
// Pointers and lengths come from the guest and are checked against its memory before use. A guest that passes one
// outside of it fails, with a FaultError that names the function and the value. Results are placed where the guest's
// wasm_alloc says, which is believed no more than the rest.
package sandbox
