package prepare_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"go.uber.org/goleak"

	"github.com/airlock-run/airlock/runner/prepare"
	"github.com/airlock-run/airlock/runner/sandbox"
)

func TestMain(m *testing.M) {
	prepare.ChildWith(testStages{})
	if dir := os.Getenv(actAsWorker); dir != "" {
		os.Exit(worker(dir))
	}
	goleak.VerifyTestMain(m)
}

// testStages are the stages of the children of tests: a module with an instruction passes once they have done what it
// says, and all others go the way of package sandbox. What compiles is the real engine for all.
type testStages struct{}

// childrenFile, beside the cache, gets the process id of each child.
const childrenFile = "children"

func (testStages) Prepare(ctx context.Context, wasm []byte, options sandbox.Options) (*sandbox.Prepared, error) {
	children, err := os.OpenFile(filepath.Join("..", "..", childrenFile), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	if _, err := fmt.Fprintln(children, os.Getpid()); err != nil {
		return nil, err
	}
	if err := children.Close(); err != nil {
		return nil, err
	}
	text, ok := instructionOf(wasm)
	if !ok {
		return sandbox.Prepare(ctx, wasm, options)
	}
	options.Stage("validate")
	instruction, argument, _ := strings.Cut(text, " ")
	if instruction == "refuse" {
		return nil, &sandbox.StageError{Stage: "validate", Err: errors.New(argument)}
	}
	options.Stage("snapshot")
	image, err := obey(instruction)
	if err != nil {
		return nil, err
	}
	return &sandbox.Prepared{Wasm: wasm, Image: image, Facts: sandbox.Facts{Size: len(wasm)}}, nil
}

// obey does what an instruction says, and answers an image.
func obey(instruction string) ([]byte, error) {
	switch instruction {
	case "fail":
		return nil, errors.New("it will not start")
	case "spin":
		for i := 0; ; i++ {
			_ = i
		}
	case "hang":
		<-time.After(time.Hour)
	case "hang-first":
		text, err := os.ReadFile(filepath.Join("..", "..", childrenFile))
		if err == nil && bytes.Count(text, []byte("\n")) == 1 {
			<-time.After(time.Hour)
		}
	case "eat":
		for eaten := []byte{1}; ; {
			eaten = append(eaten, eaten...)
		}
	case "recurse":
		return nil, fmt.Errorf("%d", recurse(1))
	case "write":
		file, err := os.Create("large")
		if err != nil {
			return nil, err
		}
		return nil, file.Truncate(2 << 30)
	case "shout":
		_, _ = os.Stderr.WriteString(strings.Repeat("a", 10<<20))
		_, _ = os.Stdout.WriteString(strings.Repeat("a", 10<<20))
	case "leave":
		return nil, os.Symlink("/etc/passwd", "link")
	case "image":
		return make([]byte, options.MaxMemory+1), nil
	case "tell":
		return surroundings()
	}
	return []byte("image of " + instruction), nil
}

func recurse(depth int) int {
	if depth < 0 {
		return 0
	}
	return recurse(depth+1) + depth
}

func instructionOf(wasm []byte) (string, bool) {
	if len(wasm) < 16 || wasm[8] != 0 {
		return "", false
	}
	text, ok := bytes.CutPrefix(wasm[10:10+wasm[9]], name("test"))
	return string(text), ok
}

func (testStages) Compile(ctx context.Context, p *sandbox.Prepared, cacheDir string) error {
	if _, ok := instructionOf(p.Wasm); !ok {
		return sandbox.Compile(ctx, p, cacheDir)
	}
	return compile(ctx, p.Wasm, cacheDir)
}

func compile(ctx context.Context, wasm []byte, cacheDir string) error {
	cache, err := wazero.NewCompilationCacheWithDir(cacheDir)
	if err != nil {
		return err
	}
	runtime := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfigCompiler().
		WithCoreFeatures(api.CoreFeaturesV2).WithCompilationCache(cache))
	_, err = runtime.CompileModule(ctx, wasm)
	return errors.Join(err, runtime.Close(ctx), cache.Close(ctx))
}

// actAsWorker names the cache with which this test binary is another process that prepares modules.
const actAsWorker = "AIRLOCK_TEST_PREPARE_IN"

// worker prepares the module on standard input.
func worker(dir string) int {
	var wasm bytes.Buffer
	if _, err := wasm.ReadFrom(os.Stdin); err != nil {
		return 3
	}
	preparer, err := prepare.New(prepare.Config{Dir: dir})
	if err != nil {
		return 4
	}
	result, err := preparer.Prepare(context.Background(), wasm.Bytes(), sandbox.Options{MaxMemory: 1 << 20})
	if err != nil {
		return 5
	}
	if result.Close() != nil {
		return 6
	}
	return 0
}
