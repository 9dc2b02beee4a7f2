// Package validate is the first stage of preparing a module: it walks all of it, without allocating by what it says, and
// refuses what no guest needs and what an engine would stumble over.
//
// A module of sixteen bytes can state that half a terabyte follows, and one of 136 KB can keep wazero's compiler busy for
// minutes. So sizes and counts are bounded (see limits.go) before anybody acts on them, features beyond WebAssembly 2.0
// are refused by their names, and tables get an upper limit, since table.grow would otherwise take what memory the host
// has. Whether the types fit together is left to wazero, which judges what comes out.
//
// What it learnt on the way (types, imports, exports, globals, memory) is for the stages that follow. Custom sections go,
// except for the names of functions.
package validate
