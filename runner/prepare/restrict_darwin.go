package prepare

func volunteer() {}

func restrictMemory(uint64) error { return nil }

func peakMemory() uint64 { return 0 }
