package client

import (
	"context"

	"github.com/google/uuid"

	"github.com/airlock-run/airlock/bus"
)

// Cancel cancels a job. One that runs is asked to stop, and has a grace time to do so; until then it is running.
//
// # Errors
//
// ErrNotFound; ErrState for a job that has ended; ErrUnavailable.
func (c *Client) Cancel(ctx context.Context, id uuid.UUID) error {
	return typed(c.conn.Cancel(ctx, id))
}

// Pause keeps a job from running until Resume. One that runs is asked to stop, and goes on from its last checkpoint later.
//
// # Errors
//
// As Cancel's.
func (c *Client) Pause(ctx context.Context, id uuid.UUID) error { return typed(c.conn.Pause(ctx, id)) }

// Resume lets a paused job run again.
//
// # Errors
//
// ErrNotFound; ErrState for a job that is not paused; ErrUnavailable.
func (c *Client) Resume(ctx context.Context, id uuid.UUID) error {
	return typed(c.conn.Resume(ctx, id))
}

// Retry has a job run once more that is dead, cancelled or expired, from its last checkpoint and with its attempts counted anew; one that
// is scheduled runs at once. An input that is not nil replaces the job's, and the job begins anew.
//
// # Errors
//
// ErrNotFound; ErrState for a job that completed or has not ended; ErrInvalid; ErrUnavailable.
func (c *Client) Retry(ctx context.Context, id uuid.UUID, input any) error {
	data, err := encode(input)
	if err != nil {
		return err
	}
	return c.unlessThere(ctx, id, c.conn.RetryJob(ctx, id, data))
}

// Delete removes what is known of a job that has ended.
//
// # Errors
//
// ErrNotFound; ErrState for a job that has not ended; ErrUnavailable.
func (c *Client) Delete(ctx context.Context, id uuid.UUID) error {
	return c.unlessThere(ctx, id, c.conn.DeleteJob(ctx, id))
}

// unlessThere is err, but for a job that is not found because it has no record yet: that one has not ended.
func (c *Client) unlessThere(ctx context.Context, id uuid.UUID, err error) error {
	if bus.CodeOf(err) != bus.NotFound {
		return typed(err)
	}
	run, err := c.Status(ctx, id)
	if err != nil {
		return err
	}
	return refuse(ErrState, bus.FailedPrecondition, "job %s has not ended: it is %s; cancel it first", id, run.State)
}
