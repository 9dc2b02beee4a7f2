package main

import "path/filepath"

// Where machine code is kept between runs, so that they do not spend their minutes compiling. It must be this user's alone.
var (
	oursCache  = filepath.Join(".build", "bench-cache", "ours")
	plainCache = filepath.Join(".build", "bench-cache", "plain")
)
