package store_test

import (
	"context"
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"

	"github.com/airlock-run/airlock/internal/pgtest"
	"github.com/airlock-run/airlock/operations/store"
)

// openEnv makes this test binary a process that opens the store of this URL, and nothing else.
const openEnv = "AIRLOCK_TEST_OPEN_STORE"

func TestMain(m *testing.M) {
	if url := os.Getenv(openEnv); url != "" {
		os.Exit(openStore(url))
	}
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		pgtest.Stop()
		os.Exit(code)
	}))
}

func openStore(url string) int {
	db, err := store.Open(context.Background(), url)
	if err == nil {
		err = db.Close()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}
