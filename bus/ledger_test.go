package bus

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestLedgerRecords(t *testing.T) {
	t.Parallel()
	_, conn := startBus(t)
	ctx := t.Context()
	first, err := conn.LedgerRecords(ctx)
	if err != nil {
		t.Fatal(err)
	}
	second, err := conn.LedgerRecords(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if data, revision, _, err := first.Load(ctx, "calls.day.a"); err != nil || revision != 0 || data != nil {
		t.Fatalf("a record that does not exist: %s, revision %d, %v", data, revision, err)
	}
	one, err := first.Save(ctx, "calls.day.a", []byte("1"), 0, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	t.Run("refused when another has written", func(t *testing.T) {
		t.Parallel()
		for _, revision := range []uint64{0, one - 1, one + 1} {
			if _, err := second.Save(ctx, "calls.day.a", []byte("2"), revision, time.Hour); err == nil {
				t.Errorf("written after revision %d, though %d is there", revision, one)
			}
		}
		data, revision, _, err := second.Load(ctx, "calls.day.a")
		if err != nil || string(data) != "1" || revision != one {
			t.Errorf("got %s, revision %d, %v", data, revision, err)
		}
	})
	t.Run("age is less rather than more", func(t *testing.T) {
		t.Parallel()
		if _, _, age, err := second.Load(ctx, "calls.day.a"); err != nil || age != 0 {
			t.Errorf("a new one is %s old, %v", age, err)
		}
		before := time.Now()
		written, err := first.Save(ctx, "clocked", []byte("1"), 0, time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		<-time.After(2 * skew)
		third, err := conn.LedgerRecords(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if err := third.learnTime(ctx); err != nil {
			t.Fatal(err)
		}
		_, revision, age, err := third.Load(ctx, "clocked")
		if most := time.Since(before) - skew; err != nil || revision != written || age > most || age < most-500*time.Millisecond {
			t.Errorf("it is %s old, at most %s, %v", age, most, err)
		}
	})
	t.Run("lists", func(t *testing.T) {
		t.Parallel()
		for _, name := range []string{"fuel.day.x.all", "fuel.day.y.all", "other.day.x.all"} {
			if _, err := first.Save(ctx, name, []byte(name), 0, time.Hour); err != nil {
				t.Fatal(err)
			}
		}
		got, err := second.All(ctx, "fuel")
		if err != nil {
			t.Fatal(err)
		}
		want := map[string][]byte{"fuel.day.x.all": []byte("fuel.day.x.all"), "fuel.day.y.all": []byte("fuel.day.y.all")}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		if none, err := second.All(ctx, "nothing"); err != nil || len(none) != 0 {
			t.Errorf("got %v, %v", none, err)
		}
	})
}

// The one who takes over finds what the one before has written, and has a greater epoch.
func TestLedgerIsTakenOver(t *testing.T) {
	t.Parallel()
	server, _ := startBus(t)
	var epoch uint64
	for turn := range 3 {
		conn := connectTo(t, server)
		ctx, stop := context.WithCancel(t.Context())
		conn.LeadLedger(ctx, "h", func(ctx context.Context, e uint64, r *LedgerRecords) error {
			defer stop()
			if e <= epoch {
				t.Errorf("epoch %d comes after %d", e, epoch)
			}
			epoch = e
			data, revision, _, err := r.Load(ctx, "shared")
			if err != nil || len(data) != turn {
				t.Errorf("turn %d found %q, %v", turn, data, err)
			}
			if _, err := r.Save(ctx, "shared", append(data, 'x'), revision, time.Hour); err != nil {
				t.Error(err)
			}
			return nil
		})
		stop()
	}
}

// What an answer took travels in a header, also with an error; nonsense there is nothing.
func TestTokensOfACall(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int64{"": 0, "12": 12, "-1": 0, "x": 0, "99999999999999999999": 0, "9000000000000000000": maxTokens} {
		if got := tokensOf(map[string][]string{headerTokens: {text}}); got != want {
			t.Errorf("%q is %d tokens, want %d", text, got, want)
		}
	}
}
