package validate

// MaxModule is the largest module, in bytes.
const MaxModule = 64 << 20

// Limits of what a module may consist of. Engines allocate by the numbers a module states, before they read what they
// count, and the Go runtime does not survive an allocation that is too large.
const (
	maxItems      = 100_000 // of each kind: types, functions, globals, exports, segments, names
	maxImports    = 1_000
	maxValues     = 1_000 // parameters or results of one type
	maxTables     = 8
	maxElements   = 1 << 17 // entries of all tables together, at the start: 1 MB
	maxTableGrown = 1 << 16 // entries of one table that started with fewer
	maxTypes      = 1 << 20 // parameters and results of all types together
	maxBody       = 2 << 20 // bytes of one function's code
	maxLocals     = 50_000  // of one function
	maxAllLocals  = 4 << 20
	maxBlocks     = 50_000  // blocks, loops and ifs of one function
	maxLabels     = 500_000 // labels of all br_table of one function together
)
