package validate

// MaxModule is the largest module, in bytes.
const MaxModule = 64 << 20

// Limits of what a module may consist of. Engines allocate by the numbers a module states, before they read what they
// count, and the Go runtime does not survive an allocation that is too large.
//
// The time that the compiler takes for a function grows with the square of its blocks and the cube of its loops: half a second
// for 5,000 blocks or 1,000 loops, 7 seconds for 15,000 blocks, 20 for 20,000, over 40 for 5,000 loops, and 25 seconds
// for a function at both limits. The largest functions known to be in use have 9,600 blocks (one of the Go compiler's) and
// 1,000 loops (one of PDFium's). What else keeps the compiler busy, such as thousands of locals that all of the blocks change, is
// for the limits of the process that compiles.
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
	maxBlocks     = 15_000  // blocks, loops and ifs of one function
	maxLoops      = 2_000   // loops among them
	maxLabels     = 500_000 // labels of all br_table of one function together
)
