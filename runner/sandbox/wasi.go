package sandbox

import (
	"context"
	"crypto/rand"
	"math"
	"time"

	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/sys"
)

// Error numbers of WASI preview 1.
const (
	errnoSuccess = 0
	errnoBadf    = 8
	errnoInval   = 28
	errnoNosys   = 52
)

// wasiFunctions are all functions of wasi_snapshot_preview1: those that work without files and sockets, and those that
// answer an errno.
var wasiFunctions = []function{
	{"args_get", sig("ii:i"), answers(errnoSuccess)},
	{"args_sizes_get", sig("ii:i"), wasiNoStrings},
	{"environ_get", sig("ii:i"), answers(errnoSuccess)},
	{"environ_sizes_get", sig("ii:i"), wasiNoStrings},
	{"clock_res_get", sig("ii:i"), clockResGet},
	{"clock_time_get", sig("iIi:i"), clockTimeGet},
	{"fd_advise", sig("iIIi:i"), answers(errnoBadf)},
	{"fd_allocate", sig("iII:i"), answers(errnoBadf)},
	{"fd_close", sig("i:i"), answers(errnoBadf)},
	{"fd_datasync", sig("i:i"), answers(errnoBadf)},
	{"fd_fdstat_get", sig("ii:i"), fdFdstatGet},
	{"fd_fdstat_set_flags", sig("ii:i"), answers(errnoBadf)},
	{"fd_fdstat_set_rights", sig("iII:i"), answers(errnoBadf)},
	{"fd_filestat_get", sig("ii:i"), answers(errnoBadf)},
	{"fd_filestat_set_size", sig("iI:i"), answers(errnoBadf)},
	{"fd_filestat_set_times", sig("iIIi:i"), answers(errnoBadf)},
	{"fd_pread", sig("iiiIi:i"), answers(errnoBadf)},
	{"fd_prestat_dir_name", sig("iii:i"), answers(errnoBadf)},
	{"fd_prestat_get", sig("ii:i"), answers(errnoBadf)},
	{"fd_pwrite", sig("iiiIi:i"), answers(errnoBadf)},
	{"fd_read", sig("iiii:i"), answers(errnoBadf)},
	{"fd_readdir", sig("iiiIi:i"), answers(errnoBadf)},
	{"fd_renumber", sig("ii:i"), answers(errnoBadf)},
	{"fd_seek", sig("iIii:i"), answers(errnoBadf)},
	{"fd_sync", sig("i:i"), answers(errnoBadf)},
	{"fd_tell", sig("ii:i"), answers(errnoBadf)},
	{"fd_write", sig("iiii:i"), fdWrite},
	{"path_create_directory", sig("iii:i"), answers(errnoBadf)},
	{"path_filestat_get", sig("iiiii:i"), answers(errnoBadf)},
	{"path_filestat_set_times", sig("iiiiIIi:i"), answers(errnoBadf)},
	{"path_link", sig("iiiiiii:i"), answers(errnoBadf)},
	{"path_open", sig("iiiiiIIii:i"), answers(errnoBadf)},
	{"path_readlink", sig("iiiiii:i"), answers(errnoBadf)},
	{"path_remove_directory", sig("iii:i"), answers(errnoBadf)},
	{"path_rename", sig("iiiiii:i"), answers(errnoBadf)},
	{"path_symlink", sig("iiiii:i"), answers(errnoBadf)},
	{"path_unlink_file", sig("iii:i"), answers(errnoBadf)},
	{"poll_oneoff", sig("iiii:i"), pollOneoff},
	{"proc_exit", sig("i:"), procExit},
	{"proc_raise", sig("i:i"), answers(errnoNosys)},
	{"random_get", sig("ii:i"), randomGet},
	{"sched_yield", sig(":i"), schedYield},
	{"sock_accept", sig("iii:i"), answers(errnoBadf)},
	{"sock_recv", sig("iiiiii:i"), answers(errnoBadf)},
	{"sock_send", sig("iiiii:i"), answers(errnoBadf)},
	{"sock_shutdown", sig("ii:i"), answers(errnoBadf)},
}

