package main

import (
	"context"
	"encoding/binary"
	"time"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"github.com/airlock-run/airlock/runner/sandbox/meter"
)

// plainFunction is an import of the guest ABI with the least behind it that lets guests work.
type plainFunction struct {
	name    string
	params  []api.ValueType
	results []api.ValueType
	serve   func(ctx context.Context, s *started, stack []uint64)
}

const (
	i32 = api.ValueTypeI32
	i64 = api.ValueTypeI64
	f32 = api.ValueTypeF32
)

var plainFunctions = []plainFunction{
	{"spacedrive_call", []api.ValueType{i32, i32, i32, i32, i32}, []api.ValueType{i32}, plainCall},
	{"spacedrive_call_many", []api.ValueType{i32, i32}, []api.ValueType{i32}, answersZero},
	{"spacedrive_log", []api.ValueType{i32, i32, i32}, nil, readsText(1)},
	{"register_job", []api.ValueType{i32, i32, i32, i32, i32}, []api.ValueType{i32}, plainRegister},
	{"job_report_progress", []api.ValueType{i32, f32, i32, i32}, nil, readsText(2)},
	{"job_checkpoint", []api.ValueType{i32, i32, i32}, []api.ValueType{i32}, plainCheckpoint},
	{"job_load_checkpoint", []api.ValueType{i32}, []api.ValueType{i32}, answersZero},
	{"job_check_interrupt", []api.ValueType{i32}, []api.ValueType{i32}, plainInterrupt},
	{"job_add_warning", []api.ValueType{i32, i32, i32}, nil, readsText(1)},
	{"job_increment_bytes", []api.ValueType{i32, i64}, nil, ignores},
	{"job_increment_items", []api.ValueType{i32, i64}, nil, ignores},
}

// Rations are what the sandbox gives a guest whose memory is in place, as it is here after the first job: the larger one to
// who used up the last at least as quickly.
const (
	ration, quickRation = 64_000, 256_000
	quick               = 50 * time.Microsecond
)

// refill takes what a metered guest has left, and answers what it has then. It does what the sandbox does there: look at the
// context and the clock.
func refill(ctx context.Context, _ api.Module, stack []uint64) {
	s, ok := ctx.Value(startedKey{}).(*started)
	if !ok {
		panic("refill: called outside of a run")
	}
	if deadline, ok := ctx.Deadline(); ctx.Err() != nil || ok && time.Until(deadline) < 0 {
		panic("refill: called after the end of the run")
	}
	now := time.Now()
	next := int32(ration)
	if s.ration >= ration && now.Sub(s.turn) < quick*time.Duration(s.ration/ration) {
		next = quickRation
	}
	s.ration, s.turn = next, now
	stack[0] = api.EncodeI32(api.DecodeI32(stack[0]) + next)
}

// linkPlain makes the import modules in a runtime: the guest ABI's, and what a metered guest asks for more fuel.
func linkPlain(ctx context.Context, runtime wazero.Runtime) error {
	builder := runtime.NewHostModuleBuilder("spacedrive")
	for _, f := range plainFunctions {
		serve := api.GoModuleFunc(func(ctx context.Context, _ api.Module, stack []uint64) {
			s, ok := ctx.Value(startedKey{}).(*started)
			if !ok {
				panic(f.name + ": called outside of a run")
			}
			f.serve(ctx, s, stack)
		})
		builder.NewFunctionBuilder().WithGoModuleFunction(serve, f.params, f.results).Export(f.name)
	}
	if _, err := builder.Instantiate(ctx); err != nil {
		return err
	}
	_, err := runtime.NewHostModuleBuilder(meter.Module).NewFunctionBuilder().
		WithGoModuleFunction(api.GoModuleFunc(refill), []api.ValueType{i32}, []api.ValueType{i32}).Export(meter.Refill).Instantiate(ctx)
	return err
}

// text copies a text out of the guest's memory.
func (s *started) text(ptr, length uint64) string {
	data, ok := s.module.Memory().Read(api.DecodeU32(ptr), api.DecodeU32(length))
	if !ok {
		panic("a text outside of the guest's memory")
	}
	return string(data)
}

func plainCall(ctx context.Context, s *started, stack []uint64) {
	payload, ok := s.module.Memory().Read(api.DecodeU32(stack[3]), api.DecodeU32(stack[4]))
	if !ok {
		panic("a payload outside of the guest's memory")
	}
	data := answer(s.text(stack[0], stack[1]), payload)
	result := append(binary.LittleEndian.AppendUint32(nil, uint32(len(data))), data...) //nolint:gosec // a length
	at, err := s.place(ctx, result)
	if err != nil {
		panic(err) // wazero makes it the error of the call into the guest
	}
	stack[0] = at
}

func plainRegister(_ context.Context, s *started, stack []uint64) {
	s.jobs[s.text(stack[0], stack[1])] = s.text(stack[2], stack[3])
	stack[0] = 0
}

func plainCheckpoint(_ context.Context, s *started, stack []uint64) {
	_ = s.text(stack[1], stack[2])
	stack[0] = 0
}

func plainInterrupt(_ context.Context, s *started, stack []uint64) {
	stack[0] = 0
	if s.interrupted != nil {
		stack[0] = s.interrupted()
	}
}

// readsText makes a function that does no more than copy a text, whose pointer and length are at a place of the stack.
func readsText(at int) func(context.Context, *started, []uint64) {
	return func(_ context.Context, s *started, stack []uint64) { _ = s.text(stack[at], stack[at+1]) }
}

func answersZero(_ context.Context, _ *started, stack []uint64) { stack[0] = 0 }

func ignores(context.Context, *started, []uint64) {}
