package sandbox

import (
	"context"
	"encoding/binary"
	"slices"
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

	due, errnos := make([]time.Duration, count), make([]byte, count)
	for i := range due {
		due[i], errnos[i] = subscriptionDue(subscriptions[subscriptionSize*i:])
	}
	wait := slices.Min(due)
	sleep(ctx, name, wait)

	var events uint32
	for i := range due {
		if due[i] > wait {
			continue
		}
		subscription := subscriptions[subscriptionSize*i:]
		event := s.view(name, "events", out+eventSize*events, eventSize)
		clear(event)
		copy(event, subscription[:8])
		event[8], event[10] = errnos[i], subscription[8]
		events++
	}
	s.writeU32(name, api.DecodeU32(stack[3]), events)
	stack[0] = errnoSuccess
}

// subscriptionDue is how long from now a subscription is due. What cannot be waited for is due at once, with an errno.
func subscriptionDue(subscription []byte) (time.Duration, byte) {
	if subscription[8] != clockEvent {
		return 0, errnoBadf
	}
	current, ok := wasiClock(binary.LittleEndian.Uint32(subscription[16:]))
	if !ok {
		return 0, errnoInval
	}
	timeout := binary.LittleEndian.Uint64(subscription[24:])
	if binary.LittleEndian.Uint16(subscription[40:])&absoluteTime != 0 {
		timeout -= min(timeout, current)
	}
	return sleepLimit(timeout), 0
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
