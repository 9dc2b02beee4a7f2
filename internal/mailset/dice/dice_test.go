package dice_test

import (
	"regexp"
	"testing"

	"github.com/airlock-run/airlock/internal/mailset/dice"
)

func TestDiceFallAsTheyAlwaysDid(t *testing.T) {
	t.Parallel()
	d := dice.New("seed")
	got := [3]int{d.N(1000), d.N(1000), d.Between(5, 9)}
	if want := [3]int{869, 204, 6}; got != want {
		t.Errorf("got %v, want %v: every mail of the set would change", got, want)
	}
}

func TestFill(t *testing.T) {
	t.Parallel()
	d := dice.New("seed")
	form := regexp.MustCompile(`^RE-[1-9][0-9]{3}/[A-Z]{2}$`)
	for range 100 {
		if got := d.Fill("RE-####/??"); !form.MatchString(got) {
			t.Fatalf("Fill wrote %q", got)
		}
	}
}

func TestPickOfNothing(t *testing.T) {
	t.Parallel()
	if got := dice.New("").Pick(); got != "" {
		t.Errorf("picked %q", got)
	}
	if got := dice.New("").N(0); got != 0 {
		t.Errorf("N(0) = %d", got)
	}
}
