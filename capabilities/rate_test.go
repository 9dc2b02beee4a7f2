package capabilities_test

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/airlock-run/airlock/capabilities"
)

var epoch = time.Unix(1_800_000_000, 123)

// TestNoMinuteExceedsTheLimit drives limiters with seeded random arrivals, from far apart to far too many, in bursts
// and evenly, and looks at every minute that begins with a request that passed.
func TestNoMinuteExceedsTheLimit(t *testing.T) {
	t.Parallel()
	for seed := range uint64(60) {
		t.Run(strconv.FormatUint(seed, 10), func(t *testing.T) {
			t.Parallel()
			random := rand.New(rand.NewPCG(seed, 7))
			limit := 1 + random.IntN(300)
			gap := time.Duration(float64(time.Minute) / float64(limit) * (0.05 + 3*random.Float64()))
			limiter, now := capabilities.NewLimiter(limit), epoch
			var passed []time.Time
			for range 4000 {
				switch random.IntN(20) {
				case 0: // a pause of up to two minutes
					now = now.Add(time.Duration(random.Int64N(int64(2 * time.Minute))))
				case 1, 2, 3, 4, 5, 6, 7, 8: // at the same instant
				default:
					now = now.Add(time.Duration(random.Int64N(int64(2*gap) + 1)))
				}
				ok, wait := limiter.Take(now)
				if ok {
					passed = append(passed, now)
					continue
				}
				if wait <= 0 || wait > time.Minute+time.Second || wait%time.Millisecond != 0 {
					t.Fatalf("refused with a wait of %s", wait)
				}
				if random.IntN(3) == 0 { // a caller that does as it was told
					if ok, again := limiter.Take(now.Add(wait)); !ok {
						t.Fatalf("waited %s and was told to wait %s more", wait, again)
					}
					now = now.Add(wait)
					passed = append(passed, now)
				}
			}
			checkMinutes(t, passed, limit)
		})
	}
}

func checkMinutes(t *testing.T, passed []time.Time, limit int) {
	t.Helper()
	for last := limit; last < len(passed); last++ {
		if span := passed[last].Sub(passed[last-limit]); span <= time.Minute {
			t.Fatalf("%d requests passed within %s, the limit is %d a minute", limit+1, span, limit)
		}
	}
}

func TestNearlyAllOfTheLimitIsUsable(t *testing.T) {
	t.Parallel()
	const minutes = 30
	for _, limit := range []int{1, 7, 10, 1000, 12000} {
		for name, gap := range map[string]time.Duration{
			"greedy": time.Millisecond,
			"even":   time.Minute / time.Duration(limit),
		} {
			t.Run(fmt.Sprintf("%s/%d", name, limit), func(t *testing.T) {
				t.Parallel()
				limiter := capabilities.NewLimiter(limit)
				passed := 0
				for now := epoch; now.Before(epoch.Add(minutes * time.Minute)); now = now.Add(gap) {
					ok, wait := limiter.Take(now)
					for !ok {
						now = now.Add(wait)
						ok, wait = limiter.Take(now)
					}
					passed++
				}
				if used := float64(passed) / float64(limit*minutes); used < 0.95 || used > 1+1.0/minutes {
					t.Errorf("%d of %d were used, %.3f", passed, limit*minutes, used)
				}
			})
		}
	}
}

func TestLimiter(t *testing.T) {
	t.Parallel()
	t.Run("none pass a limit of none", func(t *testing.T) {
		t.Parallel()
		for _, limit := range []int{0, -1} {
			if ok, wait := capabilities.NewLimiter(limit).Take(epoch); ok || wait != time.Minute {
				t.Errorf("limit %d: got %v, %s", limit, ok, wait)
			}
		}
	})
	t.Run("refused when the clock goes back", func(t *testing.T) {
		t.Parallel()
		limiter := capabilities.NewLimiter(1)
		limiter.Take(epoch)
		for _, at := range []time.Duration{30 * time.Second, -time.Hour, time.Minute} {
			if ok, _ := limiter.Take(epoch.Add(at)); ok {
				t.Errorf("passed at %s", at)
			}
		}
	})
	t.Run("passes after a year", func(t *testing.T) {
		t.Parallel()
		limiter := capabilities.NewLimiter(1)
		limiter.Take(epoch)
		if ok, _ := limiter.Take(epoch.AddDate(1, 0, 0)); !ok {
			t.Error("refused")
		}
	})
}

func TestRates(t *testing.T) {
	t.Parallel()
	t.Run("extensions do not share", func(t *testing.T) {
		t.Parallel()
		rates := capabilities.NewRates(func() time.Time { return epoch })
		for _, extension := range []string{"a", "b"} {
			first, _ := rates.Take(extension, 1)
			second, _ := rates.Take(extension, 1)
			if !first || second {
				t.Errorf("%s: got %v and %v", extension, first, second)
			}
		}
	})
	t.Run("a new limit keeps what was counted", func(t *testing.T) {
		t.Parallel()
		now := epoch
		rates := capabilities.NewRates(func() time.Time { return now })
		for i := range 10 {
			now = epoch.Add(time.Duration(i) * time.Second)
			if ok, _ := rates.Take("a", 10); !ok {
				t.Fatal("refused")
			}
		}
		if ok, _ := rates.Take("a", 11); !ok {
			t.Error("refused by a raised limit")
		}
		ok, wait := rates.Take("a", 3)
		if ok {
			t.Error("passed a lowered limit")
		}
		now = now.Add(wait - time.Second)
		if ok, _ := rates.Take("a", 3); ok {
			t.Error("passed before the time it was told")
		}
		now = now.Add(time.Second)
		if ok, _ := rates.Take("a", 3); !ok {
			t.Error("refused after the time it was told")
		}
	})
	t.Run("exact under concurrency", func(t *testing.T) {
		t.Parallel()
		const limit = 500
		rates := capabilities.NewRates(func() time.Time { return epoch })
		var group sync.WaitGroup
		var mu sync.Mutex
		passed := 0
		for range 8 {
			group.Go(func() {
				for range limit {
					if ok, _ := rates.Take("a", limit); ok {
						mu.Lock()
						passed++
						mu.Unlock()
					}
				}
			})
		}
		group.Wait()
		if passed != limit {
			t.Errorf("%d passed, want %d", passed, limit)
		}
	})
}
