package sandbox

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"reflect"
	"time"

	"github.com/tetratelabs/wazero/api"
)

// The limits of a run, as LimitError names them.
const (
	LimitFuel        = "fuel"
	LimitDepth       = "call depth"
	LimitHostCalls   = "host calls"
	LimitLogs        = "log bytes"
	LimitCheckpoints = "checkpoints"
	LimitMemory      = "memory"
)

// Limits bound what one run may use up, beside its time, which is its context's, and its memory, which is its module's.
// Zero means the default.
type Limits struct {
	// Fuel is how much may be executed, in the units of package meter. Default: no limit.
	Fuel uint64
	// HostCalls is how often the guest may call the host. Default 10,000,000.
	HostCalls uint64
	// LogBytes is how much it may log and print. Default 4 MiB.
	LogBytes uint64
	// Checkpoints is how often it may save a checkpoint. Default 10,000.
	Checkpoints uint64
}

func (l Limits) withDefaults() Limits {
	l.Fuel = cmp.Or(l.Fuel, math.MaxUint64)
	l.HostCalls = cmp.Or(l.HostCalls, 10_000_000)
	l.LogBytes = cmp.Or(l.LogBytes, 4<<20)
	l.Checkpoints = cmp.Or(l.Checkpoints, 10_000)
	return l
}

// LimitError is a guest that came to a limit. It ends the guest.
type LimitError struct {
	// Limit is one of LimitFuel and so on.
	Limit   string
	Problem string
}

// Error says which limit and how.
func (e *LimitError) Error() string { return "limit of " + e.Limit + ": " + e.Problem }

// LimitName names the limit.
func (e *LimitError) LimitName() string { return e.Limit }

// spent is what a run has used up.
type spent struct {
	// granted is all fuel the guest was given.
	granted                          uint64
	hostCalls, logBytes, checkpoints uint64
	// since is when it was last looked at how much of the memory is in place; settled is set once all but a little is.
	since   time.Time
	settled bool
	// ration is what the guest got last, and turn is when.
	ration int64
	turn   time.Time
}

// fuelUsed is how much the guest executed.
func (s *instance) fuelUsed() uint64 {
	left := int64(api.DecodeI32(s.fuel.Get()))
	return uint64(max(int64(s.spent.granted)-left, 0)) //nolint:gosec // rations add up to far less than 2^63
}

// Rations of fuel: what a guest executes between two turns of the host. A unit is a third of a nanosecond, unless it is
// one of the eight of an access to memory that was never touched, which is a page fault of up to two microseconds. A small
// ration is 750 of those, a large one is for who has no more pages to touch. Most code uses that up in 6 to 10 microseconds,
// which is little for what a turn costs: who is so quick gets more. The next time it may be slow, so it is not much more.
const (
	smallRation, largeRation, quickRation = 6_000, 64_000, 256_000
	// quick is how long a large ration may last for the next to be a quick one; a quick one lasts as much longer as it is larger.
	quick = 50 * time.Microsecond
	// fewPages is as many pages as may be touched within a ration.
	fewPages = 900
	// settlePause is how long a guest runs before it is looked at again how much of its memory is in place.
	settlePause = 2 * time.Millisecond
)

// refill is airlock.refill: the host's turn. It takes what the guest has left, and answers what it has then.
func refill(_ context.Context, s *instance, stack []uint64) {
	if s.over() {
		fault("fuel", "used up after the end of the run")
	}
	if s.stackSize() > maxDepth {
		panic(&LimitError{LimitDepth, fmt.Sprintf("calls are nested so deeply that they take more than %d KB of stack", maxDepth>>10)})
	}
	left := int64(api.DecodeI32(stack[0]))
	used := int64(s.spent.granted) - left //nolint:gosec // far below 2^63
	if used > 0 && uint64(used) >= s.limits.Fuel {
		panic(&LimitError{LimitFuel, fmt.Sprintf("all of %d units are used up", s.limits.Fuel)})
	}
	ration := s.ration(left) - max(left, 0) // who has some left, after memory.grow, has a ration then: it may give some back
	if rest := s.limits.Fuel - uint64(max(used, 0)); ration > 0 && uint64(ration) > rest {
		ration = int64(rest) //nolint:gosec // less than a ration
	}
	s.spent.granted += uint64(ration)              //nolint:gosec // wraps around as it should for what is given back
	stack[0] = api.EncodeI32(int32(left + ration)) //nolint:gosec // a debt is at most some thousands
}

// ration is how much a guest gets at once that has some left, or used up all.
func (s *instance) ration(left int64) int64 {
	now := time.Now()
	last, took := s.spent.ration, now.Sub(s.spent.turn)
	s.spent.ration, s.spent.turn = smallRation, now
	// What it gets by memory.grow is put in place then.
	settled := s.spent.settled || s.memory.start <= fewPages*systemPage
	if !settled && now.Sub(s.spent.since) > settlePause { // at once, and then now and again
		s.spent.since = now
		s.spent.settled = s.memory.untouched(s.memory.start) <= fewPages
		settled = s.spent.settled
	}
	if settled {
		s.spent.ration = largeRation
		if left < 0 && last >= largeRation && took < quick*time.Duration(last/largeRation) {
			s.spent.ration = quickRation
		}
	}
	return s.spent.ration
}

// maxDepth is the largest machine stack a guest may have, in bytes. The engine doubles a stack that is used up and copies
// it, which takes time that nothing interrupts; its own limit is more than ten times as large.
const maxDepth = 4 << 20

// newEntry makes an entry of an exported function.
func newEntry(f api.Function) *entry {
	e := &entry{Function: f}
	// The engine tells nobody how large the stack is, but its call engine has it in a field of this name. A test holds
	// that. Without it, the engine's own limit is left.
	if v := reflect.ValueOf(f); v.Kind() == reflect.Pointer && v.Elem().Kind() == reflect.Struct {
		if field := v.Elem().FieldByName("stack"); field.IsValid() && field.Kind() == reflect.Slice && field.Type().Elem().Kind() == reflect.Uint8 {
			e.stack = field
		}
	}
	return e
}

// stackSize is how large the machine stack of the export that runs is, or of the last one.
func (s *instance) stackSize() (size int) {
	if s.running != nil {
		if s.running.stack.IsValid() {
			return s.running.stack.Len()
		}
		return 0
	}
	for _, f := range s.functions {
		if f.stack.IsValid() {
			size = max(size, f.stack.Len())
		}
	}
	return size
}
