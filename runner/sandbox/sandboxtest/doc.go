// Package sandboxtest has what tests and measurements of sandboxes share: guests that mean harm, and a host for them.
//
// Hostile lists the guests by class, each with what must become of it. Those that are written by hand are in the folder
// hostile, in text and translated; those that consist of one thing many times over are made by dense.go and bombs.go. A
// guest is a module and a job of it:
//
//	for _, g := range sandboxtest.Hostile() {
//		module, err := engine.Prepare(ctx, g.Wasm(), g.Options)
//		…
//		_, err = module.Run(ctx, g.Input(), sandboxtest.Host{})
//	}
//
// Bombs lists modules that are refused while they are prepared, before they hold up who prepares them. TimeBomb and MemoryBomb
// make modules that nothing is wrong with, but that the compiler takes minutes or gigabytes for.
package sandboxtest
