package meter

import (
	"github.com/airlock-run/airlock/runner/sandbox/validate"
	"github.com/airlock-run/airlock/runner/sandbox/wasm"
)

// none stands for no charge and no loop.
const none = -1

// charge is what a block is charged at its begin.
type charge struct {
	// at is the number of the instruction it comes before.
	at     int32
	weight uint32
	// before is the charge that always comes before it, none when it must stay what it is.
	before int32
	// loop is the innermost loop around it.
	loop int32
	// callees are the functions it calls, by their place in function.callees.
	calleesFrom, calleesTo int32
	// merged takes what was merged into it.
	merged uint32
	// head is set for the first of a loop, tail when the block follows a call, after when any call of the function comes
	// before it, calls when it calls, access when it reaches memory, dead when it is never executed.
	head, tail, after, calls, access, dead bool
	// gone is set once another one charges for it; checked when fuel is looked at; unlooked when it is, on ways where the
	// function has not yet looked.
	gone, checked, unlooked bool
}

// loop is a loop of a function.
type loop struct {
	weight uint32
	// tight loops keep fuel in a local.
	tight bool
}

// function is the plan for one function.
type function struct {
	in     *validate.Module
	body   []byte
	params uint32
	locals uint32
	// code is where in the body the instructions begin.
	code uint32

	charges []charge
	loops   []loop
	callees []uint32
	// taken functions can be called indirectly.
	taken bool
	// byCallers is set when callers are charged for the first block.
	byCallers bool
	// tight is set when one of the loops is, loopsFirst when the function comes to one before it does anything else, bulk
	// when it has bulk instructions that need locals.
	tight, loopsFirst, bulk bool
}

// label is a block that is open while a function is planned.
type label struct {
	op byte
	// before is the charge that comes before all that the block has, and what follows it.
	before int32
	// loop is the loop it is, or none.
	loop int32
	// target is set when something branches to its end.
	target bool
}

// planner walks through a function and finds its blocks.
type planner struct {
	*function

	labels  []label
	current int32
	around  int32
	called  bool
	// last is the instruction before.
	last wasm.Instruction
	// changes collects what the code could change that a snapshot cannot hold.
	changes map[string]bool
	err     error
}

// plan finds the blocks of a function.
func (f *function) plan(changes map[string]bool) error {
	r := &wasm.Reader{Data: f.body}
	r.Each(wasm.NoLimit, "groups of locals", func() {
		f.locals += r.U32()
		r.ValueType()
	})
	f.code = uint32(len(f.body) - len(r.Data)) //nolint:gosec // bodies are bounded
	f.body = straighten(f.body, f.code)
	r.Data = f.body[f.code:]
	p := &planner{function: f, around: none, changes: changes}
	p.begin(0, none)
	p.charges[0].weight = 1 + f.locals/localsPerUnit + uint32(len(f.body))/bodyPerUnit //nolint:gosec // bodies are bounded
	p.labels = append(p.labels, label{op: wasm.OpBlock, loop: none})
	where := f.code
	for n := int32(0); len(r.Data) > 0 && p.err == nil; n++ {
		i := r.Instruction(where)
		where = i.End
		if r.Err != nil {
			return r.Err
		}
		p.instruction(n, &i)
		p.last = i
	}
	return p.err
}

// begin begins a block with the instruction n.
func (p *planner) begin(n, before int32) *charge {
	p.charges = append(p.charges, charge{at: n, before: before, loop: p.around, after: p.called, calleesFrom: int32(len(p.callees)), calleesTo: int32(len(p.callees))}) //nolint:gosec // bounded
	p.current = int32(len(p.charges) - 1)                                                                                                                               //nolint:gosec // bounded
	return &p.charges[p.current]
}

