package prepare

import "syscall"

// executable is this executable, even when another was put in its place since it was started.
func executable() (string, error) { return "/proc/self/exe", nil }

// attributes has a child die with its parent.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
