package bus_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/bus/bustest"
)

// A parent goes on when the last of its sub-jobs has ended, neither before nor much later, also when what is told of them gets lost.
func TestParentWaits(t *testing.T) {
	t.Parallel()
	for name, lose := range map[string]bool{"all is heard": false, "notices are lost": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const n = 20
			server := bustest.Start(t)
			conn := bustest.Connect(t, server)
			bustest.Deal(t, conn, bus.DealerConfig{})
			bad := bustest.NewProxy(t, server)
			children := make(chan *bus.Attempt, n)
			parents := make(chan *bus.Attempt, 4)
			work(t, bad.Connect(t), "w1", 4, func(a *bus.Attempt) {
				if a.Job.Parent == nil {
					parents <- a
				} else {
					children <- a
				}
			})
			parent := jobs(1, "x", uuid.New())[0]
			enqueue(t, conn, parent)
			a := next(t, parents, again)
			all := jobs(n, "x", parent.Library)
			for _, child := range all {
				child.Parent, child.Depth = &parent.ID, 1
				if err := conn.AddChild(t.Context(), child); err != nil {
					t.Fatal(err)
				}
				enqueue(t, conn, child)
			}
			for range n / 2 { // some end before it waits
				select {
				case child := <-children:
					end(t, child)
				case <-time.After(again):
					t.Fatal("no sub-job is dealt")
				}
			}
			if err := a.Save(t.Context(), &bus.Checkpoint{State: []byte("collect")}, bus.Report{}); err != nil {
				t.Fatal(err)
			}
			if err := a.Wait(t.Context(), bus.Report{}); err != nil {
				t.Fatal(err)
			}
			if lose {
				lost := 0
				bad.Lose(func(subject string) bool {
					if !strings.HasPrefix(subject, "airlock.dealer") {
						return false
					}
					lost++
					return lost%2 != 0
				})
			}
			for i := range n / 2 {
				none(t, parents, 0)
				child := next(t, children, 6*again) // what is lost is told again every ten seconds, and may be lost again
				if i%2 == 0 {
					end(t, child)
					continue
				}
				fail := failure("for good") // an outcome as good as any
				if err := child.End(t.Context(), bus.Outcome{State: bus.StateDead, Failure: &fail}); err != nil {
					t.Fatal(err)
				}
			}
			start := time.Now()
			a = next(t, parents, 6*again)
			t.Logf("the parent goes on after %s", time.Since(start))
			if a.Token != 2 || string(a.Checkpoint.State) != "collect" || a.Failures != 0 {
				t.Errorf("the parent goes on with token %d, %+v", a.Token, a.Checkpoint)
			}
			for _, child := range all {
				if run, err := conn.Run(t.Context(), child.ID); err != nil || !run.State.Ended() {
					t.Errorf("sub-job %s has not ended: %+v, %v", child.ID, run, err)
				}
			}
			bad.Lose(nil)
			end(t, a)
		})
	}
}

// A sub-job that expires before it is dealt wakes its parent at once.
func TestParentHearsOfAnExpiredSubJob(t *testing.T) {
	t.Parallel()
	conn := bustest.New(t)
	bustest.Deal(t, conn, bus.DealerConfig{ExtensionLimit: func(extension string) int {
		if extension == "never" {
			return 0
		}
		return 10
	}})
	attempts := dealt(t, conn, "w1", 4)
	parent := jobs(1, "x", uuid.New())[0]
	enqueue(t, conn, parent)
	a := next(t, attempts, again)
	child := jobs(1, "never", parent.Library)[0]
	child.ExpiresAt = inTime(time.Second)
	if err := conn.Dispatch(t.Context(), parent, []*bus.Job{child}); err != nil {
		t.Fatal(err)
	}
	if err := a.Wait(t.Context(), bus.Report{}); err != nil {
		t.Fatal(err)
	}
	queueIs(t, conn, "with one that is held", func(s bus.QueueStatus) bool {
		return len(s.Extensions) == 2 && s.Extensions[1].Extension == "x" && s.Extensions[1].Held == 1
	})
	end(t, next(t, attempts, 10*time.Second))
	ends(t, conn, child.ID, bus.StateExpired)
	ends(t, conn, parent.ID, bus.StateCompleted)
}
