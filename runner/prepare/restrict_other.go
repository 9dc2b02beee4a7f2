//go:build !linux && !darwin

package prepare

func yield() {}

func restrict(Limits, uint64) error { return nil }

func peakMemory() uint64 { return 0 }
