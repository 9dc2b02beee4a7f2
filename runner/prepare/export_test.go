package prepare

import (
	"context"
	"io"
)

// ChildWith is Child, with stages of a test.
var ChildWith = childWith

// Follow reads what a child reports, and tells how it ended.
func Follow(stdout io.Reader) (hello bool, refused, done bool, err error) {
	var e ending
	err = e.follow(stdout, func() error { return nil })
	return e.helloed, e.refused != nil, e.done != nil, err
}

// Identity is what a child says first.
var Identity = identity

// MaxReports bounds what a child reports.
const MaxReports = maxReports

// Format is the version of what is kept.
const Format = format

// Flights are things done once.
type Flights struct{ flights }

// Join waits for the flight of a key.
func (f *Flights) Join(ctx context.Context, key string, fly func(context.Context) error) error {
	return f.join(ctx, key, fly)
}

// Waiting is how many wait for the flight of a key.
func (f *Flights) Waiting(key string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	if one, ok := f.under[key]; ok {
		return one.waiting
	}
	return 0
}
