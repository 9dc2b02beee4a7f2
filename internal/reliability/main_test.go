package reliability_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
)

// actAsLedger makes the test binary the ledger: tests start it as a process of its own.
const actAsLedger = "AIRLOCK_TEST_ACT_AS_LEDGER"

func TestMain(m *testing.M) {
	if path := os.Getenv(actAsLedger); path != "" {
		if err := serveLedger(path); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	dir, err := os.MkdirTemp("", "airlock-binaries")
	if err != nil {
		panic(err)
	}
	binaries = dir
	code := m.Run()
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

// binaries is where commands are built, for all tests of this run.
var binaries string

var buildAirlock = sync.OnceValues(func() (string, error) { return build("airlock", "github.com/airlock-run/airlock/cmd/airlock") })

var buildNATS = sync.OnceValues(func() (string, error) { return build("nats-server", "github.com/nats-io/nats-server/v2") })

func build(name, pkg string) (string, error) {
	binary := filepath.Join(binaries, name)
	out, err := exec.CommandContext(context.Background(), "go", "build", "-o", binary, pkg).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("build %s: %w\n%s", name, err, out)
	}
	return binary, nil
}

// size is how many jobs a test takes.
func size(t *testing.T) int {
	t.Helper()
	if text := os.Getenv("AIRLOCK_PROOF"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil {
			t.Fatalf("AIRLOCK_PROOF: %v", err)
		}
		return n
	}
	return 60
}
