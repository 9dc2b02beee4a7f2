package sandbox

import (
	"context"
	"slices"

	"github.com/tetratelabs/wazero/api"
)

// What a module gets in addition, so that its sandboxes can be stopped. Guests cannot name the globals: they are beyond
// those they have, and inspect refuses a guest with such an index or such an export.
const (
	ownPrefix   = "airlock:"
	stopExport  = ownPrefix + "stop"
	startExport = ownPrefix + "start"
)

// What a guest may do between two of its steps out of machine code: so little that it takes milliseconds, and so much that
// the step costs next to nothing.
const (
	interval = 1 << 13 // loops and calls, or
	unit     = 10      // 2^unit bytes (or entries of tables) for each
)

// i32 is the type of the globals, which are mutable.

const i32, mutable = 0x7f, 1

// The globals, counted from those of the guest.
const (
	left   = iota // how much is left until the next step
	stop          // whether the run is over
	length        // what the bulk instruction that comes is about
)

// addStop adds the globals, and the exports of stop and of the start function. That one is called once there is a sandbox
// to stop.
func (in *inspection) addStop() {
	global := func(value int32) []byte { return append(appendI32([]byte{i32, mutable, opI32Const}, value), opEnd) }
	in.kept[sectionGlobal] = extended(in.kept[sectionGlobal], global(interval), global(0), global(0))

	exports := [][]byte{appendU32(append(appendName(nil, stopExport), exportedGlobal), in.globals+stop)}
	if start := in.kept[sectionStart]; start != nil {
		in.kept[sectionStart] = nil
		exports = append(exports, append(append(appendName(nil, startExport), exportedFunction), start...))
	}
	in.kept[sectionExport] = extended(in.kept[sectionExport], exports...)
}

// The kinds of exports.
const exportedFunction, exportedGlobal = 0, 3

// extended returns a section with more items. The section, which is a vector, may be missing.
func extended(section []byte, items ...[]byte) []byte {
	r := &reader{data: section}
	count := uint32(len(items)) //nolint:gosec // a few
	if section != nil {
		count += r.u32()
	}
	return slices.Concat(appendU32(nil, count), r.data, slices.Concat(items...))
}

func appendName(data []byte, name string) []byte {
	return append(appendU32(data, uint32(len(name))), name...) //nolint:gosec // names of ours
}

// checks returns what guests execute in addition. PerRound is for loops and functions; it counts, and takes a step at
// times, which is
//
//	(global.set $left (i32.sub (global.get $left) (i32.const 1)))
//	(if (i32.lt_s (global.get $left) (i32.const 1))
//	  (then
//	    (global.set $left (i32.const interval))
//	    (drop (memory.grow (i32.const 0)))
//	    (if (global.get $stop) (then (unreachable)))))
//
// Growing by nothing changes nothing, but happens in Go, and there the scheduler gets its turn. Machine code cannot be
// preempted: without that step, guests in loops on all processors, or one of them when the garbage collector wants to
// begin, would stop this process for ever, whoever was to end them included.
//
// Keep comes before a bulk instruction and keeps the length it is about to take from the stack; perLength comes after it
// and counts that.
func (in *inspection) checks() (perRound, keep, perLength []byte) {
	get := func(global uint32) []byte { return appendU32([]byte{opGlobalGet}, in.globals+global) }
	set := func(global uint32) []byte { return appendU32([]byte{opGlobalSet}, in.globals+global) }
	var yield []byte
	if in.memories > 0 { // without one, it is no guest
		yield = []byte{opI32Const, 0, opMemoryGrow, 0, opDrop}
	}
	check := func(cost []byte) []byte {
		return slices.Concat(
			get(left), cost, []byte{opI32Sub}, set(left),
			get(left), []byte{opI32Const, 1, opI32LtS, opIf, blockVoid},
			appendI32([]byte{opI32Const}, interval), set(left), yield,
			get(stop), []byte{opIf, blockVoid, opUnreachable, opEnd, opEnd})
	}
	return check([]byte{opI32Const, 1}), slices.Concat(set(length), get(length)),
		check(append(get(length), opI32Const, unit, opI32ShrU))
}

// stopWith stops the guest when ctx ends, and returns what releases it from ctx.
//
// The guest reads the global in machine code while another goroutine writes it. That is a word that only ever goes from 0
// to 1, aligned, in memory of the instance that s.module keeps; the guest sees it at its next step at the latest.
func (s *instance) stopWith(ctx context.Context) (release func()) {
	stop, ok := s.module.ExportedGlobal(stopExport).(api.MutableGlobal)
	if !ok {
		panic("sandbox: a module without " + stopExport)
	}
	stopped := make(chan struct{})
	cancel := context.AfterFunc(ctx, func() {
		stop.Set(1)
		close(stopped)
	})
	return func() {
		if !cancel() {
			<-stopped
		}
	}
}

// call calls a function of the guest.
//
// # Errors
//
// Those of the guest, and ctx's cause when it has ended: what a guest did after that, on answers that say so, is not how
// its run ended.
func call(ctx context.Context, f api.Function, stack []uint64) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err := f.CallWithStack(ctx, stack); err != nil {
		return err //nolint:wrapcheck // ended and reason look into it
	}
	return context.Cause(ctx)
}
