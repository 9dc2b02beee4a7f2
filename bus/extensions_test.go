package bus_test

import (
	"testing"

	"github.com/airlock-run/airlock/bus/bustest"
	"github.com/airlock-run/airlock/extensions"
	"github.com/airlock-run/airlock/extensions/storetest"
)

func TestExtensions(t *testing.T) {
	t.Parallel()
	storetest.Exercise(t, func(t *testing.T) extensions.Store {
		t.Helper()
		store, err := bustest.New(t).Extensions(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return store
	})
}
