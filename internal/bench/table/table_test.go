package table

import (
	"testing"
	"time"
)

func TestRow(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		row  Row
		want string
	}{
		"stated":         {Row{Name: "a", Figure: 1.23456, Unit: "x"}, "a\t1.235\tx\tstated\tok"},
		"at_most_met":    {Row{Name: "a", Figure: 2, Unit: "MB", Goal: AtMost(2)}, "a\t2\tMB\t<= 2\tok"},
		"at_most_short":  {Row{Name: "a", Figure: 2.1, Unit: "MB", Goal: AtMost(2)}, "a\t2.1\tMB\t<= 2\tshort"},
		"at_least_met":   {Row{Name: "a", Figure: 30, Unit: "x", Goal: AtLeast(30)}, "a\t30\tx\t>= 30\tok"},
		"at_least_short": {Row{Name: "a", Figure: 29.5, Unit: "x", Goal: AtLeast(30)}, "a\t29.5\tx\t>= 30\tshort"},
		"none_allowed":   {Row{Name: "a", Figure: 1, Unit: "each", Goal: AtMost(0)}, "a\t1\teach\t<= 0\tshort"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := c.row.String(); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestQuantile(t *testing.T) {
	t.Parallel()
	values := []time.Duration{5, 1, 4, 2, 3}
	for part, want := range map[float64]time.Duration{0: 1, 0.5: 3, 0.99: 5, 1: 5} {
		if got := Quantile(values, part); got != want {
			t.Errorf("quantile %g is %d, want %d", part, got, want)
		}
	}
	if values[0] != 5 {
		t.Error("the values are in another order now")
	}
}
