package storetest_test

import (
	"testing"

	"github.com/airlock-run/airlock/extensions"
	"github.com/airlock-run/airlock/extensions/storetest"
)

func TestMemory(t *testing.T) {
	t.Parallel()
	storetest.Exercise(t, func(*testing.T) extensions.Store { return storetest.NewMemory() })
}
