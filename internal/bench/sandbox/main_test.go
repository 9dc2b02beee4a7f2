package main

import (
	"bytes"
	"encoding/json"
	"net/mail"
	"testing"
	"time"
)

func TestRow(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		row  row
		want string
	}{
		"stated":         {row{"a", 1.23456, "x", goal{}}, "a\t1.235\tx\tstated\tok"},
		"at_most_met":    {row{"a", 2, "MB", atMost(2)}, "a\t2\tMB\t<= 2\tok"},
		"at_most_short":  {row{"a", 2.1, "MB", atMost(2)}, "a\t2.1\tMB\t<= 2\tshort"},
		"at_least_met":   {row{"a", 30, "x", atLeast(30)}, "a\t30\tx\t>= 30\tok"},
		"at_least_short": {row{"a", 29.5, "x", atLeast(30)}, "a\t29.5\tx\t>= 30\tshort"},
		"none_allowed":   {row{"a", 1, "each", atMost(0)}, "a\t1\teach\t<= 0\tshort"},
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
		if got := quantile(values, part); got != want {
			t.Errorf("quantile %g is %d, want %d", part, got, want)
		}
	}
	if values[0] != 5 {
		t.Error("the values are in another order now")
	}
}

func TestCompare(t *testing.T) {
	t.Parallel()
	turns := [2]int{}
	timings, err := compare(time.Millisecond,
		contender{"one", func() error { turns[0]++; return nil }}, contender{"other", func() error { turns[1]++; return nil }})
	if err != nil || len(timings) != 2 || len(timings[0].wall) < leastRounds || len(timings[1].cpu) != len(timings[0].wall) || turns[0]*turns[1] == 0 {
		t.Errorf("%d and %d turns, %d timings, %v", turns[0], turns[1], len(timings), err)
	}
}

func TestDocuments(t *testing.T) {
	t.Parallel()
	if document := jsonDocument(); !json.Valid(document) || len(document) < 20<<10 || len(document) > 21<<10 {
		t.Errorf("the document has %d bytes, want valid JSON of 20 KB", len(document))
	}
	if order := orderDocument(); !json.Valid(order) {
		t.Errorf("the order is no JSON: %s", order)
	}
	receipt := mailDocument()
	if _, err := mail.ReadMessage(bytes.NewReader(receipt)); err != nil || len(receipt) < 59_500 || len(receipt) > 60_000 {
		t.Errorf("the mail has %d bytes, %v, want one of 60 KB", len(receipt), err)
	}
}
