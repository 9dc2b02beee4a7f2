package sandbox

import (
	"context"
	"encoding/binary"
	"time"

	"github.com/tetratelabs/wazero/api"
)

const (
	subscriptionSize = 48
	eventSize        = 32
	clockEvent       = 0
	absoluteTime     = 1
)

// pollOneoff is poll_oneoff(in_ptr, out_ptr, nsubscriptions, nevents_ptr). It sleeps until the first clock is due and
// no longer than the run may take; there are no files to wait for.
func pollOneoff(ctx context.Context, s *instance, stack []uint64) {
	const name = "poll_oneoff"
	in, out, count := api.DecodeU32(stack[0]), api.DecodeU32(stack[1]), api.DecodeU32(stack[2])
	if count == 0 || count > 1024 {
		stack[0] = errnoInval
		return
	}
	subscriptions := s.read(name, "subscriptions", in, subscriptionSize*count)
	s.view(name, "events", out, eventSize*count)
	s.view(name, "count of events", api.DecodeU32(stack[3]), 4)

	wait := time.Duration(-1)
	for sub := subscriptions; len(sub) > 0; sub = sub[subscriptionSize:] {
		due := time.Duration(0) // a file is ready at once: with an error
		if sub[8] == clockEvent {
			due = clockDue(sub)
		}
		if wait < 0 || due < wait {
			wait = due
		}
	}
	sleep(ctx, name, wait)

	var events uint32
	for sub := subscriptions; len(sub) > 0; sub = sub[subscriptionSize:] {
		if sub[8] == clockEvent && clockDue(sub) > wait {
			continue
		}
		event := s.view(name, "events", out+eventSize*events, eventSize)
		clear(event)
		copy(event, sub[:8])
		event[10] = sub[8]
		if sub[8] != clockEvent {
			event[8] = errnoBadf
		}
		events++
	}
	s.writeU32(name, api.DecodeU32(stack[3]), events)
	stack[0] = errnoSuccess
}

// clockDue is how long from now a clock subscription is due.
func clockDue(sub []byte) time.Duration {
	timeout := binary.LittleEndian.Uint64(sub[24:])
	if binary.LittleEndian.Uint16(sub[40:])&absoluteTime == 0 {
		return sleepLimit(timeout)
	}
	current, _ := wasiClock(binary.LittleEndian.Uint32(sub[16:]))
	if timeout <= current {
		return 0
	}
	return sleepLimit(timeout - current)
}

// sleep waits, and ends the guest when ctx ends.
func sleep(ctx context.Context, function string, d time.Duration) {
	if d <= 0 {
		return
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
		fault(function, "woken up: %v", context.Cause(ctx))
	}
}
