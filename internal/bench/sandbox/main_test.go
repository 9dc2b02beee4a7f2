package main

import (
	"bytes"
	"encoding/json"
	"net/mail"
	"testing"
	"time"
)

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
