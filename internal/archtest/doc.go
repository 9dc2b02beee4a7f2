// Package archtest holds the rules of this repository's shape, as tests: who may import whom and why, how long a file may
// be, what a package may not be called, and which folders there are at the top.
//
// The tests read the source itself, so a file counts whatever system it is built for: guests as well as what surrounds
// them. Each rule is tried on a small tree that breaks it, too.
//
// A test that fails here says which rule was broken and why there is one. To change a rule is to change the design: it
// takes a record in docs/adr.
package archtest
