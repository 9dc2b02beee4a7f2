// Package meter is the second stage of preparing a module: it rewrites the code so that it counts what it executes, in
// units of fuel, and asks the host for more when a small ration is used up. The host then has its turn: it may end the
// guest, which has come to its deadline or to its limit of fuel, and the Go scheduler and garbage collector get theirs,
// which cannot interrupt machine code.
//
// # What is charged
//
// Code is charged by basic blocks: at its begin a block is charged for all its instructions, by the weights of
// weight.go. Where a block is small, the block that always comes before it is charged for both; what is charged is then a
// little more than what is executed, and the same each time. A function that calls nobody in its first block is charged by
// its callers, for that block.
//
// # Where the host gets its turn
//
// The fuel that is left is a global, which the guest cannot name. It is looked at, and when it is below zero the import
// airlock.refill is called,
//
//   - at the head of each loop;
//   - at the begin of each function, unless a loop begins it, or, in functions that are charged by their callers, of the
//     first block on each way that calls or comes after a call, so that there is no recursion without;
//   - on a way through a function that gets longer than maxUnchecked;
//   - where a function returns, when more than maxWayBack may have been executed since its last call: that adds up when
//     deep recursion returns;
//   - between two steps of memory.fill, memory.copy and memory.init, which are cut into steps of 1 MB, unless they are
//     about at most 1 KB, where they stay what they are;
//   - after memory.grow, as a ration depends on how large the memory is.
//
// RewriteStrictly has the host look after each call as well.
//
// Thus between two turns of the host a guest executes at most a ration and MaxStep units more.
//
// # Loops
//
// A loop without calls and inner loops keeps the fuel in a local, which is in a register, and leaves for the host by a
// branch to a loop around it, where the call is; a call within would make all its values live in memory:
//
//	(loop $turn
//	  (if (i32.gt_s (global.get $fuel) (i32.const -1)) (then) (else (global.set $fuel (call $refill (global.get $fuel)))))
//	  (local.set $f (global.get $fuel))
//	  (loop $l
//	    (if (i32.gt_s (local.tee $f (i32.sub (local.get $f) (i32.const WEIGHT))) (i32.const -1))
//	      (then …)
//	      (else (global.set $fuel (local.get $f)) (br $turn))))
//	  (global.set $fuel (local.get $f)))
//
// # Jumps
//
// Go's compiler, and others that want a goto, put the code of a function into a loop that begins with a table of where to
// go on, and each jump is a branch to that loop: it would pass a check. Where a jump leads forwards, it becomes a branch to
// where it leads (straighten.go). That is cheaper than it was before there was a check.
//
// Everything else keeps its meaning: the core specification's test suite passes as before (package spectest).
package meter