// answers makes a function that does nothing but answer an errno.
func answers(errno uint64) func(context.Context, *instance, []uint64) {
	return func(_ context.Context, _ *instance, stack []uint64) { stack[0] = errno }
}

// wasiNoStrings is args_sizes_get and environ_sizes_get(count_ptr, size_ptr): there are none.
func wasiNoStrings(_ context.Context, s *instance, stack []uint64) {
	s.writeU32("args_sizes_get", api.DecodeU32(stack[0]), 0)
	s.writeU32("args_sizes_get", api.DecodeU32(stack[1]), 0)
	stack[0] = errnoSuccess
}

// started is what the monotonic clock counts from.
var started = time.Now()

func wasiClock(id uint32) (nanoseconds uint64, ok bool) {
	switch id {
	case 0:
		return uint64(time.Now().UnixNano()), true
	case 1:
		return uint64(time.Since(started)), true //nolint:gosec // not negative
	default:
		return 0, false
	}
}

// clockResGet is clock_res_get(clock_id, resolution_ptr).
func clockResGet(_ context.Context, s *instance, stack []uint64) {
	if _, ok := wasiClock(api.DecodeU32(stack[0])); !ok {
		stack[0] = errnoInval
		return
	}
	s.writeU64("clock_res_get", api.DecodeU32(stack[1]), 1)
	stack[0] = errnoSuccess
}

// clockTimeGet is clock_time_get(clock_id, precision, time_ptr).
func clockTimeGet(_ context.Context, s *instance, stack []uint64) {
	s.readClock = true
	nanoseconds, ok := wasiClock(api.DecodeU32(stack[0]))
	if !ok {
		stack[0] = errnoInval
		return
	}
	s.writeU64("clock_time_get", api.DecodeU32(stack[2]), nanoseconds)
	stack[0] = errnoSuccess
}

// randomGet is random_get(ptr, len). All of a large memory takes seconds, so it goes in steps.
func randomGet(ctx context.Context, s *instance, stack []uint64) {
	const name, step = "random_get", 1 << 20
	s.drewRandom = true
	buffer := s.view(name, "buffer", api.DecodeU32(stack[0]), api.DecodeU32(stack[1]))
	for len(buffer) > 0 {
		if ctx.Err() != nil {
			fault(name, "called until the end of the run")
		}
		n, _ := rand.Read(buffer[:min(len(buffer), step)]) // never fails
		buffer = buffer[n:]
	}
	stack[0] = errnoSuccess
}

// fdFdstatGet is fd_fdstat_get(fd, stat_ptr): standard output and error are character devices one can write to.
func fdFdstatGet(_ context.Context, s *instance, stack []uint64) {
	fd := api.DecodeU32(stack[0])
	if fd > 2 {
		stack[0] = errnoBadf
		return
	}
	const characterDevice, rightFdWrite = 2, 1 << 6
	stat := s.view("fd_fdstat_get", "stat", api.DecodeU32(stack[1]), 24)
	clear(stat)
	stat[0] = characterDevice
	if fd > 0 {
		stat[8] = rightFdWrite
	}
	stack[0] = errnoSuccess
}

// schedYield is sched_yield().
func schedYield(_ context.Context, _ *instance, stack []uint64) { stack[0] = errnoSuccess }

// procExit is proc_exit(code): it ends the guest.
func procExit(_ context.Context, _ *instance, stack []uint64) {
	panic(sys.NewExitError(api.DecodeU32(stack[0])))
}

func (s *instance) writeU32(function string, ptr, value uint32) {
	s.view(function, "result", ptr, 4)
	s.module.Memory().WriteUint32Le(ptr, value)
}

func (s *instance) writeU64(function string, ptr uint32, value uint64) {
	s.view(function, "result", ptr, 8)
	s.module.Memory().WriteUint64Le(ptr, value)
}

// sleepLimit keeps a duration a guest asks for from overflowing.
func sleepLimit(nanoseconds uint64) time.Duration {
	return time.Duration(min(nanoseconds, math.MaxInt64))
}
