package meter

import "github.com/airlock-run/airlock/runner/sandbox/wasm"

// flow follows the ways through a function, and knows for each place what may have been executed since the host last had
// its turn: the most of all ways there. Ways only go forwards, save for loops, whose heads are checked.
type flow struct {
	way

	open []flowLabel
}

const noTail = -1

// flowLabel is a block that is open.
type flowLabel struct {
	op byte
	// enter is how it was at its begin, leave how it may be at its end.
	enter, leave way
}

// way is what may have been executed.
type way struct {
	// path is since the host could have its turn, tail since the last call that returned, or noTail.
	path, tail int32
	// looked is set when the function has looked at what is left.
	looked bool
}

func most(a, b way) way { return way{max(a.path, b.path), max(a.tail, b.tail), a.looked && b.looked} }

// nowhere is where no way leads, and how it is after a look.
var nowhere = way{0, noTail, true}

// charged follows a charge. It reports whether the host is to have its turn there.
func (f *flow) charged(c *charge) bool {
	weight := int32(c.weight) //nolint:gosec // at most a few thousand
	if c.checked || c.unlooked && !f.looked || f.path+weight > maxUnchecked {
		f.way = nowhere
		return true
	}
	f.path += weight
	if f.tail != noTail {
		f.tail += weight
	}
	return false
}

// begin begins a function.
func (f *flow) begin() {
	f.open = append(f.open[:0], flowLabel{op: wasm.OpBlock, leave: nowhere})
	f.way = way{0, noTail, false}
}

// follow follows an instruction.
func (f *flow) follow(i *wasm.Instruction, branches func(func(label uint32))) {
	switch i.Op {
	case wasm.OpBlock, wasm.OpIf, wasm.OpLoop:
		f.open = append(f.open, flowLabel{op: i.Op, enter: f.way, leave: nowhere})
	case wasm.OpElse:
		top := &f.open[len(f.open)-1]
		top.op, top.leave = i.Op, most(top.leave, f.way)
		f.way = top.enter
	case wasm.OpEnd:
		top := f.open[len(f.open)-1]
		f.open = f.open[:len(f.open)-1]
		leave := most(top.leave, f.way)
		if top.op == wasm.OpIf { // it may be skipped
			leave = most(leave, top.enter)
		}
		f.way = leave
	case wasm.OpBr, wasm.OpBrIf, wasm.OpBrTable:
		branches(func(label uint32) {
			to := &f.open[len(f.open)-1-int(label)]
			to.leave = most(to.leave, f.way)
		})
		if i.Op != wasm.OpBrIf {
			f.way = nowhere
		}
	case wasm.OpReturn, wasm.OpUnreachable:
		f.way = nowhere
	case wasm.OpCall, wasm.OpCallIndirect:
		f.tail = max(f.tail, 0)
	}
}

// leaves tells whether an instruction may leave the function.
func (f *flow) leaves(i *wasm.Instruction, branches func(func(label uint32))) (leaves bool) {
	switch i.Op {
	case wasm.OpReturn:
		return true
	case wasm.OpEnd:
		return len(f.open) == 1
	case wasm.OpBr, wasm.OpBrIf, wasm.OpBrTable:
		branches(func(label uint32) { leaves = leaves || int(label) == len(f.open)-1 })
	}
	return leaves
}
