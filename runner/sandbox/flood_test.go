package sandbox_test

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/airlock-run/airlock/runner/sandbox"
)

// counter is a host that counts log lines.
type counter struct {
	recorder
	lines, bytes int
}

func (c *counter) Log(_ sandbox.Level, text []byte) { c.lines, c.bytes = c.lines+1, c.bytes+len(text) }

func TestFloodEndsWithItsContext(t *testing.T) {
	t.Parallel()
	onHostile(t, func(t *testing.T, m *sandbox.Module) {
		for _, job := range []string{"deep", "random"} {
			t.Run(job, func(t *testing.T) {
				t.Parallel()
				ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
				defer cancel()
				if _, err := run(ctx, m, job, "", &counter{}); !errors.Is(err, context.DeadlineExceeded) {
					t.Fatalf("error is %v, want deadline exceeded", err)
				}
			})
		}
	})
}

// Who logs a lot ends earlier.
func TestFloodEndsWithItsLimit(t *testing.T) {
	t.Parallel()
	const limit = 1 << 10
	onHostile(t, func(t *testing.T, m *sandbox.Module) {
		for _, job := range []string{"flood", "deep_flood"} {
			t.Run(job, func(t *testing.T) {
				t.Parallel()
				host := &counter{}
				_, err := m.Run(t.Context(), sandbox.Input{Job: job, Context: []byte("{}"), Limits: sandbox.Limits{LogBytes: limit}}, host)
				checkFailure(t, err, "limit of log bytes: more than 1024")
				if host.bytes > limit {
					t.Errorf("the host was told %d bytes", host.bytes)
				}
			})
		}
	})
}

// One fd_write takes 16 KiB, however much its vectors name, and in lines that fit a log.
func TestPrintedIsTakenInParts(t *testing.T) {
	t.Parallel()
	onHostile(t, func(t *testing.T, m *sandbox.Module) {
		host := &counter{}
		result, err := run(t.Context(), m, "vectors", "", host)
		if err != nil || result.ExitCode != 16 || host.bytes != 16<<10 || host.lines != 2 {
			t.Errorf("%d KiB taken, %d lines, %d bytes, %v", result.ExitCode, host.lines, host.bytes, err)
		}
		const errnoInval = 28
		if result, err = run(t.Context(), m, "too_many", "", host); err != nil || result.ExitCode != errnoInval {
			t.Errorf("1025 vectors: errno %d, %v, want %d", result.ExitCode, err, errnoInval)
		}
	})
}

// subscription makes a subscription of poll_oneoff.
func subscription(user byte, kind byte, clock uint32, timeout time.Duration, absolute bool) []byte {
	data := make([]byte, 48)
	data[0], data[8] = user, kind
	binary.LittleEndian.PutUint32(data[16:], clock)
	binary.LittleEndian.PutUint64(data[24:], uint64(timeout))
	if absolute {
		data[40] = 1
	}
	return data
}

func TestPoll(t *testing.T) {
	t.Parallel()
	const (
		wall, monotonic, processor = 0, 1, 2
		clock, read                = 0, 1
		errnoBadf, errnoInval      = 8, 28
	)
	now := time.Duration(time.Now().UnixNano())
	zeros := func(n int) [][]byte { return slices.Repeat([][]byte{subscription(1, clock, monotonic, 0, false)}, n) }
	cases := map[string]struct {
		subscriptions [][]byte
		code          int32
		want          []string // user and errno of each event
		atLeast       time.Duration
	}{
		"none":               {nil, errnoInval, nil, 0},
		"at once":            {zeros(1), 0, []string{"1:0"}, 0},
		"many":               {zeros(1024), 0, slices.Repeat([]string{"1:0"}, 1024), 0},
		"too many":           {zeros(1025), errnoInval, nil, 0},
		"a while":            {[][]byte{subscription(7, clock, monotonic, 20*time.Millisecond, false)}, 0, []string{"7:0"}, 20 * time.Millisecond},
		"the first":          {[][]byte{subscription(1, clock, monotonic, time.Hour, false), subscription(2, clock, monotonic, time.Millisecond, false)}, 0, []string{"2:0"}, time.Millisecond},
		"the past":           {[][]byte{subscription(3, clock, wall, now-time.Hour, true)}, 0, []string{"3:0"}, 0},
		"the start":          {[][]byte{subscription(3, clock, monotonic, 0, true)}, 0, []string{"3:0"}, 0},
		"the first moment":   {[][]byte{subscription(1, clock, wall, now+200*365*24*time.Hour, true), subscription(2, clock, wall, now+time.Millisecond, true)}, 0, []string{"2:0"}, 0},
		"a file":             {[][]byte{subscription(4, read, 0, 0, false)}, 0, []string{"4:8"}, 0},
		"another clock":      {[][]byte{subscription(5, clock, processor, time.Hour, false)}, 0, []string{"5:28"}, 0},
		"a file and a while": {[][]byte{subscription(1, clock, monotonic, time.Hour, false), subscription(2, read, 0, 0, false)}, 0, []string{"2:8"}, 0},
	}
	onHostile(t, func(t *testing.T, m *sandbox.Module) {
		for name, c := range cases {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				host := &recorder{}
				start := time.Now()
				result, err := m.Run(t.Context(), sandbox.Input{Job: "poll", Context: []byte("{}"), State: slices.Concat(c.subscriptions...)}, hexHost{host})
				if err != nil || result.ExitCode != c.code {
					t.Fatalf("errno %d, %v, want %d", result.ExitCode, err, c.code)
				}
				if took := time.Since(start); took < c.atLeast {
					t.Errorf("took %s, want at least %s", took, c.atLeast)
				}
				if diff := cmp.Diff(c.want, events(t, host)); diff != "" {
					t.Errorf("events (-want +got):\n%s", diff)
				}
			})
		}
	})
}

// Two moments a little apart are two events: the second is not ready when the first is.
func TestPollTellsMomentsApart(t *testing.T) {
	t.Parallel()
	onHostile(t, func(t *testing.T, m *sandbox.Module) {
		const pause = 40 * time.Millisecond
		moment := time.Duration(time.Now().Add(pause).UnixNano())
		state := slices.Concat(subscription(1, 0, 0, moment, true), subscription(2, 0, 0, moment+pause/2, true))
		host := &recorder{}
		if _, err := m.Run(t.Context(), sandbox.Input{Job: "poll", Context: []byte("{}"), State: state}, hexHost{host}); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{"1:0"}, events(t, host)); diff != "" {
			t.Errorf("events (-want +got):\n%s", diff)
		}
	})
}

// hexHost notes checkpoints in hexadecimal.
type hexHost struct{ *recorder }

func (h hexHost) Checkpoint(ctx context.Context, state []byte) error {
	return h.recorder.Checkpoint(ctx, []byte(hex.EncodeToString(state)))
}

// events reads the events that the guest kept as its checkpoint.
func events(t *testing.T, host *recorder) []string {
	t.Helper()
	var found []string
	for _, line := range host.trace {
		var text string
		if _, err := fmt.Sscanf(line, "checkpoint %s", &text); err != nil {
			t.Fatalf("host call %q: %v", line, err)
		}
		data, err := hex.DecodeString(text)
		if err != nil {
			t.Fatal(err)
		}
		for event := range slices.Chunk(data, 32) {
			found = append(found, fmt.Sprintf("%d:%d", event[0], event[8]))
		}
	}
	return found
}
