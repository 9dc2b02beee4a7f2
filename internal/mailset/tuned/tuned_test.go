package tuned

import (
	"testing"

	"github.com/airlock-run/airlock/internal/mailset/layouttest"
)

func TestLayouts(t *testing.T) {
	t.Parallel()
	layouttest.Exercise(t, generate)
}
