//go:build !linux && !darwin

package prepare

import "os"

func lockAlone(*os.File) error { return nil }

func lockShared(*os.File) error { return nil }
