package prepare

import (
	"os"
	"syscall"
)

func executable() (string, error) { return os.Executable() } //nolint:wrapcheck // New does

func attributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
