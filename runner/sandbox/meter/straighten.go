package meter

import (
	"slices"

	"github.com/airlock-run/airlock/runner/sandbox/wasm"
)

// straightener has jumps through a table go where they lead.
//
// WebAssembly has no goto. Compilers that want one, such as Go's, put a function's code into a loop that begins with a
// table: to go elsewhere, code sets a local to a number and branches to the loop.
//
//	(loop $again (block $b (block $a
//	  (br_table $a $b (local.get $next)))
//	  … (local.set $next (i32.const 1)) (br $again) …)
//	  …)
//
// Where the number is a constant and the block that the table has for it is still open, a branch out of that block comes to
// the same place, and passes neither the table nor the check at the head of the loop. Ways that lead back stay as they are.
type straightener struct {
	open []openBlock
	// last are the last instructions, the latest first.
	last [2]wasm.Instruction
	// head is how far the head of a loop has come.
	head   head
	opened int32
}

// head is how far the head of a loop has come: to its blocks, then to the local, which the table has to follow at once. All
// that may be passed over is without effect.
type head byte

const (
	elsewhere head = iota
	atBlocks
	atLocal
)

// openBlock is a block that is open.
type openBlock struct {
	// number tells it from all others of the function.
	number int32
	loop   bool
	table  *table
}

// table is what a loop begins with.
type table struct {
	local uint32
	// blocks are where the labels lead: the places and numbers of the blocks.
	blocks []openPlace
}

// openPlace is a block by where among the open blocks it was.
type openPlace struct {
	at     int
	number int32
}

// straighten returns the body of a function with its jumps straightened. Instructions begin at code.
func straighten(body []byte, code uint32) []byte {
	s := &straightener{}
	s.push(false)
	r := &wasm.Reader{Data: body[code:]}
	var out []byte
	copied := uint32(0)
	for where := code; len(r.Data) > 0; {
		i := r.Instruction(where)
		where = i.End
		if r.Err != nil || len(s.open) == 0 {
			return body // and whoever plans the function says why not
		}
		if label, ok := s.straight(&i, body); ok {
			out = append(append(out, body[copied:i.Start]...), wasm.OpBr)
			out = wasm.AppendU32(out, label)
			copied = i.End
		}
		s.follow(&i, body)
	}
	if copied == 0 {
		return body
	}
	return append(out, body[copied:]...)
}

func (s *straightener) push(loop bool) {
	s.open = append(s.open, openBlock{number: s.opened, loop: loop})
	s.opened++
}

// follow follows an instruction.
func (s *straightener) follow(i *wasm.Instruction, body []byte) {
	void := i.End == i.Start+2 && body[i.Start+1] == wasm.BlockVoid
	head := elsewhere
	switch i.Op {
	case wasm.OpLoop:
		s.push(true)
		if void {
			head = atBlocks
		}
	case wasm.OpBlock:
		s.push(false)
		if void && s.head == atBlocks {
			head = atBlocks
		}
	case wasm.OpIf:
		s.push(false)
	case wasm.OpEnd:
		s.open = s.open[:len(s.open)-1]
	case wasm.OpLocalGet:
		if s.head == atBlocks {
			head = atLocal
		}
	case wasm.OpBrTable:
		if s.head == atLocal {
			s.begin(i, body)
		}
	}
	s.head = head
	s.last[0], s.last[1] = *i, s.last[0]
}

// begin notes the table that a loop begins with.
func (s *straightener) begin(i *wasm.Instruction, body []byte) {
	t := &table{local: s.last[0].Index}
	r := &wasm.Reader{Data: body[i.Start+1 : i.End]}
	add := func() {
		at := max(len(s.open)-1-int(r.U32()), 0) // a label that is not there is refused later
		t.blocks = append(t.blocks, openPlace{at, s.open[at].number})
	}
	r.Each(wasm.NoLimit, "labels", add)
	add()
	for n := range slices.Backward(s.open) {
		if s.open[n].loop {
			s.open[n].table = t
			return
		}
	}
}

// straight tells which label a branch can have instead of its own.
func (s *straightener) straight(i *wasm.Instruction, body []byte) (label uint32, ok bool) {
	set, number := &s.last[0], &s.last[1]
	if i.Op != wasm.OpBr || set.Op != wasm.OpLocalSet || number.Op != wasm.OpI32Const {
		return 0, false
	}
	loop := len(s.open) - 1 - int(i.Index)
	if loop < 0 || s.open[loop].table == nil || s.open[loop].table.local != set.Index {
		return 0, false
	}
	blocks := s.open[loop].table.blocks
	k := constant(body[number.Start+1 : number.End])
	to := blocks[min(uint64(k), uint64(len(blocks)-1))] //nolint:gosec // there is one at least
	if to.at <= loop || to.at >= len(s.open) || s.open[to.at].number != to.number {
		return 0, false
	}
	return uint32(len(s.open) - 1 - to.at), true //nolint:gosec // not negative
}
