// Package wasm reads and writes the binary format of WebAssembly 2.0, as far as it takes to look at every part of a module
// that nobody trusts and to change some of it: numbers, names, sections, constant expressions and instructions.
//
// It reads as the standard has it. What wazero would read in another way is refused, for there code could hide that was
// not looked at; the next version of wazero has to be compared with instruction.go. Features beyond WebAssembly 2.0 are
// refused by their names, with what to do.
package wasm
