package runner

import (
	"context"

	"golang.org/x/sync/semaphore"
)

// stackMemory is what a guest may take beside its linear memory: its stack, when it recurses as deep as it can.
const stackMemory = 8 << 20

// admission lets in as many jobs as there is memory for, in the order in which they came: a large one is not overtaken by
// small ones. It is safe for concurrent use.
type admission struct {
	budget uint64
	free   *semaphore.Weighted
}

func newAdmission(budget uint64) *admission {
	return &admission{budget: budget, free: semaphore.NewWeighted(int64(budget))} //nolint:gosec // it is less than a machine has
}

// most is the most linear memory that one job can have.
func (a *admission) most() uint64 { return a.budget - stackMemory }

// admit waits until a job with so much memory besides its stack fits in, and reserves that for it. One that wants more than there is for
// all together, for it has its input beside its linear memory, gets all there is. leave gives it back.
//
// # Errors
//
// ctx's cause.
func (a *admission) admit(ctx context.Context, memory uint64) (leave func(), err error) {
	weight := int64(min(memory+stackMemory, a.budget)) //nolint:gosec // it is less than a machine has
	if err := a.free.Acquire(ctx, weight); err != nil {
		return nil, context.Cause(ctx)
	}
	return func() { a.free.Release(weight) }, nil
}
