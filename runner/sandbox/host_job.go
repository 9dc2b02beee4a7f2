package sandbox

import (
	"context"
	"fmt"
	"math"

	"github.com/tetratelabs/wazero/api"
)

// MaxCheckpoint is the largest checkpoint, in bytes.
const MaxCheckpoint = 1 << 20

// jobReportProgress is job_report_progress(job_id_ptr, progress f32, message_ptr, message_len).
func jobReportProgress(_ context.Context, s *instance, stack []uint64) {
	const name = "job_report_progress"
	s.checkJob(name, api.DecodeU32(stack[0]))
	message := s.text(name, "message", api.DecodeU32(stack[2]), api.DecodeU32(stack[3]), maxText)
	fraction := api.DecodeF32(stack[1])
	if f := float64(fraction); math.IsNaN(f) || math.IsInf(f, 0) {
		s.log(Warn, fmt.Appendf(nil, "progress %v is no number from 0 to 1 and is not shown", f))
		return
	}
	s.host.Progress(min(max(fraction, 0), 1), message)
}

// jobCheckpoint is job_checkpoint(job_id_ptr, state_ptr, state_len) -> 0 when it is kept.
func jobCheckpoint(ctx context.Context, s *instance, stack []uint64) {
	const name = "job_checkpoint"
	s.checkJob(name, api.DecodeU32(stack[0]))
	length := api.DecodeU32(stack[2])
	if length > MaxCheckpoint {
		s.log(Error, fmt.Appendf(nil, "checkpoint is %d bytes, at most %d are kept", length, MaxCheckpoint))
		stack[0] = 1
		return
	}
	if s.spent.checkpoints++; s.spent.checkpoints > s.limits.Checkpoints {
		panic(&LimitError{LimitCheckpoints, fmt.Sprintf("more than %d", s.limits.Checkpoints)})
	}
	state := s.read(name, "state", api.DecodeU32(stack[1]), length)
	stack[0] = 0
	if err := s.host.Checkpoint(ctx, state); err != nil {
		s.log(Error, []byte("checkpoint is not kept: "+err.Error()))
		stack[0] = 1
	}
}

// jobLoadCheckpoint is job_load_checkpoint(job_id_ptr) -> result_ptr, 0 when there is none.
// A guest without memory for it ends: told that there is none, it would begin again.
func jobLoadCheckpoint(ctx context.Context, s *instance, stack []uint64) {
	const name = "job_load_checkpoint"
	s.notAllocating(name)
	s.checkJob(name, api.DecodeU32(stack[0]))
	state := s.host.LoadCheckpoint()
	if state == nil {
		stack[0] = 0
		return
	}
	ptr := s.deliver(ctx, state)
	if ptr == 0 {
		fault(name, "the guest has no memory for a checkpoint of %d bytes", len(state))
	}
	stack[0] = api.EncodeU32(ptr)
}

// jobCheckInterrupt is job_check_interrupt(job_id_ptr) -> 0 go on, 1 shutdown, 2 cancelled.
func jobCheckInterrupt(_ context.Context, s *instance, stack []uint64) {
	s.checkJob("job_check_interrupt", api.DecodeU32(stack[0]))
	stack[0] = uint64(s.host.Interrupted())
}

// jobAddWarning is job_add_warning(job_id_ptr, message_ptr, message_len).
func jobAddWarning(_ context.Context, s *instance, stack []uint64) {
	const name = "job_add_warning"
	s.checkJob(name, api.DecodeU32(stack[0]))
	s.host.Warn(string(s.text(name, "message", api.DecodeU32(stack[1]), api.DecodeU32(stack[2]), maxText)))
}

// jobIncrementBytes is job_increment_bytes(job_id_ptr, count i64).
func jobIncrementBytes(_ context.Context, s *instance, stack []uint64) {
	s.checkJob("job_increment_bytes", api.DecodeU32(stack[0]))
	s.host.AddBytes(int64(stack[1])) //nolint:gosec // an i64 travels in a uint64
}

// jobIncrementItems is job_increment_items(job_id_ptr, count i64).
func jobIncrementItems(_ context.Context, s *instance, stack []uint64) {
	s.checkJob("job_increment_items", api.DecodeU32(stack[0]))
	s.host.AddItems(int64(stack[1])) //nolint:gosec // an i64 travels in a uint64
}
