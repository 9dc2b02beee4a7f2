//go:build !linux && !darwin

package prepare

import (
	"os"
	"os/exec"
)

func executable() (string, error) { return os.Executable() } //nolint:wrapcheck // New does

func detach(*exec.Cmd, *os.File) {}

func killed(*os.ProcessState) bool { return false }

func maxResident(*os.ProcessState) uint64 { return 0 }
