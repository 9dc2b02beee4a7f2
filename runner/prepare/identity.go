package prepare

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"

	"golang.org/x/sys/cpu"

	"github.com/airlock-run/airlock/runner/sandbox"
)

// format is the version of what is kept of a module. Raise it whenever a file of an entry, or what makes it, changes.
const format = 3

// identity names all but the module and its options that an entry depends on. The engine keeps machine code by its own
// version and by what the processor can do.
func identity() string {
	return fmt.Sprintf("airlock %d, wazero %s, %s, %s/%s, %v", format, engineVersion(), runtime.Version(), runtime.GOOS, runtime.GOARCH, processor())
}

// engineVersion is that of the engine in this executable.
func engineVersion() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	for _, dep := range info.Deps {
		if strings.HasSuffix(dep.Path, "/wazero") {
			if dep.Replace != nil {
				dep = dep.Replace
			}
			return dep.Version + dep.Sum
		}
	}
	return "unknown"
}

// processor is what this processor can do: a number that changes when any of it does.
func processor() string {
	features := sha256.Sum256(fmt.Append(nil, cpu.X86, cpu.ARM64))
	return hex.EncodeToString(features[:8])
}

// keyOf names the entry of a module.
func keyOf(wasm []byte, options sandbox.Options) (string, error) {
	settings, err := json.Marshal(settingsOf(options))
	if err != nil {
		return "", fmt.Errorf("encode options: %w", err)
	}
	module := sha256.Sum256(wasm)
	key := sha256.Sum256(fmt.Appendf(nil, "%x\n%s\n%s", module, settings, identity()))
	return hex.EncodeToString(key[:]), nil
}
