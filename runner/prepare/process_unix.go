//go:build linux || darwin

package prepare

import (
	"os"
	"os/exec"
	"runtime"
	"syscall"
)

// detach gives a child a process group of its own, so that it is killed with all it may have started, and the lock, so
// that nobody works in its directory while it lives.
func detach(cmd *exec.Cmd, lock *os.File) {
	cmd.SysProcAttr = attributes()
	cmd.ExtraFiles = []*os.File{lock}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
}

// killed tells whether a process was.
func killed(state *os.ProcessState) bool {
	status, ok := state.Sys().(syscall.WaitStatus)
	return ok && status.Signaled() && (status.Signal() == syscall.SIGKILL || status.Signal() == syscall.SIGXCPU)
}

// maxResident is the most memory a process had at once, in bytes, or its parent, if that had more when it started it.
func maxResident(state *os.ProcessState) uint64 {
	usage, ok := state.SysUsage().(*syscall.Rusage)
	if !ok {
		return 0
	}
	size := uint64(usage.Maxrss) //nolint:gosec // not negative
	if runtime.GOOS == "linux" {
		size <<= 10
	}
	return size
}
