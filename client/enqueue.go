package client

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/airlock-run/airlock/bus"
)

// Enqueue enqueues a job and returns its id once it is kept. With ErrUnavailable the id is returned too: whether the job is kept is not
// known then, and enqueueing it again with that id makes sure of it.
//
// # Errors
//
// ErrInvalid; ErrUnknownExtension; ErrUnknownJob; ErrNotAllowed; *DuplicateError; ErrQueueFull; ErrUnavailable.
func (c *Client) Enqueue(ctx context.Context, job Job) (uuid.UUID, error) {
	out, err := c.Prepare(ctx, job)
	if err != nil {
		return uuid.Nil, err
	}
	return out.ID, typed(c.conn.Enqueue(ctx, out))
}

// EnqueueMany enqueues jobs and returns their ids, in the same order, once all are kept. MaxBatch at a time are kept together or not at
// all. With an error it returns the ids of those that are certainly kept, which are the first ones.
//
// # Errors
//
// As Enqueue's; a job that cannot be is found before any is enqueued.
func (c *Client) EnqueueMany(ctx context.Context, jobs []Job) ([]uuid.UUID, error) {
	prepared := make([]*bus.Job, len(jobs))
	ids := make([]uuid.UUID, len(jobs))
	for i, job := range jobs {
		out, err := c.Prepare(ctx, job)
		if err != nil {
			return nil, err
		}
		prepared[i], ids[i] = out, out.ID
	}
	kept, err := c.conn.EnqueueMany(ctx, prepared)
	return ids[:kept], typed(err)
}

// Prepare checks a job as Enqueue does, and returns it as it would be enqueued.
//
// # Errors
//
// ErrInvalid; ErrUnknownExtension; ErrUnknownJob; ErrNotAllowed; ErrUnavailable.
func (c *Client) Prepare(ctx context.Context, job Job) (*bus.Job, error) {
	out, err := job.bare(time.Now())
	if err != nil {
		return nil, err
	}
	if err := c.check(ctx, out); err != nil {
		return nil, err
	}
	return out, typed(out.Validate())
}
