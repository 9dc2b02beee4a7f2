package runner

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
)

func TestAdmission(t *testing.T) {
	t.Parallel()
	const mb = 1 << 20
	t.Run("in order: small ones do not overtake a large one", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			a := newAdmission(64 * mb)
			first, err := a.admit(t.Context(), 24*mb)
			if err != nil {
				t.Fatal(err)
			}
			type admitted struct {
				name  string
				leave func()
			}
			in := make(chan admitted, 3)
			wait := func(name string, memory uint64) {
				go func() {
					leave, err := a.admit(t.Context(), memory)
					if err != nil {
						t.Error(err)
					}
					in <- admitted{name, leave}
				}()
				synctest.Wait()
			}
			wait("large", 56*mb) // with its stack all there is
			wait("small", 0)     // would fit in beside the first
			if len(in) > 0 {
				t.Fatalf("%s came in beside the first", (<-in).name)
			}
			first()
			synctest.Wait()
			large := <-in
			if large.name != "large" || len(in) > 0 {
				t.Fatalf("%s came in, and %d more", large.name, len(in))
			}
			large.leave()
			small := <-in
			if small.name != "small" {
				t.Errorf("%s came in", small.name)
			}
			small.leave()
		})
	})
	t.Run("waiting ends with its cause, and lets the next one in", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			a := newAdmission(32 * mb)
			first, err := a.admit(t.Context(), 8*mb)
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancelCause(t.Context())
			ended, admitted := make(chan error, 1), make(chan func(), 1)
			go func() {
				_, err := a.admit(ctx, 24*mb)
				ended <- err
			}()
			synctest.Wait()
			go func() {
				leave, err := a.admit(t.Context(), 8*mb)
				if err != nil {
					t.Error(err)
				}
				admitted <- leave
			}()
			synctest.Wait()
			cancel(errShutdown)
			if err := <-ended; !errors.Is(err, errShutdown) {
				t.Errorf("it ended with %v", err)
			}
			(<-admitted)()
			first()
			all, err := a.admit(t.Context(), a.most())
			if err != nil {
				t.Fatal(err)
			}
			all()
		})
	})
}
