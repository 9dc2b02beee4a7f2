// Package sandbox runs guests: WebAssembly modules nobody trusts.
//
// An Engine prepares a module: it checks imports and exports against the guest ABI, compiles the module once (machine
// code is kept in a private cache directory) and learns which jobs it has by running its plugin_init in an instance
// that is thrown away. A Module then runs jobs: each Run gets a sandbox that nothing ever ran in, and leaves nothing
// behind.
//
// A guest has its own memory and the functions of two import modules, and that is all it has:
//
//   - spacedrive: the one door to operations (spacedrive_call) and what a job tells about itself. What the guest asks
//     for reaches the Host of its run.
//   - wasi_snapshot_preview1: clocks, random, standard output and error, which become log lines, and sleep. Every
//     other function is there, for the sake of language runtimes that import it, and answers an errno.
//
// Pointers and lengths come from the guest and are checked against its memory before use. A guest that passes one
// outside of it fails, with a Fault that names the function and the value.
package sandbox