func (p *planner) instruction(n int32, i *wasm.Instruction) {
	weight := p.weigh(i)
	c := &p.charges[p.current]
	c.weight += weight
	c.access = c.access || i.Class == wasm.Access
	if p.around != none {
		p.loops[p.around].weight += weight
	}
	p.check(i)
	p.change(i)
	switch i.Op {
	case wasm.OpBlock:
		p.labels = append(p.labels, label{op: i.Op, before: p.current, loop: none})
	case wasm.OpLoop:
		p.beginLoop(n, i)
	case wasm.OpIf:
		c.weight++
		p.labels = append(p.labels, label{op: i.Op, before: p.current, loop: none})
		p.begin(n+1, p.current)
	case wasm.OpElse:
		p.begin(n+1, p.labels[len(p.labels)-1].before)
	case wasm.OpEnd:
		p.end(n)
	case wasm.OpBrIf:
		p.target(i.Index)
		p.begin(n+1, p.current)
	case wasm.OpBr:
		p.target(i.Index)
		p.begin(n+1, none).dead = true
	case wasm.OpBrTable:
		r := &wasm.Reader{Data: p.body[i.Start+1 : i.End]}
		r.Each(wasm.NoLimit, "labels", func() { p.target(r.U32()) })
		p.target(r.U32())
		p.begin(n+1, none).dead = true
	case wasm.OpReturn, wasm.OpUnreachable:
		p.begin(n+1, none).dead = true
	default:
		p.other(n, i, c)
	}
}

// other is for instructions without a say in where things go on.
func (p *planner) other(n int32, i *wasm.Instruction, c *charge) {
	switch {
	case i.Class == wasm.Call && i.Index >= p.in.ImportedFunctions:
		p.callees = append(p.callees, i.Index)
		c.calleesTo = int32(len(p.callees)) //nolint:gosec // bounded
		p.call(n, c)
	case i.Class == wasm.CallIndirect:
		p.call(n, c)
	case i.Class == wasm.Bulk && p.small(&p.last, i):
	case i.Class == wasm.Bulk:
		p.loose()
		p.bulk = p.bulk || i.Sub != wasm.MiscMemoryInit
	case i.Class == wasm.Call, i.Class == wasm.Grow:
		p.loose()
	}
	if p.charges[p.current].weight > maxBlock {
		p.begin(n+1, none).after = true // as if a call were before it: nobody charges for it elsewhere
	}
}

func (p *planner) call(n int32, c *charge) {
	p.loose()
	c.calls, p.called = true, true
	p.begin(n+1, p.current).tail = true
}

// loose says that the loop around is none that keeps fuel in a local.
func (p *planner) loose() {
	if p.around != none {
		p.loops[p.around].tight = false
	}
}

func (p *planner) beginLoop(n int32, i *wasm.Instruction) {
	p.loose()
	p.loopsFirst = p.loopsFirst || len(p.charges) == 1
	tight := i.Index == wasm.NoType || uint64(i.Index) < uint64(len(p.in.Types)) && len(p.in.Types[i.Index].Params) == 0
	p.loops = append(p.loops, loop{tight: tight})
	p.labels = append(p.labels, label{op: i.Op, before: p.current, loop: p.around})
	p.around = int32(len(p.loops) - 1) //nolint:gosec // bounded
	c := p.begin(n+1, none)
	c.head, c.weight = true, 1+weighValues(p.typeOf(i))
}

func (p *planner) end(n int32) {
	l := p.labels[len(p.labels)-1]
	p.labels = p.labels[:len(p.labels)-1]
	if l.op == wasm.OpLoop {
		if of := &p.loops[p.around]; of.weight > maxUnchecked {
			of.tight = false
		}
		p.tight = p.tight || p.loops[p.around].tight
		p.around = l.loop
	}
	if len(p.labels) > 0 && (l.op != wasm.OpBlock || l.target) {
		p.begin(n+1, l.before)
	}
}

// target marks what a branch goes to.
func (p *planner) target(index uint32) {
	if uint64(index) >= uint64(len(p.labels)) {
		p.fail("label", index, len(p.labels))
		return
	}
	p.labels[len(p.labels)-1-int(index)].target = true
}
