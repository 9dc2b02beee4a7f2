// Package prepare makes modules ready for sandboxes, where nothing they do can hurt.
//
// Four stages make a module ready: validate, meter, snapshot, compile. Two of them are dangerous. The compiler is a large
// program that works on what a stranger made, heeds no deadline, and can be led to take gigabytes and hours for a few
// kilobytes of module; and the snapshot runs the stranger's code. So all of it happens in a child process:
//
//	Preparer     asks for a prepared module: from the cache, or from a child that makes it, once however many ask
//	child        the same executable, started again. It limits itself, reads the module, runs the stages, leaves files
//	verdict      how a child ended, in a sentence for the author of the module
//	cache        a directory for each prepared module, private to this user, checked each time it is read
//
// The child takes its limits (Limits) before it reads a byte of the module: memory, CPU time, file size, open files. It
// has an empty environment, an empty directory, a lower claim on the processor than jobs, and is the first that goes when
// the system is out of memory. Its parent limits the time, and takes it along when it dies. What it tells is which stage it
// begins, and how the last one ended; all else it leaves in its directory, which becomes the entry of the cache once it
// is whole. The executable's main hands over to Child before anything else.
//
// An entry is named by all that it depends on: the module, the options, this version of Airlock and of the engine, the
// processor. It holds the wasm that was compiled, the memory that sandboxes start with, the facts, and the machine code
// where the engine finds it. So who has a Result need not compile. Whoever has one keeps the entry from being removed
// until it is closed; beyond Config.MaxBytes, entries go that were not used for longest. Several processes may share a
// cache.
//
// Wherever a process dies, it leaves at most a directory that the next New removes, and nothing that anyone waits for: locks
// are the kernel's, and go with whoever held them.
//
// Limits of memory and CPU and the shared locks need a Unix, that of memory Linux. Elsewhere only the time is limited,
// and a cache belongs to one process.
package prepare
