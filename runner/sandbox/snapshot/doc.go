// Package snapshot is the third stage of preparing a module: it makes of a guest that has started another module, which
// begins where that one had come to. A job then needs no start: neither what a language runtime does first nor
// plugin_init.
//
// A snapshot is the memory, the mutable globals and the module. The frozen module has its globals begin with the values
// they had and its memory with the size it had; what is in memory, an image, is not part of it: each sandbox maps it
// copy-on-write. Active data segments are empty, since the image has them already.
//
// Tables, references and dropped segments cannot be looked at from outside. They are as the module describes them as long
// as no code can change them, and where some can, there is no snapshot: Possible says why.
package snapshot
